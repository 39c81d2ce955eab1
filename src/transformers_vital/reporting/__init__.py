"""What a build or a run made, for people to read: plots and pages."""
