"""The program's own parts: database, store, worker, the record."""

from __future__ import annotations

from datetime import datetime

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from clinicpro.audit.models import AuditEvent
from clinicpro.audit.operations import verify
from clinicpro.db import db, utc_now
from clinicpro.doctor.findings import Finding, fail, ok
from clinicpro.gateways import Store
from clinicpro.health import LATE, last_beat
from clinicpro.settings import Settings
from clinicpro.web import ROOT


def database() -> Finding:
    """It answers, and its tables are those of this version."""
    try:
        db.session.execute(text("SELECT 1 FROM user_role"))
        found = MigrationContext.configure(db.session.connection()).get_current_revision()
    except SQLAlchemyError:
        db.session.rollback()
        return fail(
            "Database", "does not answer, or was never made. Start ClinicPro once with 'make run'."
        )
    wanted = ScriptDirectory(str(ROOT / "migrations")).get_current_head()
    if found != wanted:
        return fail(
            "Database", f"is of version {found}, not {wanted}. Stop ClinicPro and start it again."
        )
    return ok("Database", f"answers, version {found}.")


def store(settings: Settings, found: Store) -> Finding:
    if found.is_up():
        return ok("Store", f"bucket {settings.s3_bucket} answers.")
    todo = (
        "Start ClinicPro" if settings.store == "bundled" else "Check S3_ENDPOINT_URL and its keys"
    )
    return fail("Store", f"bucket {settings.s3_bucket} does not answer. {todo}.")


def worker() -> Finding:
    beaten = last_beat()
    if beaten is None:
        return fail("Worker", "has never run. Start ClinicPro with 'make run'.")
    seconds = int((utc_now() - beaten).total_seconds())
    if seconds > LATE.total_seconds():
        return fail(
            "Worker", f"gave its last sign of life {seconds} seconds ago. Start ClinicPro again."
        )
    return ok("Worker", f"works, seen {max(0, seconds)} seconds ago.")


def record() -> Finding:
    verdict = verify()
    if verdict.is_whole:
        return ok("Audit", f"the chain is unbroken: {verdict.events} events.")
    return fail(
        "Audit",
        f"the chain is broken at event {verdict.bad_seq}: {verdict.problem}. Keep a copy of the "
        "data folder as it is and find out who could write to it.",
    )


def latest_event() -> datetime | None:
    return db.session.scalar(select(func.max(AuditEvent.at)))
