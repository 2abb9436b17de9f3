"""A pairing as the screens show it: what it sent, when it was heard of, what it still holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from clinicpro.db import db, utc_now
from clinicpro.images.models import READY, Image
from clinicpro.phones.ghosts import ghost_of, words_of
from clinicpro.phones.models import Pairing
from clinicpro.phones.queries import why_over


@dataclass(frozen=True)
class ShownPhone:
    """One pairing for the templates. `over` is one word for why it holds no longer, or None."""

    row: Pairing
    sent: int
    over: str | None
    now: datetime
    ghost: Image | None

    dom_name = "pairing"

    @property
    def id(self) -> UUID:
        return self.row.id

    @property
    def device(self) -> str:
        return self.row.device or "Phone"

    @property
    def patient_name(self) -> str | None:
        return self.row.consultation.patient.name if self.row.consultation else None

    @property
    def consultation_id(self) -> UUID | None:
        return self.row.consultation_id

    @property
    def owner_name(self) -> str:
        return self.row.owner.name

    @property
    def is_scanned(self) -> bool:
        return self.row.redeemed_at is not None

    @property
    def is_confirmed(self) -> bool:
        return self.row.confirmed_at is not None

    @property
    def match(self) -> str | None:
        return self.row.match

    @property
    def offered_at(self) -> datetime:
        return self.row.offered_at

    @property
    def ended_at(self) -> datetime | None:
        return self.row.ended_at

    @property
    def waiting(self) -> int:
        return self.row.waiting

    @property
    def counts(self) -> str:
        """`3 photos saved · 1 still on the phone`"""
        saved = "1 photo saved" if self.sent == 1 else f"{self.sent or 'No'} photos saved"
        return f"{saved} · {self.waiting} still on the phone" if self.waiting else saved

    @property
    def ghost_words(self) -> str:
        return words_of(self.ghost) if self.ghost else ""

    @property
    def ghost_is_there(self) -> bool:
        """The phone has it, and not only the desk's word that it may."""
        return self.row.ghost_seen_at is not None

    @property
    def heard(self) -> str:
        """How long ago the phone was last heard of."""
        if self.row.seen_at is None:
            return "not heard of yet"
        seconds = int((self.now - self.row.seen_at).total_seconds())
        if seconds < 60:
            return "heard from just now"
        minutes = seconds // 60
        return f"heard from {minutes} min ago" if minutes < 60 else f"silent for {minutes // 60} h"


def show_phones(pairings: Iterable[Pairing]) -> list[ShownPhone]:
    """The pairings with what each has sent, saved images alone counted."""
    rows, now = list(pairings), utc_now()
    if not rows:
        return []
    counted = db.session.execute(
        select(Image.pairing_id, func.count(Image.id))
        .where(Image.pairing_id.in_([one.id for one in rows]), Image.state == READY)
        .group_by(Image.pairing_id)
    )
    sent = {pairing_id: count for pairing_id, count in counted}  # noqa: C416  (rows)
    return [_shown(one, sent.get(one.id, 0), now) for one in rows]


def _shown(pairing: Pairing, sent: int, now: datetime) -> ShownPhone:
    over = why_over(pairing, now)
    ghost = None if over else ghost_of(pairing)
    return ShownPhone(pairing, sent, over, now, ghost)


def show_phone(pairing: Pairing) -> ShownPhone:
    return show_phones([pairing])[0]
