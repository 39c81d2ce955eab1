"""Measures of pictures and of motion that need no weights, or come with them in a package."""
