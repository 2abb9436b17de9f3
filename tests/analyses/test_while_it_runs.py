"""Who leaves while a run goes on: it finishes, the streams end, nothing is left open."""

from __future__ import annotations

import threading
from uuid import UUID

from flask import Flask
from sqlalchemy import select, update

from clinicpro.accounts.models import SignIn
from clinicpro.analyses.models import Analysis
from clinicpro.db import db, transaction, utc_now
from clinicpro.gateways.fakes import FakeDescriber, FakeStore
from clinicpro.jobs import Worker
from clinicpro.live import bus
from clinicpro.worker import handlers, run_due
from tests.analyses.asking import ask, eventually, the_run, working
from tests.analyses.test_watching import STREAM, frames_of
from tests.corpus import skin_jpeg
from tests.factories import Person, send_image


def test_the_sign_in_ends_by_itself_and_the_run_goes_on(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    gate = threading.Event()
    describer.waits_before = {1: gate}
    ask(gp, image_id)
    run_id = the_run().id
    answer = gp.get(f"/analyses/{run_id}/stream", headers=STREAM)
    heard: list[str] = []
    reader = threading.Thread(target=lambda: heard.append(answer.get_data(as_text=True)))
    reader.start()
    with working(app):
        eventually(lambda: the_run().text == "Left forearm. ")
        with transaction():
            db.session.execute(update(SignIn).values(ended_at=utc_now()))
        reader.join(8)  # it looks every 5 s whether its reader may still read
        assert not reader.is_alive()
        assert frames_of(heard[0])[-1] == ("closed", "ended")
        assert the_run().state == "running"
        gate.set()
    assert (the_run().state, the_run().text) == ("finished", "Left forearm. Superficial abrasion.")
    eventually(lambda: bus().listeners == 0)


def test_a_window_that_closes_stops_nothing_and_leaks_nothing(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    gate = threading.Event()
    describer.waits_before = {1: gate}
    ask(gp, image_id)
    run_id = the_run().id
    before = threading.active_count()
    with working(app):
        eventually(lambda: the_run().text)
        for _ in range(5):  # windows that come and go
            answer = gp.get(f"/analyses/{run_id}/stream", headers=STREAM)
            assert b"Left forearm." in next(answer.iter_encoded())
            answer.close()
        assert len(describer.saw) == 1
        gate.set()
    assert the_run().state == "finished"
    eventually(lambda: bus().listeners == 0)
    eventually(lambda: threading.active_count() <= before + 1)  # the one that hears wake-ups


def test_several_images_do_not_wait_for_each_other(
    app: Flask, gp: Person, image_id: UUID, store: FakeStore, describer: FakeDescriber
) -> None:
    images = [image_id, *(UUID(send_image(gp, store, skin_jpeg(200 + n, 200))) for n in range(3))]
    run_due(app)
    gate = threading.Event()
    describer.waits_before = {1: gate}
    for one in images:
        assert ask(gp, one).status_code == 201
    worker = Worker(app, handlers())
    doing = threading.Thread(target=worker.run)
    doing.start()
    try:
        eventually(lambda: states() == ["running"] * 4)  # none waits for another's end
        gate.set()
        eventually(lambda: states() == ["finished"] * 4)
    finally:
        worker.stop()
        doing.join(10)


def states() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Analysis.state)))
