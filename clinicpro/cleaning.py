"""The clean-up: what has ended is closed. Nothing clinical is changed, moved or deleted by it.

| what | when |
|---|---|
| a pairing, a code nobody scanned | its time is up, or what it hung on has ended |
| the hashes of codes and of phones' cookies | a day after the code was made |
| a sign-in | a day after it began: dead for 12 hours at least |
| a consultation left open | 12 hours after the last deed in it: closed, opened again by a click |
| an announced image whose bytes never came | 24 hours after its last link |
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, func, select

from clinicpro.accounts.closing import close_sign_ins
from clinicpro.analyses.models import Analysis
from clinicpro.audit.operations import SYSTEM, record
from clinicpro.consultations.models import Consultation
from clinicpro.consultations.operations import close_consultations
from clinicpro.db import db, transaction, utc_now
from clinicpro.gateways import Gateways
from clinicpro.images.models import Image
from clinicpro.images.receiving import expire, sweep
from clinicpro.notes.models import Finding, Note
from clinicpro.phones.operations import burn_old_codes, close_pairings

IDLE = timedelta(hours=12)  # of a consultation: none of yesterday's is current in the morning
OLD_SIGN_IN = timedelta(hours=24)  # the pairings made in it are over by then, too


def clean_up(gateways: Gateways) -> dict[str, int]:
    """Do it once; one audit event tells how many of each, also when there was nothing."""
    missing = sweep(gateways)
    with transaction():
        now = utc_now()
        idle = idle_consultations(now)
        counts = {
            "pairings": close_pairings(now),
            "codes": burn_old_codes(now),
            "sign_ins": close_sign_ins(now - OLD_SIGN_IN),
            "consultations": close_consultations(idle),
            "presigns": expire(missing, now),
        }
        details = {name: str(count) for name, count in counts.items()}
        record("cleanup", SYSTEM, objects=idle, details=details)
    return counts


def idle_consultations(now: datetime) -> list[UUID]:
    """Open ones in which nothing was added, changed, asked or written lately."""
    since = now - IDLE
    own = Image.consultation_id == Consultation.id
    busy = (
        exists().where(own, Image.changed_at >= since),
        exists().where(own, Analysis.image_id == Image.id, Analysis.requested_at >= since),
        exists().where(Note.consultation_id == Consultation.id, Note.saved_at >= since),
        exists().where(Finding.consultation_id == Consultation.id, Finding.accepted_at >= since),
    )
    query = select(Consultation.id).where(
        Consultation.ended_at.is_(None),
        func.coalesce(Consultation.opened_at, Consultation.started_at) < since,
        *(~one for one in busy),
    )
    return list(db.session.scalars(query))
