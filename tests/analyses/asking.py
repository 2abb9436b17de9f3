"""What the tests of descriptions do again and again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from clinicpro.analyses.models import Analysis
from clinicpro.analyses.switching import set_policy
from clinicpro.audit.models import AuditEvent
from clinicpro.audit.operations import SYSTEM
from clinicpro.db import db
from clinicpro.gateways.fakes import FakeStore
from clinicpro.worker import run_due
from tests.factories import Person, make_consultation, send_image

HTMX = {"HX-Request": "true"}


def ready_image(app: Flask, person: Person, store: FakeStore) -> UUID:
    """An image with its view, in a consultation, in a practice where descriptions are on."""
    set_policy(SYSTEM, is_on=True, basis="Assessed on 1 November")
    image_id = send_image(person, store, sessionId=str(make_consultation(person)))
    run_due(app)
    return UUID(image_id)


def ask(person: Person, image_id: UUID, **more: str) -> TestResponse:
    form = {"prompt": "general", "consent": "y", **more}
    return person.post(f"/images/{image_id}/analyses", data=form, headers=HTMX)


def described(app: Flask, person: Person, image_id: UUID) -> UUID:
    """A run over the image that has ended; gives its id."""
    assert ask(person, image_id).status_code == 201
    run_due(app)
    return the_run().id


def the_run() -> Analysis:
    db.session.rollback()  # look anew
    return db.session.scalars(select(Analysis)).one()


def recorded() -> list[AuditEvent]:
    db.session.rollback()
    return list(db.session.scalars(select(AuditEvent).order_by(AuditEvent.seq)))


@contextmanager
def working(app: Flask) -> Iterator[None]:
    """The worker at work beside the test, until it has done what is due."""
    worker = threading.Thread(target=run_due, args=(app,), daemon=True)
    worker.start()
    try:
        yield
    finally:
        worker.join(20)
    assert not worker.is_alive()


def eventually(holds: Callable[[], object], within: float = 5.0) -> float:
    """The seconds until `holds` held; fails when it does not in time."""
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < within, "it did not happen in time"
        time.sleep(0.01)
    return time.monotonic() - begun
