"""Training losses of Eqs. 1 to 5 as pure functions: one value per sample, which the trainer reduces."""
