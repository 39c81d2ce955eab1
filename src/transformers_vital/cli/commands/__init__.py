"""One file per verb: `register` declares its arguments, `run` maps them onto the library."""
