"""The migrated database itself refuses to change the record."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from clinicpro.audit.operations import SYSTEM, record, verify
from clinicpro.db import db, transaction


@pytest.fixture
def migrated(app: Flask) -> None:
    db.drop_all()
    upgrade()
    with transaction():
        record("test", SYSTEM)


@pytest.mark.usefixtures("migrated")
@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_event SET outcome = 'refused'", "DELETE FROM audit_event"],
)
def test_neither_change_nor_deletion_is_possible(statement: str) -> None:
    with pytest.raises(DatabaseError, match="only grows"):
        db.session.execute(text(statement))
    db.session.rollback()
    assert verify().events == 1
