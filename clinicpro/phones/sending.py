"""What a phone sends: where it goes, how fast it may come, and what the phone says meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from clinicpro.accounts.permissions import Actor
from clinicpro.answers import NotHere
from clinicpro.db import transaction, utc_now
from clinicpro.live import announce
from clinicpro.phones.models import Pairing
from clinicpro.phones.queries import holds, images_announced, pairing_for, topic
from clinicpro.phones.throttling import TooManyTries

STALE = timedelta(seconds=20)  # how old `seen_at` gets before it is written again
MOST_WAITING = 999
MOST_IMAGES = 300  # that one phone announces within PACE
PACE, PAUSE = timedelta(minutes=10), 30  # seconds


@dataclass(frozen=True)
class Place:
    """Where an image taken under a pairing goes; `consultation_id` None is the owner's tray."""

    pairing_id: UUID
    consultation_id: UUID | None
    device: str | None


def place_for(actor: Actor, taken_under: UUID | None) -> Place | None:
    """Where what was taken under this pairing goes; None for what no phone took.

    Under a pairing that holds: its target. Under another one of the same owner, ended: the
    owner's tray, never the next patient. Raises NotHere for somebody else's pairing.
    """
    pairing_id = taken_under or actor.pairing_id
    if pairing_id is None:
        return None
    pairing = pairing_for(actor, pairing_id)
    if pairing.redeemed_at is None:
        raise NotHere
    is_own = actor.pairing_id in (None, pairing.id)  # None: a person at a paired phone
    has_right = is_own and pairing.confirmed_at is not None and holds(pairing)
    return Place(pairing.id, pairing.consultation_id if has_right else None, pairing.device)


def check_pace(pairing_id: UUID) -> None:
    """A phone out of hand fills no disk. Raises TooManyTries."""
    if images_announced(pairing_id, PACE) >= MOST_IMAGES:
        raise TooManyTries(PAUSE)


def note_use(actor: Actor, waiting: int | None, taken_under: UUID | None = None) -> None:
    """The phone did something and says how many images it still holds; the desk is told.

    `taken_under` names the pairing where a person is signed in on the phone.
    """
    pairing_id = actor.pairing_id or taken_under
    if pairing_id is None:
        return
    with transaction():
        pairing = pairing_for(actor, pairing_id)
        pairing.used_at = pairing.seen_at = utc_now()
        if waiting is not None:
            pairing.waiting = min(waiting, MOST_WAITING)
        announce(topic(pairing.owner_id))


def note_seen(pairing: Pairing) -> None:
    """The phone was heard of; written now and then, so that looks do not all write."""
    now = utc_now()
    if pairing.seen_at is not None and now - pairing.seen_at < STALE:
        return
    if holds(pairing):
        with transaction():
            pairing.seen_at = now
