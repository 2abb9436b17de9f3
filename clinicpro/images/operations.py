"""The way of an image: expected, received, and what the worker does behind."""

from __future__ import annotations

import base64
import binascii
import logging
import os
import re
import shutil
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import select

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.answers import NotHere, Refusal
from clinicpro.audit.operations import SYSTEM, By, record
from clinicpro.consultations.queries import consultation_for
from clinicpro.db import db, transaction, utc_now
from clinicpro.gateways import (
    Decoded,
    DecoderDown,
    Gateways,
    ImageRejected,
    SignedPut,
    Store,
    StoredObject,
)
from clinicpro.images.models import EXPECTED, EXPIRED, READY, REJECTED, Image, original_key
from clinicpro.images.queries import image_for, topic
from clinicpro.jobs import enqueue
from clinicpro.live import announce

log = logging.getLogger(__name__)

LARGEST = 30 * 1024 * 1024  # bytes of one image
LEAST_FREE = 0.05  # of the disk; below it uploads stop, so that the record has room
TYPES = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/webp",
        "image/heic",
        "image/heif",
        "image/avif",
        "image/tiff",
    }
)
PATIENCE = timedelta(seconds=20)  # a sender's own receipt comes first
DEAD = timedelta(hours=24)  # an expected image without bytes is given up


@dataclass(frozen=True)
class Sending:
    """What a sender says it will send: `sha256` in base64, `size` in bytes."""

    filename: str
    mime_type: str
    size: int
    sha256: str
    consultation_id: UUID | None = None


@dataclass(frozen=True)
class Expected:
    """The row that waits for the bytes; `put` is None when they are there already."""

    image_id: UUID
    key: str
    put: SignedPut | None

    @property
    def is_duplicate(self) -> bool:
        return self.put is None


def expect_image(actor: Actor, sending: Sending, store: Store, data: Path | None) -> Expected:
    """Have a row expect these bytes and sign a PUT for exactly them, good for 5 minutes.

    The same bytes for the same target are one image: an expected one gets a fresh link, a ready
    one is answered as a duplicate. `data` is the disk to keep room on, None where it is not ours.
    Raises Refusal (413, 415, 422, 507) and NotHere for somebody else's consultation.
    """
    authorize(actor, "image.add")
    _check(sending)
    _check_room(data)
    if sending.consultation_id is not None:
        consultation_for(actor, sending.consultation_id)
    with transaction():
        image = _twin(actor, sending)
        if image is None:
            image = _new_row(actor, sending)
        elif image.state == READY:
            return Expected(image.id, image.key, None)
        now = utc_now()
        image.signed_at = now
        put = store.presign_put(
            image.key,
            content_type=image.mime_type,
            size=image.size,
            sha256=image.sha256,
            now=now,
        )
        record("image.presign", actor, objects=[image.id], subject=image.consultation_id)
        return Expected(image.id, image.key, put)


def _twin(actor: Actor, sending: Sending) -> Image | None:
    return db.session.scalar(
        select(Image)
        .where(
            Image.owner_id == actor.id,
            Image.sha256 == sending.sha256,
            Image.consultation_id == sending.consultation_id
            if sending.consultation_id
            else Image.consultation_id.is_(None),
            Image.state.in_((EXPECTED, READY)),
            Image.mime_type == sending.mime_type,
            Image.size == sending.size,
            Image.trashed_at.is_(None),
        )
        .order_by(Image.state.desc())  # ready before expected
        .limit(1)
    )


def _new_row(actor: Actor, sending: Sending) -> Image:
    image_id = uuid4()
    image = Image(
        id=image_id,
        owner_id=actor.id,
        consultation_id=sending.consultation_id,
        key=original_key(image_id, sending.consultation_id),
        filename=clean_filename(sending.filename),
        mime_type=sending.mime_type,
        size=sending.size,
        sha256=sending.sha256,
    )
    db.session.add(image)
    db.session.flush()
    return image


