"""The doctor looks at database, store, worker and record."""

from datetime import timedelta

import pytest
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from clinicpro.db import db, utc_now
from clinicpro.doctor import parts
from clinicpro.health import Heartbeat, beat
from clinicpro.web import ROOT


def stamp(revision):
    """The database says that it is of this version."""
    context = MigrationContext.configure(db.session.connection())
    context.stamp(ScriptDirectory(str(ROOT / "migrations")), revision)
    db.session.commit()


@pytest.mark.usefixtures("app")
def test_a_database_of_this_version_is_well():
    stamp("head")
    assert parts.database().level == "ok"


@pytest.mark.usefixtures("app")
def test_a_database_of_an_older_version_is_not():
    stamp("0001")
    found = parts.database()
    assert (found.level, "is of version 0001" in found.words) == ("fail", True)


@pytest.mark.usefixtures("app")
def test_a_database_that_was_never_made():
    db.drop_all()
    assert parts.database().level == "fail"


@pytest.mark.usefixtures("app")
def test_a_worker_that_stopped():
    assert "has never run" in parts.worker().words
    beat("worker")
    assert parts.worker().level == "ok"
    db.session.merge(Heartbeat(name="worker", at=utc_now() - timedelta(minutes=2)))
    db.session.commit()
    found = parts.worker()
    assert (found.level, "120 seconds ago" in found.words) == ("fail", True)


def test_a_store_that_is_down(settings, store):
    assert parts.store(settings, store).level == "ok"
    store.down = True
    assert parts.store(settings, store).level == "fail"


def test_a_record_that_was_changed(gp):
    assert parts.record().level == "ok"
    assert parts.latest_event() <= utc_now()
    db.session.execute(text("DELETE FROM audit_event WHERE seq = 1"))
    db.session.commit()
    found = parts.record()
    assert (found.level, "broken at event 1" in found.words) == ("fail", True)
