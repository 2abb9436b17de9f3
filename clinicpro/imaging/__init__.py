"""Bytes in, pixels out: untrusted images are decoded in a sandboxed fork; no Flask, no database."""
