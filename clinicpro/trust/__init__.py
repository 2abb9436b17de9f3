"""Trust: the root certificate of this practice, and how a phone learns to trust it."""
