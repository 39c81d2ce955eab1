"""Training data: the four record types, how they are mixed, and the batches made of them."""
