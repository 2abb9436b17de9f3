"""The image row, its states and its words."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, func, select, text
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from clinicpro.consultations.models import Consultation
from clinicpro.db import Model, UtcDateTime, utc_now

EXPECTED, READY, REJECTED, EXPIRED = "expected", "ready", "rejected", "expired"


class Image(Model):
    """One clinical image: `expected` from the presign on, then ready, rejected or expired.

    `reason` says why it was rejected, or why a ready one has no view and full.
    `uploaded_at` is when the presign came; `changed_at` moves with every change a card shows.
    The original's bytes never change; they lie in the store under `key`.
    """

    __tablename__ = "image"
    __table_args__ = (
        Index("ix_image_gallery", "owner_id", "uploaded_at", "id"),
        Index("ix_image_changes", "owner_id", "changed_at"),
        Index("ix_image_twins", "owner_id", "sha256"),
        Index("ix_image_consultation", "consultation_id", "uploaded_at"),
        Index(
            "ix_image_tray",
            "owner_id",
            "state",
            sqlite_where=text("consultation_id IS NULL"),
            postgresql_where=text("consultation_id IS NULL"),
        ),
        Index("ix_image_waiting", "state", "signed_at"),
        Index("ix_image_pairing", "pairing_id", "signed_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    consultation_id: Mapped[UUID | None] = mapped_column(ForeignKey("consultation.id"))
    pairing_id: Mapped[UUID | None]
    device: Mapped[str | None]  # the phone's, in words
    key: Mapped[str] = mapped_column(unique=True)
    filename: Mapped[str]
    mime_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]  # base64, as S3 writes it
    state: Mapped[str] = mapped_column(default=EXPECTED)
    reason: Mapped[str | None]
    is_reported: Mapped[bool] = mapped_column(default=False)  # the sender read the reason
    width: Mapped[int | None]
    height: Mapped[int | None]
    taken_at: Mapped[datetime | None]  # the camera's clock: naive local time
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)  # the last URL
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    ready_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    has_derivatives: Mapped[bool] = mapped_column(default=False)
    view_size: Mapped[int | None]
    view_width: Mapped[int | None]
    view_height: Mapped[int | None]
    analysed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    trashed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    body_site: Mapped[str | None]
    laterality: Mapped[str | None]
    view: Mapped[str | None]
    label: Mapped[str | None]
    remark: Mapped[str | None]
    photo_consent: Mapped[str | None]  # as it was worded when it was given
    photo_consent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    photo_consent_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    consultation: Mapped[Consultation | None] = relationship(lazy="raise_on_sql")

    @property
    def source(self) -> str:
        return source_of(self.pairing_id)

    @property
    def is_trashed(self) -> bool:
        return self.trashed_at is not None

    @property
    def is_preparing(self) -> bool:
        return is_preparing(self.state, self.has_derivatives, self.reason)

    @property
    def thumb_key(self) -> str:
        return derivative_key(self.id, "thumb")

    @property
    def view_key(self) -> str:
        return derivative_key(self.id, "view")

    @property
    def view_pixels(self) -> int:
        return (self.view_width or 0) * (self.view_height or 0)

    @property
    def full_key(self) -> str:
        return derivative_key(self.id, "full")

    def touch(self) -> None:
        """The card shows something else now."""
        self.changed_at = utc_now()


def source_of(pairing_id: UUID | None) -> str:
    return "mobile" if pairing_id else "consultation"


def is_preparing(state: str, has_derivatives: bool, reason: str | None) -> bool:
    """Saved, and the worker is still to make view and full of it."""
    return state == READY and not has_derivatives and reason is None


def original_key(
    image_id: UUID, consultation_id: UUID | None, pairing_id: UUID | None = None
) -> str:
    if pairing_id is not None:
        return f"mobile-uploads/{pairing_id}/{image_id}"
    return f"consultations/{consultation_id or 'unassigned'}/{image_id}"


def derivative_key(image_id: UUID, kind: str) -> str:
    return f"derivatives/{image_id}/{kind}"


Consultation.image_count = column_property(  # type: ignore[assignment]
    select(func.count(Image.id))
    .where(
        Image.consultation_id == Consultation.id,
        Image.state == READY,
        Image.trashed_at.is_(None),
    )
    .correlate_except(Image)
    .scalar_subquery(),
    deferred=True,
)
