"""The words of many watched runs are read once for all readers, and never late."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import Flask
from sqlalchemy import event, update

from clinicpro.analyses.growing import Grown, growing
from clinicpro.analyses.models import Analysis, topic
from clinicpro.db import db, transaction
from clinicpro.gateways.fakes import FakeStore
from clinicpro.live import bus, wake
from tests.analyses.asking import eventually
from tests.corpus import skin_jpeg
from tests.factories import Person, send_image


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The questions to the database that name the table of runs."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "FROM analysis" in statement:
            asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def two_runs(gp: Person, store: FakeStore, image_id: UUID) -> list[UUID]:
    images = [image_id, UUID(send_image(gp, store, skin_jpeg(200, 200)))]
    with transaction():
        rows = [
            Analysis(
                image_id=one,
                owner_id=gp.user_id,
                prompt_slug="general",
                prompt_version=1,
                prompt_title="General",
                system_version=1,
            )
            for one in images
        ]
        db.session.add_all(rows)
        db.session.flush()
        return [row.id for row in rows]


def grow(words: str, runs: list[UUID]) -> None:
    with transaction():
        db.session.execute(update(Analysis).where(Analysis.id.in_(runs)).values(text=words))
        for one in runs:
            wake(topic(one))


def latest(app: Flask, run_id: UUID) -> Grown:
    with app.app_context():  # as each stream looks
        found = growing().latest(run_id)
    assert found is not None
    return found


def test_whoever_is_woken_at_one_moment_asks_once_for_all(
    app: Flask, gp: Person, store: FakeStore, image_id: UUID
) -> None:
    runs = two_runs(gp, store, image_id)
    with bus().listen(*map(topic, runs)):
        for one in runs:
            latest(app, one)
        before = bus().heard
        grow("Left.", runs)
        eventually(lambda: bus().heard > before)
        with counted(app) as asked:
            texts = [latest(app, one).text for one in runs * 5]
        assert set(texts) == {"Left."}
        assert len(asked) == 1


def test_after_a_wake_up_nobody_is_told_what_was_before(
    app: Flask, gp: Person, store: FakeStore, image_id: UUID
) -> None:
    runs = two_runs(gp, store, image_id)
    with bus().listen(*map(topic, runs)) as woken:
        woken.wait(1)
        for number in range(50):
            grow(f"word{number}", runs)
            assert woken.wait(2)
            assert {latest(app, one).text for one in runs} == {f"word{number}"}


def test_a_run_that_is_not_there_is_nothing(app: Flask, gp: Person) -> None:
    with app.app_context():
        assert growing().latest(gp.user_id) is None
