"""Slows down wrong passwords, by account and address, without locking an owner out."""

from __future__ import annotations

from datetime import timedelta

from clinicpro.accounts.models import Throttle
from clinicpro.db import db, utc_now

FORGET = timedelta(hours=1)  # a quiet hour starts the count anew
# (key, failures that are free, longest wait in seconds). An account attacked from elsewhere is
# slowed by seconds only, so that its owner still gets in.
_PAIR = (5, 60)
_ADDRESS = (20, 60)
_ACCOUNT = (30, 5)


def _rows(email: str, address: str) -> list[tuple[str, int, int]]:
    return [
        (f"pair:{email}:{address}", *_PAIR),
        (f"address:{address}", *_ADDRESS),
        (f"account:{email}", *_ACCOUNT),
    ]


def wait_seconds(email: str, address: str) -> int:
    """Seconds until the next password may be tried; 0 means now."""
    now = utc_now()
    waits = [
        (row.wait_until - now).total_seconds()
        for key, _, _ in _rows(email, address)
        if (row := db.session.get(Throttle, key)) and row.wait_until
    ]
    return max(0, *(int(wait + 0.999) for wait in waits)) if waits else 0


def note_failure(email: str, address: str) -> None:
    """In the caller's transaction: count a wrong password and set the wait, doubling each time."""
    now = utc_now()
    for key, free, longest in _rows(email, address):
        row = db.session.get(Throttle, key)
        if row is None:
            row = Throttle(key=key, failures=0, last_at=now)
            db.session.add(row)
        elif now - row.last_at > FORGET:
            row.failures = 0
        row.failures += 1
        row.last_at = now
        if row.failures >= free:
            wait = min(longest, 2 ** min(row.failures - free, 10))
            row.wait_until = now + timedelta(seconds=wait)


def forgive(email: str, address: str) -> None:
    """In the caller's transaction: the right password clears this account's counts."""
    for key, _, _ in _rows(email, address):
        row = db.session.get(Throttle, key)
        if row is not None and not key.startswith("address:"):
            db.session.delete(row)
