"""Record events in the change's own transaction, and verify the chain."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from uuid import UUID

from flask import Flask, current_app, g, has_request_context
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from clinicpro.audit.models import GENESIS, AuditEvent, AuditHead
from clinicpro.db import db, in_transaction, utc_now

PENDING = "clinicpro_audit"
LOCK = 0x61756469  # PostgreSQL advisory lock: one writer of the chain at a time


@dataclass(frozen=True)
class By:
    """Who an event is recorded for: a person's id and roles, or the program itself."""

    id: UUID | None
    roles: frozenset[str] = frozenset()


SYSTEM = By(None)


def record(
    action: str,
    by: By,
    *,
    objects: Iterable[UUID | str] = (),
    subject: UUID | None = None,
    outcome: str = "ok",
    reason: str | None = None,
    details: dict[str, str] | None = None,
) -> None:
    """Join the caller's transaction: the event is committed with the change, or neither is.

    Give ids and small facts only; no names, NHI, notes, prompts. Raises RuntimeError outside
    `transaction()`.
    """
    session = db.session()
    if not in_transaction(session):
        raise RuntimeError("an audit event needs the transaction of what it tells")
    session.info.setdefault(PENDING, []).append(
        AuditEvent(
            at=utc_now(),
            actor=str(by.id) if by.id else None,
            roles=" ".join(sorted(by.roles)),
            action=action,
            objects=[str(one) for one in objects],
            subject=str(subject) if subject else None,
            outcome=outcome,
            reason=reason,
            details=details or {},
            request_id=g.get("request_id") if has_request_context() else None,
        )
    )


def install(app: Flask) -> None:
    """Give `app` the chain's key, derived from the secret key."""
    secret = str(app.config["SECRET_KEY"]).encode()
    app.extensions["audit_key"] = hmac.new(secret, b"audit chain", hashlib.sha256).digest()


def _key() -> bytes:
    key = current_app.extensions["audit_key"]
    assert isinstance(key, bytes)  # noqa: S101  (tells mypy; install() put it there)
    return key


@event.listens_for(Session, "before_commit")
def _chain(session: Session) -> None:
    """Number and hash the pending events last, so that the chain's lock is held shortly."""
    pending: list[AuditEvent] = session.info.pop(PENDING, [])
    if not pending:
        return
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    head = session.get(AuditHead, 1, populate_existing=True)
    if head is None:
        head = AuditHead(id=1, seq=0, hash=GENESIS, seal="")
        session.add(head)
    for one in pending:
        one.seq, one.previous_hash = head.seq + 1, head.hash
        one.hash = one.computed_hash(_key())
        head.seq, head.hash = one.seq, one.hash
        session.add(one)
    head.seal = _seal(head)


@event.listens_for(Session, "after_rollback")
def _drop(session: Session) -> None:
    session.info.pop(PENDING, None)


def _seal(head: AuditHead) -> str:
    return hmac.new(_key(), f"head {head.seq} {head.hash}".encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Verdict:
    """How far the chain holds: `events` counted, and the first bad one with what is wrong."""

    events: int
    bad_seq: int | None = None
    problem: str | None = None

    @property
    def is_whole(self) -> bool:
        return self.bad_seq is None


def verify() -> Verdict:
    """Walk the whole chain; names the first event that was edited, deleted, moved or cut off."""
    previous, count = GENESIS, 0
    query = select(AuditEvent).order_by(AuditEvent.seq).execution_options(yield_per=1000)
    with closing(db.session.scalars(query)) as events:
        for one in events:
            problem = _problem(one, count + 1, previous)
            if problem:
                return Verdict(count, count + 1, problem)
            previous, count = one.hash, count + 1
    head = db.session.get(AuditHead, 1, populate_existing=True)
    if head is None:
        return Verdict(0) if count == 0 else Verdict(count, 1, "the head of the chain is missing")
    if not hmac.compare_digest(head.seal, _seal(head)):
        return Verdict(count, head.seq, "the head of the chain was changed")
    if (head.seq, head.hash) != (count, previous):
        return Verdict(count, count + 1, "events at the end are missing")
    return Verdict(count)


def _problem(one: AuditEvent, seq: int, previous: str) -> str | None:
    if one.seq != seq:
        return f"event {seq} is missing"
    if one.previous_hash != previous:
        return "it does not follow the event before it"
    if not hmac.compare_digest(one.hash, one.computed_hash(_key())):
        return "its content does not match its hash"
    return None
