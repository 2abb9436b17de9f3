"""The note of a consultation and the findings accepted into it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from clinicpro.db import Model, UtcDateTime, utc_now


class Note(Model):
    """A consultation's text. `version` grows with each save: of two windows none overwrites."""

    __tablename__ = "note"

    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id"), primary_key=True)
    history: Mapped[str] = mapped_column(default="")
    plan: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=0)
    saved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Finding(Model):
    """Accepted words about one image; the model's own text stays in its analysis.

    `consultation_id` is where they were accepted; they are shown where the image is.
    """

    __tablename__ = "finding"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultation.id"), index=True)
    analysis_id: Mapped[UUID] = mapped_column(ForeignKey("analysis.id"), index=True)
    image_id: Mapped[UUID] = mapped_column(ForeignKey("image.id"))
    text: Mapped[str]
    is_edited: Mapped[bool]
    accepted_by: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    accepted_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FindingEdit(Model):
    """What a finding said before somebody changed it in the note."""

    __tablename__ = "finding_edit"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    finding_id: Mapped[UUID] = mapped_column(ForeignKey("finding.id"), index=True)
    before: Mapped[str]
    edited_by: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    edited_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
