"""Runs migrations inside the app's own engine: flask db upgrade, or the start-up."""

from typing import Any, Literal

from alembic import context
from flask import current_app

from clinicpro.db import UtcDateTime, db


def render_item(kind: str, item: object, _context: Any) -> str | Literal[False]:
    """Migrations stand for themselves: they name no type of the program."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


migrate = current_app.extensions["migrate"]
with db.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_item=render_item,
        **migrate.configure_args,
    )
    with context.begin_transaction():
        context.run_migrations()
