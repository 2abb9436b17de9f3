"""One run of the model over one image, and the practice's switch."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from clinicpro.db import Model, UtcDateTime, utc_now
from clinicpro.images import covering as _covering  # noqa: F401  (its table is pointed at)

QUEUED, RUNNING, FINISHED, STOPPED = "queued", "running", "finished", "stopped"
INCOMPLETE, REFUSED, FAILED, INTERRUPTED = "incomplete", "refused", "failed", "interrupted"
OPEN = (QUEUED, RUNNING)
CONSENT = "The patient has agreed to this image being sent to be described"


def topic(analysis_id: UUID) -> str:
    """What fires when the run's words or state changed."""
    return f"analysis:{analysis_id}"


def is_open(state: str) -> bool:
    return state in OPEN


def paragraphs(text: str) -> list[str]:
    return [part.strip() for part in text.split("\n") if part.strip()]


class Analysis(Model):
    """A run: queued → running → one end. The text stays as the model wrote it."""

    __tablename__ = "analysis"
    __table_args__ = (
        Index(None, "image_id", "requested_at"),
        Index(None, "owner_id", "requested_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    image_id: Mapped[UUID] = mapped_column(ForeignKey("image.id"))
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    state: Mapped[str] = mapped_column(default=QUEUED, index=True)
    prompt_slug: Mapped[str]
    prompt_version: Mapped[int]
    prompt_title: Mapped[str]
    prompt_words: Mapped[str] = mapped_column(default="")  # all that went along with the image
    system_version: Mapped[int]
    question: Mapped[str] = mapped_column(default="")
    context: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    message: Mapped[str | None]
    model: Mapped[str | None]
    request_id: Mapped[str | None]
    stop_reason: Mapped[str | None]
    tokens_in: Mapped[int | None]
    tokens_out: Mapped[int | None]
    derivative_sha256: Mapped[str | None]
    earlier_image_id: Mapped[UUID | None] = mapped_column(ForeignKey("image.id"))
    earlier_sha256: Mapped[str | None]
    earlier_covering_id: Mapped[UUID | None] = mapped_column(ForeignKey("covering.id"))
    covering_id: Mapped[UUID | None] = mapped_column(ForeignKey("covering.id"))
    has_scale: Mapped[bool] = mapped_column(default=False)  # the GP says: ruler or coin in view
    cost: Mapped[int | None]  # millionths of a US dollar; while it isn't known, the most it can be
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stop_requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rejected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rejection_reason: Mapped[str | None]

    @property
    def is_open(self) -> bool:
        return is_open(self.state)

    @property
    def sources(self) -> list[tuple[UUID, UUID | None]]:
        """Each image that goes to the model and its covering, the earlier one first."""
        found: list[tuple[UUID, UUID | None]] = [(self.image_id, self.covering_id)]
        if self.earlier_image_id is not None:
            found.insert(0, (self.earlier_image_id, self.earlier_covering_id))
        return found

    @property
    def is_complete(self) -> bool:
        """Whether its words may go into a note: whole, and not set aside."""
        return self.state == FINISHED and self.rejected_at is None

    @property
    def standing(self) -> str:
        """What its words are, for who meets them outside of the panel."""
        if self.accepted_at is not None:
            return "AI description as the model wrote it, accepted into the note"
        if self.rejected_at is not None:
            return "Rejected AI draft"
        return "AI draft, not accepted" if self.is_complete else "AI draft, not complete"

    @property
    def topic(self) -> str:
        return topic(self.id)

    @property
    def paragraphs(self) -> list[str]:
        return paragraphs(self.text)

    @property
    def duration(self) -> str | None:
        if self.ended_at is None:
            return None
        return f"{max(1, round((self.ended_at - self.requested_at).total_seconds()))} s"


class SendConsent(Model):
    """That a patient agreed to this image going to the model in this run: who says so, in which
    words, when."""

    __tablename__ = "send_consent"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    analysis_id: Mapped[UUID] = mapped_column(ForeignKey("analysis.id"), index=True)
    image_id: Mapped[UUID] = mapped_column(ForeignKey("image.id"), index=True)
    wording: Mapped[str]
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class AiPolicy(Model):
    """One row: whether images may be described, on which basis, how often, for how much."""

    __tablename__ = "ai_policy"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    is_on: Mapped[bool] = mapped_column(default=False)
    basis: Mapped[str] = mapped_column(default="")
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    recorded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    daily_runs: Mapped[int] = mapped_column(default=50)  # per person
    monthly_runs: Mapped[int] = mapped_column(default=1000)  # of the practice
    daily_cents: Mapped[int] = mapped_column(default=500)  # US cents, per person
    monthly_cents: Mapped[int] = mapped_column(default=4000)  # of the practice
    price_in: Mapped[int | None]  # US cents per million tokens; None: the provider's list
    price_out: Mapped[int | None]
    consent_wording: Mapped[str] = mapped_column(default=CONSENT)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the key was refused
