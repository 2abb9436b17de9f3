"""Tables that are made without migrations hold the presets too, as the migration seeds them."""

from __future__ import annotations

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, event

from clinicpro.db import db
from clinicpro.web import ROOT

_SCRIPTS = ScriptDirectory(str(ROOT / "migrations"))
_SEEDING = next(one.module for one in _SCRIPTS.walk_revisions() if hasattr(one.module, "seed"))


@event.listens_for(db.metadata, "after_create")
def seed(_metadata: MetaData, connection: Connection, **_options: object) -> None:
    _SEEDING.seed(connection)
