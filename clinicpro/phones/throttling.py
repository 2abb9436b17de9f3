"""Slows down who tries codes, by address: guesses soon, codes that exist only in great numbers."""

from __future__ import annotations

from datetime import timedelta

from clinicpro.accounts.models import Throttle
from clinicpro.db import locked_row, transaction, utc_now

FORGET = timedelta(minutes=10)  # without a try: the count starts anew
FREE = 200  # points; a code that exists costs one, a guess ten
GUESS = 10
LONGEST_WAIT = 60  # seconds


class TooManyTries(Exception):  # noqa: N818  (an answer, not a fault)
    """Wait `seconds` before the next code."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def note_try(address: str, *, is_known: bool) -> None:
    """Count one try from `address`. Raises TooManyTries while it has to wait."""
    key, now = f"redeem:{address}", utc_now()
    with transaction():
        row = locked_row(Throttle, key, failures=0, last_at=now)
        if row.wait_until is not None and row.wait_until > now:
            raise TooManyTries(int((row.wait_until - now).total_seconds() + 0.999))
        if now - row.last_at > FORGET:
            row.failures = 0
        row.failures += 1 if is_known else GUESS
        row.last_at = now
        if row.failures >= FREE:
            over = (row.failures - FREE) // GUESS
            row.wait_until = now + timedelta(seconds=min(LONGEST_WAIT, 2 ** min(over, 10)))
