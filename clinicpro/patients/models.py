"""The patient row."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from clinicpro.db import Model, UtcDateTime, utc_now


class Patient(Model):
    """A patient of the practice, found by NHI; what was typed may be corrected, audited."""

    __tablename__ = "patient"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    nhi: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    date_of_birth: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    created_by: Mapped[UUID] = mapped_column(ForeignKey("user.id"))

    @property
    def first_name(self) -> str:
        return self.name.split()[0] if self.name.split() else self.name
