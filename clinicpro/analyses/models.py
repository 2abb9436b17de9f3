"""One run of the model over one image, and the practice's switch."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from clinicpro.db import Model, UtcDateTime, utc_now

QUEUED, RUNNING, FINISHED, STOPPED = "queued", "running", "finished", "stopped"
INCOMPLETE, REFUSED, FAILED, INTERRUPTED = "incomplete", "refused", "failed", "interrupted"
OPEN = (QUEUED, RUNNING)
_UNIT = r"(?:[mc]m|(?:milli|centi)met(?:re|er)s?|met(?:re|er)s?|inch(?:es)?)"
_NUMBER = r"(?:\d+(?:[.,]\d+)?|half an?|an?|one|two|three|four|five|six|seven|eight|nine|ten)"
_SIZE = re.compile(
    rf"\b{_NUMBER}(?: ?(?:[x×–-]|by|to) ?{_NUMBER})*[ -]?{_UNIT}\b"
    r"|\b(?:\w+[ -])?(?:pea|coin|pin-?head|fingertip|palm|grape|egg)[ -]sized?\b",
    re.IGNORECASE,
)


def topic(analysis_id: UUID) -> str:
    """What fires when the run's words or state changed."""
    return f"analysis:{analysis_id}"


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
    consent_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stop_requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rejected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_complete(self) -> bool:
        """Whether its words may go into a note: whole, and not set aside."""
        return self.state == FINISHED and self.rejected_at is None

    @property
    def topic(self) -> str:
        return topic(self.id)

    @property
    def paragraphs(self) -> list[str]:
        return [part.strip() for part in self.text.split("\n") if part.strip()]

    @property
    def sizes(self) -> list[str]:
        """Phrases of the text that state a size, for the GP to check."""
        return list(dict.fromkeys(match.group() for match in _SIZE.finditer(self.text)))

    @property
    def duration(self) -> str | None:
        if self.ended_at is None:
            return None
        return f"{max(1, round((self.ended_at - self.requested_at).total_seconds()))} s"


class AiPolicy(Model):
    """One row: whether images may be described, on which recorded basis, how often."""

    __tablename__ = "ai_policy"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    is_on: Mapped[bool] = mapped_column(default=False)
    basis: Mapped[str] = mapped_column(default="")
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"))
    recorded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    daily_runs: Mapped[int] = mapped_column(default=50)  # per person
    monthly_runs: Mapped[int] = mapped_column(default=1000)  # of the practice
