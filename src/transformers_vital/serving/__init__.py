"""A checkpoint behind transformers' own server."""
