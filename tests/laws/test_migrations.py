"""The migrations lead to the models, one by one, there and back again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import DatabaseError

from clinicpro.audit.operations import SYSTEM, record
from clinicpro.db import db, transaction
from clinicpro.web import ROOT

REVISIONS = [one.revision for one in ScriptDirectory(str(ROOT / "migrations")).walk_revisions()]


@pytest.fixture
def empty(app: Flask) -> Iterator[None]:
    db.drop_all()
    yield
    db.session.remove()


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def differences() -> list[object]:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, db.metadata))


@pytest.mark.usefixtures("empty")
def test_they_lead_from_nothing_to_the_models() -> None:
    assert tables() == set()
    upgrade()
    assert tables() == set(db.metadata.tables)
    assert differences() == []


@pytest.mark.usefixtures("empty")
def test_each_goes_back_and_forth_again() -> None:
    upgrade()
    for revision in REVISIONS:
        downgrade(revision=f"{revision}-1" if revision != REVISIONS[-1] else "base")
    assert tables() == set()
    for _ in REVISIONS:
        upgrade(revision="+1")
    assert differences() == []


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize(
    "statement", ["UPDATE audit_event SET reason = 'better so'", "DELETE FROM audit_event"]
)
def test_the_audit_only_grows_also_after_a_return(statement: str) -> None:
    upgrade()
    downgrade(revision="base")
    upgrade()
    with transaction():
        record("test", SYSTEM)
    with pytest.raises(DatabaseError, match="only grows"):
        db.session.execute(text(statement))
    db.session.rollback()
