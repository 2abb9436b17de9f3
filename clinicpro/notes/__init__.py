"""The consultation note, and how findings get into it."""
