"""Statements about quality: described, refined and judged."""
