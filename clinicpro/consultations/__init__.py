"""The encounter that images and the note belong to."""
