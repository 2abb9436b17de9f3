"""The JSON routes; they only call the rooms' operations."""
