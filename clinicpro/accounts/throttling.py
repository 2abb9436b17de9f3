"""Slows down wrong passwords, by account and address, without locking an owner out."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from clinicpro.accounts.models import Throttle
from clinicpro.db import db, locked_row, utc_now

FORGET = timedelta(hours=1)  # a quiet hour starts the count anew
KNOWN = timedelta(days=30)  # how long an address counts as one the owner signs in from
# (key, failures that are free, longest wait in seconds). An account attacked from elsewhere is
# slowed by seconds only, and not at all from where its owner signed in lately: whoever keeps
# guessing from a thousand addresses would otherwise keep the owner out.
_PAIR = (5, 60)
_ADDRESS = (20, 60)
_ACCOUNT = (30, 5)


def _rows(email: str, address: str) -> list[tuple[str, int, int]]:
    return [
        (f"pair:{email}:{address}", *_PAIR),
        (f"address:{address}", *_ADDRESS),
        (f"account:{email}", *_ACCOUNT),
    ]


def _known(email: str, address: str) -> str:
    return f"known:{email}:{address}"


def wait_seconds(email: str, address: str) -> int:
    """Seconds until the next password may be tried; 0 means now."""
    now = utc_now()
    known = db.session.get(Throttle, _known(email, address))
    is_known = known is not None and now - known.last_at <= KNOWN
    waits = [
        (row.wait_until - now).total_seconds()
        for key, _, _ in _rows(email, address)
        if not (is_known and key.startswith("account:"))
        and (row := db.session.get(Throttle, key))
        and row.wait_until
    ]
    return max(0, *(int(wait + 0.999) for wait in waits)) if waits else 0


def note_failure(email: str, address: str) -> None:
    """In the caller's transaction: count a wrong password and set the wait, doubling each time."""
    now = utc_now()
    for key, free, longest in _rows(email, address):
        row = locked_row(Throttle, key, failures=0, last_at=now)
        if now - row.last_at > FORGET:
            row.failures = 0
        row.failures += 1
        row.last_at = now
        if row.failures >= free:
            wait = min(longest, 2 ** min(row.failures - free, 10))
            row.wait_until = now + timedelta(seconds=wait)


def forgive(email: str, address: str) -> None:
    """In the caller's transaction: the right password clears this account's counts, and the
    address is one of the owner's from now on."""
    keys = [key for key, _, _ in _rows(email, address) if not key.startswith("address:")]
    db.session.execute(delete(Throttle).where(Throttle.key.in_(keys)))
    now = utc_now()
    locked_row(Throttle, _known(email, address), failures=0, last_at=now).last_at = now