def _check(sending: Sending) -> None:
    if sending.size == 0:
        raise Refusal("This file is empty", "Choose the image again.", "empty", 422)
    if not 0 < sending.size <= LARGEST:
        raise Refusal(
            "This image is larger than 30 MB",
            "Send it from the phone's own camera roll, or save it as a JPEG first.",
            "too-large",
            413,
        )
    if sending.mime_type not in TYPES:
        raise Refusal(
            "This kind of file is not kept",
            "JPEG, PNG, HEIC, WebP, AVIF and TIFF are. Take a screenshot of what you need.",
            "not-an-image",
            415,
        )
    try:
        digest = base64.b64decode(sending.sha256, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != 32:
        raise Refusal("The sender's check sum can't be read", "Add the image again.", "hash", 422)


def _check_room(data: Path | None) -> None:
    if data is None:
        return
    usage = shutil.disk_usage(data)
    if usage.free / usage.total < LEAST_FREE:
        raise Refusal(
            "The disk of this server is nearly full",
            "Nothing was stored. Tell the practice manager: images wait here until there is room.",
            "disk-full",
            507,
        )


def clean_filename(text: str) -> str:
    """A name to show: the last part of a path, no control or direction characters, 120 at most."""
    name = unicodedata.normalize("NFC", text).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(one for one in name if unicodedata.category(one)[0] != "C")
    name = re.sub(r"\s+", " ", name).strip(" .")
    if len(name) > 120:
        stem, dot, ending = name.rpartition(".")
        name = f"{(stem or ending)[:110]}{dot}{ending[:9]}" if dot else name[:120]
    return name or "image"


def receive(actor: Actor, image_id: UUID, gateways: Gateways) -> None:
    """The sender's receipt: verify, decode, make durable, and only then call it ready.

    Doing it twice, or fifty times at once, is one image. Raises NotHere, Refusal (409 while
    nothing has arrived), ImageRejected with the reason, StorageError, DecoderDown.
    """
    authorize(actor, "image.add")
    image_for(actor, image_id)
    take_in(image_id, gateways, actor, is_sender=True)


def take_in(image_id: UUID, gateways: Gateways, by: By = SYSTEM, *, is_sender: bool) -> None:
    """Do what `receive` does, for whoever does it; the worker does it for senders that left."""
    image = db.session.get(Image, image_id)
    if image is None:
        raise NotHere
    state, reason = image.state, image.reason
    key, thumb_key = image.key, image.thumb_key
    said = StoredObject(image.size, image.mime_type, image.sha256)
    db.session.rollback()  # hold no connection while the store and the decoder work
    if state == READY:
        return
    if state in (REJECTED, EXPIRED):
        raise ImageRejected(reason or "It never arrived whole. Add it again.")
    try:
        decoded = _verify(key, said, gateways)
    except ImageRejected as error:
        if _reject(image_id, error.reason, by, is_reported=is_sender):
            gateways.store.delete(key)
            raise
        return  # another receipt was first: the bytes are the record's now
    gateways.store.write(thumb_key, decoded.thumb, "image/jpeg")
    gateways.store.make_durable()
    _make_ready(image_id, decoded, by)


def _verify(key: str, said: StoredObject, gateways: Gateways) -> Decoded:
    found = gateways.store.head(key)
    if found is None:
        raise Refusal("Nothing has arrived yet", "Send the bytes first.", "not-there-yet")
    is_same = found.size == said.size and found.sha256 in (None, said.sha256)
    if not is_same:
        raise ImageRejected("What arrived is not what was sent. Add the image again.")
    return gateways.decoder.thumb(gateways.store.read(key))


def _make_ready(image_id: UUID, decoded: Decoded, by: By) -> None:
    with transaction():
        image = db.session.get_one(Image, image_id, with_for_update=True)
        if image.state != EXPECTED:
            return  # another receipt was first
        image.state = READY
        image.mime_type = decoded.content_type
        image.width, image.height = decoded.width, decoded.height
        image.taken_at = decoded.taken_at
        image.ready_at = utc_now()
        image.touch()
        enqueue("derive", str(image_id))
        record("image.ready", by, objects=[image_id], subject=image.consultation_id)
        announce(topic(image.owner_id))


def _reject(image_id: UUID, reason: str, by: By, *, is_reported: bool) -> bool:
    """Whether the image is rejected now; False when another receipt has made it ready."""
    with transaction():
        image = db.session.get_one(Image, image_id, with_for_update=True)
        if image.state != EXPECTED:
            return image.state != READY
        image.state, image.reason, image.is_reported = REJECTED, reason, is_reported
        image.touch()
        record(
            "image.rejected",
            by,
            objects=[image_id],
            subject=image.consultation_id,
            outcome="rejected",
        )
        announce(topic(image.owner_id))
        return True


def derive(image_id: UUID, gateways: Gateways) -> None:
    """Make view and full of a ready image, durably; the card's and the viewer's links follow."""
    image = db.session.get(Image, image_id)
    if image is None or image.state != READY or image.has_derivatives:
        return
    key, view_key, full_key = image.key, image.view_key, image.full_key
    db.session.rollback()
    made = gateways.decoder.derivatives(gateways.store.read(key))
    gateways.store.write(view_key, made.view, "image/jpeg")
    gateways.store.write(full_key, made.full, "image/jpeg")
    gateways.store.make_durable()
    with transaction():
        image = db.session.get_one(Image, image_id)
        image.has_derivatives = True
        image.view_size = len(made.view)
        image.view_width, image.view_height = made.view_width, made.view_height


def adopt(gateways: Gateways) -> int:
    """Take in what was fully received but never reported; the number of images kept.

    Looks at what was signed for lately; `sweep` looks at everything.
    """
    now = utc_now()
    return _adopt_signed(now - timedelta(minutes=15), now - PATIENCE, gateways)


def sweep(gateways: Gateways) -> int:
    """Take in every image that is waiting with its bytes; give up those that never came."""
    now = utc_now()
    kept = _adopt_signed(now - timedelta(days=3650), now - timedelta(seconds=2), gateways)
    _expire_dead()
    return kept


def _adopt_signed(since: datetime, until: datetime, gateways: Gateways) -> int:
    ids = db.session.scalars(
        select(Image.id)
        .where(Image.state == EXPECTED, Image.signed_at >= since, Image.signed_at <= until)
        .order_by(Image.signed_at)
        .limit(1000)
    ).all()
    kept = 0
    for image_id in ids:
        try:
            take_in(image_id, gateways, is_sender=False)
            kept += 1
        except ImageRejected:
            continue  # its card says why
        except Refusal:
            continue  # no bytes yet
        except DecoderDown:
            log.warning("not read yet, tried again", extra={"image": image_id})
    return kept


def _expire_dead() -> None:
    dead = db.session.scalars(
        select(Image.id).where(Image.state == EXPECTED, Image.signed_at < utc_now() - DEAD)
    ).all()
    if not dead:
        return
    with transaction():
        for image in db.session.scalars(select(Image).where(Image.id.in_(dead))):
            image.state = EXPIRED
            image.touch()
        record("cleanup.presigns", SYSTEM, details={"count": str(len(dead))})


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


def be_nice() -> None:
    """Let this process's work come after what people wait for."""
    os.nice(10)
