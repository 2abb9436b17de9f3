"""Finders of people and sign-ins."""

from __future__ import annotations

import hashlib
from uuid import UUID

from sqlalchemy import exists, select

from clinicpro.accounts.models import Practice, SignIn, User
from clinicpro.accounts.permissions import Actor
from clinicpro.db import db, utc_now


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def has_accounts() -> bool:
    return bool(db.session.scalar(select(exists().where(User.id.is_not(None)))))


def sign_in_for(token: str) -> SignIn | None:
    """The valid sign-in of a cookie's token, or None."""
    row = db.session.scalar(select(SignIn).where(SignIn.token_hash == hash_token(token)))
    return row if row is not None and row.is_valid(utc_now()) else None


def actor_of(sign_in: SignIn) -> Actor:
    user = sign_in.user
    return Actor(
        id=user.id,
        roles=user.roles,
        name=user.name,
        email=user.email,
        sign_in_id=sign_in.id,
        has_hot_keys=user.has_hot_keys,
    )


def is_still_signed_in(sign_in_id: UUID | None, permission: str) -> bool:
    """Whether a stream opened under this sign-in may go on: asked again and again."""
    sign_in = db.session.get(SignIn, sign_in_id) if sign_in_id else None
    return sign_in is not None and sign_in.is_valid(utc_now()) and actor_of(sign_in).may(permission)


def user_by_email(email: str) -> User | None:
    return db.session.scalar(select(User).where(User.email == email.strip().lower()))


def users() -> list[User]:
    return list(db.session.scalars(select(User).order_by(User.name)))


def managers() -> list[User]:
    """Who can grant things, for the words of a denial."""
    return [user for user in users() if "manager" in user.roles and user.disabled_at is None]


def own_sign_ins(actor: Actor) -> list[SignIn]:
    """The valid sign-ins of the person who asks, the latest first."""
    now = utc_now()
    rows = db.session.scalars(
        select(SignIn)
        .where(SignIn.user_id == actor.id, SignIn.ended_at.is_(None))
        .order_by(SignIn.last_seen_at.desc())
        .limit(20)
    )
    return [row for row in rows if row.is_valid(now)]


def practice_name(otherwise: str) -> str:
    """The name given at the set-up, or `otherwise` before it."""
    return db.session.scalar(select(Practice.name)) or otherwise
