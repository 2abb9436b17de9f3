"""Ghosts: an earlier image that the desk shows on a phone, to take the same view again.

A phone sees no image but this one, and it only while it fits: the same owner, the same patient.
Whether it does is computed at each look, so that nothing has to be told of a move or the trash.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.answers import Refusal
from clinicpro.audit.operations import record
from clinicpro.consultations.models import Consultation
from clinicpro.db import db, transaction, utc_now
from clinicpro.images.models import READY, Image
from clinicpro.images.queries import image_for
from clinicpro.images.vocabulary import VIEWS, place
from clinicpro.live import announce
from clinicpro.phones.models import Pairing
from clinicpro.phones.operations import phone_of
from clinicpro.phones.queries import holds, live_pairings, pairing_for, topic

NOT_CONNECTED = ("This phone is not connected", "Pair it again, then show the photo on it.")
NOT_READY = ("This photo can’t be shown on a phone", "It is in the trash or not prepared yet.")
NOT_THIS_PATIENT = (
    "This phone is for somebody else",
    "A photo is shown only on a phone that adds to the same patient, or one in the tray on a phone "
    "that adds to the tray. Nothing was shown.",
)


def ghost_of(pairing: Pairing) -> Image | None:
    """The image that the pairing's phone may see; whether the pairing holds is asked elsewhere."""
    image = db.session.get(Image, pairing.ghost_id) if pairing.ghost_id else None
    if image is None or not (is_showable(image) and fits(pairing, image)):
        return None
    return image


def is_showable(image: Image) -> bool:
    """There is a derivative without metadata, and nobody threw the image away."""
    return image.state == READY and image.has_derivatives and not image.is_trashed


def fits(pairing: Pairing, image: Image) -> bool:
    """Both are one person's, and of one patient or both in the tray."""
    return image.owner_id == pairing.owner_id and patient_of(image.consultation_id) == patient_of(
        pairing.consultation_id
    )


def patient_of(consultation_id: UUID | None) -> UUID | None:
    if consultation_id is None:
        return None
    return db.session.get_one(Consultation, consultation_id).patient_id


def words_of(image: Image) -> str:
    """`Left forearm, close-up`; nothing that a person typed, which may name somebody."""
    said = (place(image.body_site, image.laterality), VIEWS.get(image.view or ""))
    return ", ".join(word for word in said if word) or "Photo"


def phones_for(actor: Actor, image: Image) -> list[Pairing]:
    """The actor's connected phones that the image may be shown on, latest first."""
    if not is_showable(image):
        return []
    return [one for one in live_pairings(actor.id) if fits(one, image)]


def show_ghost(actor: Actor, pairing_id: UUID, image_id: UUID) -> None:
    """Let the phone show the image, instead of the one it showed.

    Raises NotHere, and Refusal where the phone is not connected or adds to another patient.
    """
    authorize(actor, "phone.pair")
    with transaction():
        pairing, image = pairing_for(actor, pairing_id), image_for(actor, image_id)
        if pairing.confirmed_at is None or not holds(pairing):
            raise Refusal(*NOT_CONNECTED, "pairing-over")
        if not is_showable(image):
            raise Refusal(*NOT_READY, "not-prepared")
        if not fits(pairing, image):
            raise Refusal(*NOT_THIS_PATIENT, "other-patient")
        if pairing.ghost_id == image_id:
            return
        pairing.ghost_id, pairing.ghost_seen_at = image_id, None
        _record("pairing.ghost", actor, pairing, image)


def withdraw_ghost(actor: Actor, pairing_id: UUID, image_id: UUID) -> None:
    """The phone shows the image no longer; nothing happens where it shows another, or none."""
    authorize(actor, "phone.pair")
    with transaction():
        pairing, image = pairing_for(actor, pairing_id), image_for(actor, image_id)
        if pairing.ghost_id != image_id:
            return
        pairing.ghost_id = pairing.ghost_seen_at = None
        _record("pairing.ghost_end", actor, pairing, image)


def _record(action: str, actor: Actor, pairing: Pairing, image: Image) -> None:
    record(action, actor, objects=[pairing.id, image.id], subject=image.consultation_id)
    announce(topic(pairing.owner_id))


def look_at_ghost(pairing: Pairing) -> Image | None:
    """What the phone that asks is shown; that it looked is recorded before it gets it.

    Once for each time the desk shows it: the phone asks every few seconds.
    """
    if pairing.ghost_id is None or pairing.confirmed_at is None or not holds(pairing):
        return None
    image = ghost_of(pairing)
    if image is None or pairing.ghost_seen_at is not None:
        return image
    pairing_id, image_id = pairing.id, image.id
    with transaction():
        pairing = db.session.scalars(
            select(Pairing)
            .where(Pairing.id == pairing_id)
            .with_for_update(of=Pairing)
            .execution_options(populate_existing=True)
        ).one()
        if pairing.ghost_id != image_id:
            return None  # the desk was faster; the next look gets the other
        if pairing.ghost_seen_at is None:
            pairing.ghost_seen_at = utc_now()
            record(
                "image.view",
                phone_of(pairing),
                objects=[image_id, pairing_id],
                subject=image.consultation_id,
                reason="on a phone",
            )
            announce(topic(pairing.owner_id))
    return image
