"""From what a user hands over to pixels: accept inputs, read images, sample videos by presentation time."""
