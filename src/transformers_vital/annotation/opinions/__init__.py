"""Machine annotators, their scores and what becomes of them."""
