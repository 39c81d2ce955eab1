"""The command `transformers-vital`. Importing it loads neither torch nor transformers."""
