"""Start-up: one command brings the whole house up, and takes it down again."""

from __future__ import annotations


class StartError(Exception):
    """The start cannot go on; the message is one sentence for the person at the console."""
