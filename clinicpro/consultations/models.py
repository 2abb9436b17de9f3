"""The consultation row, and which one a person works in."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinicpro.db import Model, UtcDateTime, utc_now
from clinicpro.patients.models import Patient


class Consultation(Model):
    """The encounter that images and the note belong to; its owner alone sees it.

    `last_ended_at` stays when it is opened again: what hung on its end has ended for good.
    """

    __tablename__ = "consultation"
    __table_args__ = (Index(None, "owner_id", "started_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # made current, lately
    last_ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    patient: Mapped[Patient] = relationship(lazy="joined")

    def end(self, now: datetime) -> None:
        self.ended_at = self.last_ended_at = now

    if TYPE_CHECKING:
        image_count: int  # a column that room images, to the right, adds

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


class CurrentConsultation(Model):
    """The one consultation a person works in now, the same in all their windows."""

    __tablename__ = "current_consultation"

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), primary_key=True)
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id"))
