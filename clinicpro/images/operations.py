"""What is done to a saved image: its words, its place, the trash; and who looked at it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.audit.operations import record
from clinicpro.consultations.queries import consultation_for
from clinicpro.db import transaction, utc_now
from clinicpro.images.queries import image_for, topic
from clinicpro.live import announce


def trash(actor: Actor, image_id: UUID) -> None:
    """Move an image to the trash; it can be restored for 30 days, and nothing is deleted."""
    _set_trashed(actor, image_id, is_trashed=True)


def restore(actor: Actor, image_id: UUID) -> None:
    """Take an image out of the trash again."""
    _set_trashed(actor, image_id, is_trashed=False)


def _set_trashed(actor: Actor, image_id: UUID, *, is_trashed: bool) -> None:
    authorize(actor, "image.edit")
    with transaction():
        image = image_for(actor, image_id)
        if image.is_trashed == is_trashed:
            return
        image.trashed_at = utc_now() if is_trashed else None
        image.touch()
        action = "image.trash" if is_trashed else "image.restore"
        record(action, actor, objects=[image_id], subject=image.consultation_id)
        announce(topic(actor.id))


@dataclass(frozen=True)
class Words:
    """What a person says about an image; empty means nothing is said."""

    body_site: str | None
    laterality: str | None
    view: str | None
    label: str | None
    remark: str | None


def describe_image(actor: Actor, image_id: UUID, words: Words) -> None:
    """Set site, side, view, label and remark of one's own image."""
    authorize(actor, "image.edit")
    with transaction():
        image = image_for(actor, image_id)
        changed = [
            name
            for name in ("body_site", "laterality", "view", "label", "remark")
            if getattr(image, name) != (getattr(words, name) or None)
        ]
        for name in changed:
            setattr(image, name, getattr(words, name) or None)
        if changed:
            image.touch()
            record(
                "image.relabel",
                actor,
                objects=[image_id],
                subject=image.consultation_id,
                details={"fields": " ".join(changed)},
            )
            announce(topic(actor.id))


def move(actor: Actor, image_id: UUID, consultation_id: UUID | None) -> UUID | None:
    """Put one's own image into another of one's consultations (None: the tray).

    Gives where it was, for undo. The stored object stays where it is: keys tell nothing.
    """
    authorize(actor, "image.edit")
    with transaction():
        image = image_for(actor, image_id)
        if consultation_id is not None:
            consultation_for(actor, consultation_id)
        before = image.consultation_id
        if before != consultation_id:
            image.consultation_id = consultation_id
            image.touch()
            record(
                "image.move",
                actor,
                objects=[image_id],
                subject=consultation_id,
                details={"from": str(before or "tray"), "to": str(consultation_id or "tray")},
            )
            announce(topic(actor.id))
        return before


def record_view(actor: Actor, action: str, shown: list[UUID], subject: UUID | None = None) -> None:
    """Note who looked at which images, before they are served."""
    if not shown:
        return
    with transaction():
        record(action, actor, objects=shown, subject=subject)
