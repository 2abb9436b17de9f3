"""What the tests of phones share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from clinicpro.db import db, transaction
from clinicpro.phones.models import Pairing

TIMES = ("offered_at", "redeemed_at", "confirmed_at", "used_at", "seen_at")
Ago = Callable[[UUID, timedelta], None]


@pytest.fixture
def ago(app: Flask) -> Ago:
    """Lets a pairing be as old as if everything in it had happened so much earlier."""

    def move(pairing_id: UUID, by: timedelta) -> None:
        with transaction():
            pairing = db.session.get_one(Pairing, pairing_id)
            for name in TIMES:
                at = getattr(pairing, name)
                if at is not None:
                    setattr(pairing, name, at - by)

    return move
