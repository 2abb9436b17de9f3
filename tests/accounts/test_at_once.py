"""Many at the same moment: none collides with another, and none is lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from clinicpro.accounts.models import Throttle
from clinicpro.accounts.throttling import forgive, note_failure
from clinicpro.consultations.models import CurrentConsultation
from clinicpro.consultations.operations import switch_consultation
from clinicpro.db import db, transaction
from clinicpro.health import Heartbeat, beat
from tests.factories import Person, make_consultation

EMAIL, ADDRESS = "gp@test.example", "192.0.2.7"
TIMES = 16


def at_once(app: Flask, act: Callable[[int], object]) -> None:
    """Raises what any of them raised."""

    def one(number: int) -> None:
        with app.app_context():
            act(number)

    with ThreadPoolExecutor(TIMES) as pool:
        list(pool.map(one, range(TIMES)))
    db.session.rollback()


def in_a_transaction(act: Callable[[], object]) -> Callable[[int], None]:
    def do(_number: int) -> None:
        with transaction():
            act()

    return do


def test_every_wrong_password_counts(app: Flask) -> None:
    at_once(app, in_a_transaction(lambda: note_failure(EMAIL, ADDRESS)))
    counts = {row.key: row.failures for row in db.session.scalars(select(Throttle))}
    assert counts == {
        f"pair:{EMAIL}:{ADDRESS}": TIMES,
        f"address:{ADDRESS}": TIMES,
        f"account:{EMAIL}": TIMES,
    }


def test_signing_in_in_many_windows(app: Flask) -> None:
    with transaction():
        note_failure(EMAIL, ADDRESS)
    at_once(app, in_a_transaction(lambda: forgive(EMAIL, ADDRESS)))
    left = set(db.session.scalars(select(Throttle.key)))
    assert left == {f"known:{EMAIL}:{ADDRESS}", f"address:{ADDRESS}"}


def test_the_first_signs_of_life_of_many_workers(app: Flask) -> None:
    at_once(app, lambda _number: beat("worker"))
    assert list(db.session.scalars(select(Heartbeat.name))) == ["worker"]


def test_switching_in_many_windows(app: Flask, gp: Person) -> None:
    first, second = make_consultation(gp), make_consultation(gp, "ZZZ0024", "Rangi Parata")
    actor = gp.actor
    with transaction():
        db.session.query(CurrentConsultation).delete()
    at_once(app, lambda number: switch_consultation(actor, (first, second)[number % 2]))
    current: list[UUID] = list(db.session.scalars(select(CurrentConsultation.consultation_id)))
    assert len(current) == 1
    assert current[0] in (first, second)
