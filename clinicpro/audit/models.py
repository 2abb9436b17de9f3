"""The audit event row, and what its hash covers."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from clinicpro.db import Model, UtcDateTime

GENESIS = "0" * 64  # what the first event names as the hash before it


class AuditEvent(Model):
    """Who did what to which rows, when, and how it ended: ids only, never names or pixels.

    `subject` is the patient or consultation it is about; `details` holds small facts such as a
    model's name or a count. Each row carries the hash of the row before it.
    """

    __tablename__ = "audit_event"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str | None] = mapped_column(index=True)
    roles: Mapped[str] = mapped_column(default="")
    action: Mapped[str] = mapped_column(index=True)
    objects: Mapped[list[str]] = mapped_column(JSON, default=list)
    subject: Mapped[str | None] = mapped_column(index=True)
    outcome: Mapped[str] = mapped_column(default="ok")
    reason: Mapped[str | None]
    details: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    request_id: Mapped[str | None]
    previous_hash: Mapped[str]
    hash: Mapped[str]

    def computed_hash(self, key: bytes) -> str:
        """HMAC-SHA-256 over every field and the hash before, as canonical JSON.

        Keyed, so that who can write the database but not read the secrets cannot forge a chain.
        """
        fields = [
            self.seq,
            self.at.isoformat(timespec="microseconds"),
            self.actor,
            self.roles,
            self.action,
            self.objects,
            self.subject,
            self.outcome,
            self.reason,
            self.details,
            self.request_id,
            self.previous_hash,
        ]
        text = json.dumps(fields, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class AuditHead(Model):
    """One row: the last event of the chain, so that a cut-off tail is noticed."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
    hash: Mapped[str]
    seal: Mapped[str]
