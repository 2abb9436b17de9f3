"""What a phone may know: initials and a tail, no name, no NHI, no earlier image but a ghost."""

from __future__ import annotations

import hashlib
import hmac
from typing import TypedDict

from clinicpro.db import utc_now
from clinicpro.formats import short_date
from clinicpro.images.models import Image
from clinicpro.images.vocabulary import SIDES, VIEWS, site_choices
from clinicpro.patients.models import Patient
from clinicpro.phones.ghosts import words_of
from clinicpro.phones.models import ENDED, Pairing
from clinicpro.phones.policy import consent_wording
from clinicpro.phones.queries import why_over
from clinicpro.web import app_settings, gateways


class Choice(TypedDict):
    id: str
    label: str


class Who(TypedDict):
    """Enough to see that it is the right patient, too little to tell anybody who."""

    initials: str
    nhiTail: str


class Ghost(TypedDict):
    """An earlier photo to take again: where to fetch it, and what was said of it."""

    id: str
    url: str
    words: str
    day: str
    bodySite: str | None
    laterality: str | None
    view: str | None


class State(TypedDict):
    state: str
    pairingId: str | None
    match: str | None
    csrfToken: str
    target: str | None
    patient: Who | None
    desk: str | None
    endsAt: str | None
    ghost: Ghost | None
    ownerKey: str | None
    practice: str
    consentWording: str
    sites: list[Choice]
    sides: list[Choice]
    views: list[Choice]


def state_of(
    pairing: Pairing | None, csrf_token: str, practice: str, ghost: Image | None = None
) -> State:
    """The phone's state in the shape that its page reads; `none` without a pairing.

    `ghost` is the one image of the desk's that it is shown, its look at it recorded.
    """
    now = utc_now()
    is_over = pairing is not None and why_over(pairing, now) is not None
    state = "none" if pairing is None else ENDED if is_over else pairing.state
    is_live = pairing is not None and state == "confirmed"
    consultation = pairing.consultation if pairing is not None and is_live else None
    return {
        "state": state,
        "pairingId": str(pairing.id) if pairing else None,
        "match": pairing.match if pairing and state == "redeemed" else None,
        "csrfToken": csrf_token,
        "target": None if not is_live else "consultation" if consultation else "tray",
        "patient": _who(consultation.patient) if consultation else None,
        "desk": pairing.owner.name if pairing and is_live else None,
        "endsAt": pairing.ends_at.isoformat() if pairing and not is_over else None,
        "ghost": _ghost(ghost) if ghost and is_live else None,
        "ownerKey": owner_key(pairing) if pairing else None,
        "practice": practice,
        "consentWording": consent_wording(),
        "sites": _choices(site_choices()),
        "sides": _choices([(slug, label) for slug, (label, _) in SIDES.items()]),
        "views": _choices(list(VIEWS.items())),
    }


def _who(patient: Patient) -> Who:
    initials = "".join(f"{word[0].upper()}." for word in patient.name.split() if word[0].isalpha())
    return {"initials": initials, "nhiTail": patient.nhi[-4:]}


def _ghost(image: Image) -> Ghost:
    """The view, which has no metadata. The link is good for minutes; nothing keeps a copy."""
    return {
        "id": str(image.id),
        "url": gateways().store.presign_look(image.view_key, now=utc_now()),
        "words": words_of(image),
        "day": short_date(image.uploaded_at),
        "bodySite": image.body_site,
        "laterality": image.laterality,
        "view": image.view,
    }


def _choices(pairs: list[tuple[str, str]]) -> list[Choice]:
    return [{"id": slug, "label": label} for slug, label in pairs]


def owner_key(pairing: Pairing) -> str:
    """The same for pairings of the same owner, and says nothing about them."""
    secret = app_settings().secret_key.encode()
    words = b"phone owner " + pairing.owner_id.bytes
    return hmac.new(secret, words, hashlib.sha256).hexdigest()[:32]
