"""From sources to a pool of distinct media within limits."""
