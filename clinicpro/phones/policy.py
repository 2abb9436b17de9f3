"""How the practice words the consent that the phone asks for before a photo."""

from __future__ import annotations

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.audit.operations import record
from clinicpro.db import db, transaction, utc_now
from clinicpro.phones.models import CapturePolicy

DEFAULT = "The patient has agreed to this photo being taken and kept in their record."


def consent_wording() -> str:
    """What the tick on the phone says today; each image keeps what it said for it."""
    row = db.session.get(CapturePolicy, 1)
    return row.consent_wording if row is not None else DEFAULT


def set_consent_wording(actor: Actor, wording: str) -> None:
    """From now on the phones say this; an empty one brings the default back."""
    authorize(actor, "practice.manage")
    with transaction():
        row = CapturePolicy(
            id=1,
            consent_wording=wording.strip() or DEFAULT,
            recorded_by=actor.id,
            recorded_at=utc_now(),
        )
        db.session.merge(row)
        record("photo_consent.word", actor)
