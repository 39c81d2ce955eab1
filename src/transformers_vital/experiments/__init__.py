"""The paper's discussion experiments: models trained in several ways, measured alike, in one table and one figure."""
