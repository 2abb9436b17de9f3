"""What a sender says it will send: a row that expects the bytes, and a link to put them."""

from __future__ import annotations

import base64
import binascii
import re
import shutil
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, or_, select

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.answers import Refusal
from clinicpro.audit.operations import record
from clinicpro.consultations.queries import consultation_for
from clinicpro.db import db, transaction, utc_now
from clinicpro.gateways import SignedPut, Store
from clinicpro.images.models import EXPECTED, READY, Image, original_key

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


@dataclass(frozen=True)
class Sending:
    """What a sender says it will send: `sha256` in base64, `size` in bytes.

    A phone names its pairing, and itself in words (`device`). `photo_consent` is the wording
    that the patient agreed to, None where nothing was said.
    """

    filename: str
    mime_type: str
    size: int
    sha256: str
    consultation_id: UUID | None = None
    pairing_id: UUID | None = None
    device: str | None = None
    body_site: str | None = None
    laterality: str | None = None
    view: str | None = None
    label: str | None = None
    photo_consent: str | None = None


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

    The same bytes for the same target, or taken under the same pairing, are one image: an
    expected one gets a fresh link, a ready one is answered as a duplicate. `data` is the disk to
    keep room on, None where it is not ours. Raises Refusal (413, 415, 422, 507) and NotHere for
    somebody else's consultation.
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
        _describe(image, sending, actor)
        image.signed_at = now
        put = store.presign_put(
            image.key,
            content_type=image.mime_type,
            size=image.size,
            sha256=image.sha256,
            now=now,
        )
        record(
            "image.presign",
            actor,
            objects=[image.id],
            subject=image.consultation_id,
            details={"pairing": str(image.pairing_id)} if image.pairing_id else None,
        )
        return Expected(image.id, image.key, put)


def _twin(actor: Actor, sending: Sending) -> Image | None:
    place: ColumnElement[bool] = (
        Image.consultation_id == sending.consultation_id
        if sending.consultation_id
        else Image.consultation_id.is_(None)
    )
    if sending.pairing_id:  # wherever it is by now: it was sent before
        place = or_(place, Image.pairing_id == sending.pairing_id)
    return db.session.scalar(
        select(Image)
        .where(
            Image.owner_id == actor.id,
            Image.sha256 == sending.sha256,
            place,
            or_(
                Image.state == READY,  # its type is by content now
                and_(Image.state == EXPECTED, Image.mime_type == sending.mime_type),
            ),
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
        pairing_id=sending.pairing_id,
        device=sending.device,
        key=original_key(image_id, sending.consultation_id, sending.pairing_id),
        filename=clean_filename(sending.filename),
        mime_type=sending.mime_type,
        size=sending.size,
        sha256=sending.sha256,
    )
    db.session.add(image)
    return image


def _describe(image: Image, sending: Sending, actor: Actor) -> None:
    """What was said with the last presign counts until the bytes are there."""
    if image.pairing_id is not None and image.pairing_id == sending.pairing_id:
        image.consultation_id = sending.consultation_id  # its key names the pairing alone
    for name in ("body_site", "laterality", "view", "label"):
        said = getattr(sending, name)
        if said:
            setattr(image, name, said)
    if sending.photo_consent:
        image.photo_consent, image.photo_consent_by = sending.photo_consent, actor.id
        image.photo_consent_at = utc_now()


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
