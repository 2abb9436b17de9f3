"""Sign-ins that died long ago are written down as ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from clinicpro.accounts.models import IDLE, LONGEST, SignIn
from clinicpro.db import db


def close_sign_ins(before: datetime) -> int:
    """In the caller's transaction: end the sign-ins begun before that moment; how many.

    They count as ended when they died, not now: what hangs on a sign-out stays as it was.
    """
    rows = db.session.scalars(
        select(SignIn).where(SignIn.created_at < before, SignIn.ended_at.is_(None))
    ).all()
    for row in rows:
        row.ended_at = min(row.last_seen_at + IDLE, row.created_at + LONGEST)
    return len(rows)
