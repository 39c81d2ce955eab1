"""From a pool of media to machine-annotated records: attributes, opinions, pairs and statements."""
