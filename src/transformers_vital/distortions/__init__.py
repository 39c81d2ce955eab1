"""Synthetic distortions of pictures and videos, each with its severities (Sec. 9.3)."""
