"""Descriptions by the model: ask, run, stream."""
