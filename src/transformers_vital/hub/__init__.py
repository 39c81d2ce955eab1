"""What is published: cards of models and datasets."""
