"""Training: what is learnt from each record, what is frozen, and the trainer around it."""
