"""Make, redeem, confirm and end pairings; where a phone's images go."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from clinicpro.accounts.permissions import PHONE, Actor, authorize
from clinicpro.accounts.queries import hash_token
from clinicpro.answers import NotHere, Refusal
from clinicpro.audit.operations import By, record
from clinicpro.consultations.queries import consultation_for
from clinicpro.db import db, transaction, utc_now
from clinicpro.live import announce
from clinicpro.phones.models import Pairing
from clinicpro.phones.queries import (
    codes_made,
    holds,
    pairing_for,
    pairing_of,
    pairing_of_secret,
    topic,
    why_over,
)
from clinicpro.phones.throttling import note_try

MOST_CODES, IN = 30, timedelta(minutes=10)  # a person's new codes
KEEP_HASHES = timedelta(days=1)  # until then a phone is told why its code or pairing is over


class CodeGone(Exception):  # noqa: N818  (an answer, not a fault)
    """The QR code is worth nothing: `code` is `used` or `expired`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class TooManyCodes(Exception):  # noqa: N818  (an answer, not a fault)
    """Wait `seconds` before the next code."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def offer_pairing(actor: Actor, consultation_id: UUID | None) -> tuple[UUID, str]:
    """A new code for the consultation, or for the tray: the pairing's id and the secret.

    The secret is told once and kept as its hash; the person's codes before it are void.
    Raises NotHere for somebody else's consultation, Refusal for a finished one, TooManyCodes.
    """
    authorize(actor, "phone.pair")
    if codes_made(actor.id, IN) >= MOST_CODES:
        raise TooManyCodes(int(IN.total_seconds()) // 10)
    secret = secrets.token_urlsafe(32)
    with transaction():
        if consultation_id is not None and not consultation_for(actor, consultation_id).is_open:
            raise Refusal("This consultation is finished", "Open it again, then pair the phone.")
        _end_unscanned(actor)
        pairing = Pairing(
            owner_id=actor.id,
            sign_in_id=actor.sign_in_id,
            consultation_id=consultation_id,
            secret_hash=hash_token(secret),
        )
        db.session.add(pairing)
        db.session.flush()
        record("pairing.make", actor, objects=[pairing.id], subject=consultation_id)
        return pairing.id, secret


def _end_unscanned(actor: Actor) -> None:
    for one in db.session.scalars(
        select(Pairing).where(
            Pairing.owner_id == actor.id, Pairing.ended_at.is_(None), Pairing.redeemed_at.is_(None)
        )
    ):
        one.end("replaced")


@dataclass(frozen=True)
class Redeemed:
    """What the phone gets: `token` for its cookie, `match` to compare with the desk's."""

    pairing_id: UUID
    token: str
    match: str


def redeem(secret: str, device: str, address: str, old_token: str | None = None) -> Redeemed:
    """Take the code: the first one gets it. The pairing the phone had before ends.

    `device` is shown at the desk. Raises CodeGone, throttling.TooManyTries.
    """
    note_try(address, is_known=pairing_of_secret(secret) is not None)
    token = secrets.token_urlsafe(32)
    with transaction():
        pairing = db.session.scalar(
            select(Pairing)
            .where(Pairing.secret_hash == hash_token(secret))
            .with_for_update(of=Pairing)
        )
        if pairing is None:
            raise CodeGone("expired")
        if pairing.redeemed_at is not None:
            raise CodeGone("used")
        if not holds(pairing):
            raise CodeGone("expired")
        before = pairing_of(old_token) if old_token else None
        if before is not None:
            before.end("replaced")
            announce(topic(before.owner_id))
        now = utc_now()
        pairing.redeemed_at = pairing.seen_at = now
        pairing.token_hash, pairing.device = hash_token(token), device
        pairing.match = f"{secrets.randbelow(90) + 10}"
        record("pairing.redeem", phone_of(pairing), objects=[pairing.id])
        announce(topic(pairing.owner_id))
        return Redeemed(pairing.id, token, pairing.match)


def phone_of(pairing: Pairing) -> Actor:
    """The phone as an actor: its owner's id, and the rights of a phone alone."""
    return Actor(id=pairing.owner_id, roles=frozenset({PHONE}), pairing_id=pairing.id)


def confirm_pairing(actor: Actor, pairing_id: UUID) -> None:
    """The desk says that both screens show the same number: from now on the phone may add.

    Only the sign-in that made the code may. Raises NotHere, Refusal when it is over.
    """
    authorize(actor, "phone.pair")
    with transaction():
        pairing = pairing_for(actor, pairing_id)
        if pairing.sign_in_id != actor.sign_in_id:
            raise NotHere
        if pairing.redeemed_at is None or not holds(pairing):
            raise Refusal("This pairing is over", "Make a new code and scan it.", "pairing-over")
        if pairing.confirmed_at is None:
            pairing.confirmed_at = pairing.used_at = utc_now()
            record("pairing.confirm", actor, objects=[pairing.id], subject=pairing.consultation_id)
            announce(topic(actor.id))


def end_pairing(actor: Actor, pairing_id: UUID) -> None:
    """End one's own pairing: revoked, or not confirmed, or its code given up."""
    authorize(actor, "phone.pair")
    with transaction():
        _end(pairing_for(actor, pairing_id), "revoked", "pairing.revoke", actor)


def end_any_pairing(actor: Actor, pairing_id: UUID) -> None:
    """End whosever pairing this is; the manager sees no patient by it."""
    authorize(actor, "phone.revoke_any")
    with transaction():
        pairing = db.session.get(Pairing, pairing_id)
        if pairing is None:
            raise NotHere
        _end(pairing, "revoked", "pairing.revoke", actor)


def leave(actor: Actor) -> None:
    """The phone itself says that it is done: *Next patient*."""
    with transaction():
        pairing = db.session.get(Pairing, actor.pairing_id)
        if pairing is None:
            raise NotHere
        _end(pairing, "left", "pairing.leave", actor)


def burn(words: Iterable[str]) -> None:
    """A code that came in an address is in logs and histories by now: it is void."""
    hashes = [hash_token(one) for one in words]
    unscanned = select(Pairing).where(
        Pairing.secret_hash.in_(hashes), Pairing.redeemed_at.is_(None)
    )
    if not hashes or db.session.scalar(unscanned) is None:
        return  # a look without the write lock
    with transaction():
        for pairing in db.session.scalars(unscanned):
            _end(pairing, "burned", "pairing.burn", By(None))


def _end(pairing: Pairing, reason: str, action: str, by: By) -> None:
    if pairing.ended_at is not None:
        return
    pairing.end(reason)
    record(action, by, objects=[pairing.id], subject=pairing.consultation_id)
    announce(topic(pairing.owner_id))


def close_pairings(now: datetime) -> int:
    """In the caller's transaction: write down the end of what holds no longer; how many."""
    closed = 0
    for one in db.session.scalars(select(Pairing).where(Pairing.ended_at.is_(None))):
        reason = why_over(one, now)
        if reason is not None:
            one.ended_at, one.end_reason = min(one.ends_at, now), reason
            announce(topic(one.owner_id))
            closed += 1
    return closed


def burn_old_codes(now: datetime) -> int:
    """In the caller's transaction: forget the hashes of old codes and cookies; how many codes."""
    rows = db.session.scalars(
        select(Pairing).where(
            Pairing.ended_at.is_not(None),
            Pairing.offered_at < now - KEEP_HASHES,
            Pairing.secret_hash.is_not(None),
        )
    ).all()
    for one in rows:
        one.secret_hash = one.token_hash = None
    return len(rows)
