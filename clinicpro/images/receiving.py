"""What arrived: verified, decoded, made durable, and what the worker does behind."""

from __future__ import annotations

import base64
import hashlib
import logging
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.answers import NotHere, Refusal
from clinicpro.audit.operations import SYSTEM, By, record
from clinicpro.db import db, transaction, utc_now
from clinicpro.gateways import Decoded, DecoderDown, Gateways, ImageRejected
from clinicpro.images.models import EXPECTED, EXPIRED, READY, REJECTED, Image
from clinicpro.images.queries import image_for, topic
from clinicpro.jobs import enqueue
from clinicpro.live import announce

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=20)  # a sender's own receipt comes first
DEAD = timedelta(hours=24)  # an expected image without bytes is given up


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
    said = image.sha256
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


def _verify(key: str, said: str, gateways: Gateways) -> Decoded:
    content = gateways.store.find(key)
    if content is None:
        raise Refusal("Nothing has arrived yet", "Send the bytes first.", "not-there-yet")
    if base64.b64encode(hashlib.sha256(content).digest()).decode() != said:
        raise ImageRejected("What arrived is not what was sent. Add the image again.")
    return gateways.decoder.thumb(content)


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
    """Make view and full of a ready image, durably; the viewer's links follow.

    What can be read at thumbnail scale and not in full stays, with the reason on its row.
    """
    image = db.session.get(Image, image_id)
    if image is None or not image.is_preparing:
        return
    key, view_key, full_key = image.key, image.view_key, image.full_key
    db.session.rollback()
    try:
        made = gateways.decoder.derivatives(gateways.store.read(key))
    except ImageRejected as error:
        stay_small(image_id, error.reason)
        return
    gateways.store.write(view_key, made.view, "image/jpeg")
    gateways.store.write(full_key, made.full, "image/jpeg")
    gateways.store.make_durable()
    with transaction():
        image = db.session.get_one(Image, image_id)
        image.has_derivatives = True
        image.view_size = len(made.view)
        image.view_width, image.view_height = made.view_width, made.view_height


def stay_small(image_id: UUID, reason: str) -> None:
    """Note why a ready image is shown by its thumbnail alone."""
    with transaction():
        image = db.session.get_one(Image, image_id)
        if not image.is_preparing:
            return
        image.reason = reason
        record("image.not-prepared", SYSTEM, objects=[image_id], subject=image.consultation_id)


def adopt(gateways: Gateways) -> int:
    """Take in what was fully received but never reported; the number of images kept.

    Looks at what was signed for lately; `sweep` looks at everything.
    """
    now = utc_now()
    return _adopt_signed(now - timedelta(minutes=15), now - PATIENCE, gateways)


def sweep(gateways: Gateways) -> list[UUID]:
    """Take in every image that is waiting with its bytes; the ids of those without any."""
    now = utc_now()
    missing: list[UUID] = []
    _adopt_signed(now - timedelta(days=3650), now - timedelta(seconds=2), gateways, missing)
    return missing


def _adopt_signed(
    since: datetime, until: datetime, gateways: Gateways, missing: list[UUID] | None = None
) -> int:
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
        except Refusal:  # no bytes yet
            if missing is not None:
                missing.append(image_id)
        except DecoderDown:
            log.warning("not read yet, tried again", extra={"image": image_id})
    return kept


def expire(missing: list[UUID], now: datetime) -> int:
    """In the caller's transaction: give up those whose last link is a day old; how many.

    `missing` are ids that the store was asked about: an image with bytes is never given up.
    """
    dead = db.session.scalars(
        select(Image).where(
            Image.id.in_(missing), Image.state == EXPECTED, Image.signed_at < now - DEAD
        )
    ).all()
    for image in dead:
        image.state = EXPIRED
        image.touch()
    return len(dead)
