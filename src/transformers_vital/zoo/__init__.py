"""The model zoo: models by name, their weights, new ones of an encoder and a decoder, what training them costs."""
