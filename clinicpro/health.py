"""/healthz: this process answers. /readyz: database, store and worker do."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from clinicpro.accounts.queries import has_accounts
from clinicpro.db import Model, UtcDateTime, db, locked_row, transaction, utc_now
from clinicpro.web import gateways

bp = Blueprint("health", __name__)
BEAT = timedelta(seconds=5)
LATE = timedelta(seconds=20)


class Heartbeat(Model):
    """When a process of this name last said that it works."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


def beat(name: str) -> None:
    """Say that the process called `name` works right now."""
    with transaction():
        now = utc_now()
        locked_row(Heartbeat, name, at=now).at = now


def last_beat() -> datetime | None:
    return db.session.scalar(select(Heartbeat.at).order_by(Heartbeat.at.desc()).limit(1))


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    parts = {"database": _database(), "store": "ok" if gateways().store.is_up() else "down"}
    needs_setup = False
    if parts["database"] == "ok":
        beaten = last_beat()
        is_late = beaten is None or utc_now() - beaten > LATE
        parts["worker"] = "down" if is_late else "ok"
        needs_setup = not has_accounts()
    is_ready = all(state == "ok" for state in parts.values())
    return jsonify(**parts, needsSetup=needs_setup), 200 if is_ready else 503


def _database() -> str:
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        db.session.rollback()
        return "down"
    return "ok"
