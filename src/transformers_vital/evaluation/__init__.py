"""Evaluation against human ratings."""
