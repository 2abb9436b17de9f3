"""Phones: the QR, the pairing, and the phone's own routes."""
