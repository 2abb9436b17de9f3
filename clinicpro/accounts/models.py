"""People, their roles, their sign-ins, and the throttle of wrong passwords."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinicpro.db import Model, UtcDateTime, utc_now

ROLES = {"gp": "GP", "nurse": "Nurse", "manager": "Manager", "auditor": "Auditor"}
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)


class User(Model):
    """A person who signs in. `disabled_at` counts from the next request."""

    __tablename__ = "user"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    email: Mapped[str] = mapped_column(unique=True)  # lower case
    name: Mapped[str]
    password_hash: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    has_hot_keys: Mapped[bool] = mapped_column(default=True)
    role_rows: Mapped[list[UserRole]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="UserRole.role"
    )

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(row.role for row in self.role_rows)

    @property
    def role_labels(self) -> list[str]:
        return [label for role, label in ROLES.items() if role in self.roles]


class UserRole(Model):
    __tablename__ = "user_role"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)


class SignIn(Model):
    """One browser signed in as one person. The cookie's token is stored as its SHA-256."""

    __tablename__ = "sign_in"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    device: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    user: Mapped[User] = relationship(lazy="joined")

    def is_valid(self, now: datetime) -> bool:
        """Idle at most 30 minutes, 12 hours in all, not signed out, the person not disabled."""
        return (
            self.ended_at is None
            and self.user.disabled_at is None
            and now - self.last_seen_at <= IDLE
            and now - self.created_at <= LONGEST
        )


class Throttle(Model):
    """Wrong passwords against one account or from one address, and until when to wait."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    wait_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Practice(Model):
    """The practice itself: one row, from the set-up on."""

    __tablename__ = "practice"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
