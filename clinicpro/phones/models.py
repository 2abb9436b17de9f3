"""The pairing row: one phone's right to add images to one place."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinicpro.accounts.models import User
from clinicpro.consultations.models import Consultation
from clinicpro.db import Model, UtcDateTime, utc_now
from clinicpro.images.models import Image

CODE_GOOD_FOR = timedelta(seconds=120)
CONFIRM_WITHIN = timedelta(minutes=5)  # of the scan
IDLE = timedelta(hours=8)
LONGEST = timedelta(hours=12)
OFFERED, REDEEMED, CONFIRMED, ENDED = "offered", "redeemed", "confirmed", "ended"


class Pairing(Model):
    """One QR code and what came of it; its target never changes.

    `secret_hash` is the code's, `token_hash` the cookie's, both SHA-256. `used_at` is when the
    phone last did something, `seen_at` when it was last heard of. `waiting` is how many images
    the phone says it still holds. `ghost_id` is an earlier image that the desk shows on the
    phone, `ghost_seen_at` when the phone got it (ghosts.ghost_of says whether it still may).
    `ended_at` is written by who ends it and by the clean-up; whether the pairing holds is
    computed (queries.why_over).
    """

    __tablename__ = "pairing"
    __table_args__ = (Index(None, "owner_id", "offered_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    sign_in_id: Mapped[UUID | None] = mapped_column(ForeignKey("sign_in.id"))
    consultation_id: Mapped[UUID | None] = mapped_column(ForeignKey("consultation.id"))
    secret_hash: Mapped[str | None] = mapped_column(unique=True)
    token_hash: Mapped[str | None] = mapped_column(unique=True)
    match: Mapped[str | None]
    device: Mapped[str | None]
    offered_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    redeemed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    waiting: Mapped[int] = mapped_column(default=0)
    ghost_id: Mapped[UUID | None] = mapped_column(ForeignKey(Image.id))
    ghost_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    end_reason: Mapped[str | None]
    owner: Mapped[User] = relationship(lazy="joined", innerjoin=True)
    consultation: Mapped[Consultation | None] = relationship(lazy="joined")

    @property
    def state(self) -> str:
        """How far it came, whether or not it holds."""
        if self.ended_at is not None:
            return ENDED
        if self.confirmed_at is not None:
            return CONFIRMED
        return REDEEMED if self.redeemed_at is not None else OFFERED

    @property
    def ends_at(self) -> datetime:
        """When it ends by itself: the code, then the wait for the desk, then idle or in all."""
        if self.redeemed_at is None:
            return self.offered_at + CODE_GOOD_FOR
        if self.confirmed_at is None:
            return self.redeemed_at + CONFIRM_WITHIN
        return min((self.used_at or self.confirmed_at) + IDLE, self.offered_at + LONGEST)

    def end(self, reason: str) -> None:
        """From now on; the code and the cookie are worth nothing."""
        if self.ended_at is None:
            self.ended_at, self.end_reason = utc_now(), reason


class CapturePolicy(Model):
    """What the practice has phones ask: one row, once a manager worded it."""

    __tablename__ = "capture_policy"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    consent_wording: Mapped[str]
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
