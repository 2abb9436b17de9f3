"""What holds after whatever happened: `broken(settings)` names every promise that does not.

The numbers are those of the security paper: I1 saved bytes are there, I2 a saved image is whole or
being made whole, I3 no object without a row, I4 states only move forward, I5 the record is whole.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator
from io import BytesIO

import boto3
from botocore.config import Config
from PIL import Image as Picture
from sqlalchemy import select

from clinicpro import create_app
from clinicpro.audit.models import AuditEvent
from clinicpro.audit.operations import verify
from clinicpro.db import db
from clinicpro.gateways import Gateways
from clinicpro.images.models import EXPECTED, EXPIRED, READY, REJECTED, Image
from clinicpro.jobs import Job
from clinicpro.settings import Settings

STATES = {EXPECTED, READY, REJECTED, EXPIRED}


def broken(settings: Settings) -> list[str]:
    """What does not hold now, in words; empty when all is well."""
    app = create_app(settings)
    try:
        with app.app_context():
            gateways: Gateways = app.extensions["gateways"]
            images = list(db.session.scalars(select(Image)))
            objects = set(keys_in_store(settings))
            found = [
                *_saved(images, objects, gateways),
                *_without_row(images, objects),
                *_record(images),
            ]
            db.session.remove()
            db.engine.dispose()
            return found
    finally:
        app.extensions["bus"].stop()


def states(settings: Settings) -> dict[str, str]:
    """State of every image there is, by id."""
    app = create_app(settings)
    with app.app_context():
        found = {
            str(row.id): row.state for row in db.session.execute(select(Image.id, Image.state))
        }
        db.session.remove()
        db.engine.dispose()
    return found


def moved_back(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """I4: only an expected image may become something else, and no row goes."""
    return [
        f"I4 {image_id} went from {state} to {after.get(image_id, 'nothing')}"
        for image_id, state in before.items()
        if after.get(image_id) != state and (state != EXPECTED or image_id not in after)
    ]


def keys_in_store(settings: Settings) -> Iterator[str]:
    client = boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint_url,
        aws_access_key_id=settings.s3_access_key_id,
        aws_secret_access_key=settings.s3_secret_access_key,
        region_name=settings.s3_region,
        config=Config(s3={"addressing_style": "path"}),
    )
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=settings.s3_bucket):
        yield from (one["Key"] for one in page.get("Contents", []))
    client.close()


def _saved(images: list[Image], objects: set[str], gateways: Gateways) -> Iterator[str]:
    derived = set(db.session.scalars(select(Job.subject).where(Job.kind == "derive")))
    for image in images:
        if image.state not in STATES:
            yield f"I4 {image.id} is {image.state}"
        if image.state != READY:
            continue
        if not (image.width and image.height and image.ready_at):
            yield f"I2 {image.id} is half a row"
        content = gateways.store.find(image.key)
        digest = hashlib.sha256(content or b"").digest()
        if content is None or base64.b64encode(digest).decode() != image.sha256:
            yield f"I1 the original of {image.id} is not what was sent"
        wanted = {image.thumb_key}
        if image.has_derivatives:
            wanted |= {image.view_key, image.full_key}
        elif image.is_preparing and str(image.id) not in derived:
            yield f"I2 nobody makes the derivatives of {image.id}"
        for key in wanted:
            if key not in objects or not _is_whole(gateways.store.read(key)):
                yield f"I2 {key} is not whole"


def _is_whole(content: bytes) -> bool:
    try:
        Picture.open(BytesIO(content)).load()
    except OSError:
        return False
    return True


def _without_row(images: list[Image], objects: set[str]) -> Iterator[str]:
    """Stricter than I3, which gives them a day: nothing writes an object before its row."""
    keys = {image.key for image in images}
    ids = {str(image.id) for image in images}
    for key in objects - keys:
        kind, _, rest = key.partition("/")
        if kind != "derivatives" or rest.partition("/")[0] not in ids:
            yield f"I3 nobody knows {key}"


def _record(images: list[Image]) -> Iterator[str]:
    verdict = verify()
    if not verdict.is_whole:
        yield f"I5 event {verdict.bad_seq}: {verdict.problem}"
    told: Counter[tuple[str, str]] = Counter()
    for action, objects in db.session.execute(select(AuditEvent.action, AuditEvent.objects)):
        told.update((action, one) for one in objects)
    for image in images:
        for state, action in ((READY, "image.ready"), (REJECTED, "image.rejected")):
            times = told[action, str(image.id)]
            if times != (image.state == state):
                yield f"I5 {image.id} is {image.state}, {times} times {action}"
