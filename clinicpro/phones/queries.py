"""Finders of pairings, and the one place that knows whether a pairing holds."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, func, select

from clinicpro.accounts.models import SignIn
from clinicpro.accounts.permissions import CLINICAL, Actor
from clinicpro.accounts.queries import hash_token
from clinicpro.answers import NotHere
from clinicpro.db import db, utc_now
from clinicpro.images.models import Image
from clinicpro.images.queries import image_for
from clinicpro.phones.models import LONGEST, Pairing


def topic(owner_id: UUID) -> str:
    """What fires when one of the owner's pairings changed."""
    return f"pairings:{owner_id}"


def why_over(pairing: Pairing, now: datetime) -> str | None:
    """One word for why the pairing holds no longer, None while it does.

    Computed each time it is checked, so that nothing has to be told that it ended: its
    consultation was finished (also when it was opened again since), its owner signed out
    anywhere, was shut out or is no clinician any more, or its time is up.
    """
    if pairing.ended_at is not None:
        return pairing.end_reason or "ended"
    if pairing.owner.disabled_at is not None or not pairing.owner.roles & CLINICAL:
        return "owner"
    if now > pairing.ends_at:
        return "expired"
    consultation = pairing.consultation
    if consultation is not None and (
        consultation.ended_at is not None
        or (consultation.last_ended_at and consultation.last_ended_at >= pairing.offered_at)
    ):
        return "finished"
    return "signed-out" if _has_signed_out(pairing.owner_id, pairing.offered_at) else None


def _has_signed_out(owner_id: UUID, since: datetime) -> bool:
    query = select(exists().where(SignIn.user_id == owner_id, SignIn.ended_at >= since))
    return bool(db.session.scalar(query))


def holds(pairing: Pairing) -> bool:
    return why_over(pairing, utc_now()) is None


def pairing_of(token: str) -> Pairing | None:
    """The pairing of a phone's cookie, whether or not it holds."""
    return db.session.scalar(select(Pairing).where(Pairing.token_hash == hash_token(token)))


def pairing_of_secret(secret: str) -> Pairing | None:
    return db.session.scalar(select(Pairing).where(Pairing.secret_hash == hash_token(secret)))


def pairing_for(actor: Actor, pairing_id: UUID) -> Pairing:
    """The actor's own pairing; somebody else's is the 404 of an unknown id."""
    pairing = db.session.get(Pairing, pairing_id)
    if pairing is None or pairing.owner_id != actor.id:
        raise NotHere
    return pairing


def live_pairings(owner_id: UUID | None = None) -> list[Pairing]:
    """The confirmed pairings that hold, of one owner or of the whole practice, latest first."""
    query = (
        select(Pairing)
        .where(
            Pairing.ended_at.is_(None),
            Pairing.confirmed_at.is_not(None),
            Pairing.offered_at > utc_now() - LONGEST,
        )
        .order_by(Pairing.offered_at.desc())
    )
    if owner_id is not None:
        query = query.where(Pairing.owner_id == owner_id)
    return [one for one in db.session.scalars(query) if holds(one)]


def earlier_pairings(actor: Actor, limit: int = 20) -> list[Pairing]:
    """The actor's own confirmed pairings, whether or not they hold, latest first."""
    query = (
        select(Pairing)
        .where(Pairing.owner_id == actor.id, Pairing.confirmed_at.is_not(None))
        .order_by(Pairing.offered_at.desc())
        .limit(limit)
    )
    return list(db.session.scalars(query))


def image_sent_by(actor: Actor, image_id: UUID) -> Image:
    """The actor's own image; for a phone only what a phone of its owner sent, else the 404."""
    image = image_for(actor, image_id)
    if actor.is_phone and image.pairing_id is None:
        raise NotHere
    return image


def images_announced(pairing_id: UUID, within: timedelta) -> int:
    """How many images were lately said to come under this pairing."""
    query = select(func.count(Image.id)).where(
        Image.pairing_id == pairing_id, Image.signed_at > utc_now() - within
    )
    return db.session.scalar(query) or 0


def codes_made(owner_id: UUID, within: timedelta) -> int:
    """How many codes the owner had made lately."""
    query = select(func.count(Pairing.id)).where(
        Pairing.owner_id == owner_id, Pairing.offered_at > utc_now() - within
    )
    return db.session.scalar(query) or 0
