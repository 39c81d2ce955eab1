"""Low-level attributes of images and videos."""
