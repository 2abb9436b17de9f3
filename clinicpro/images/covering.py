"""Parts of an image that somebody painted over: a recipe beside the original, baked for sending."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import JSON, ForeignKey, Index, select
from sqlalchemy.orm import Mapped, mapped_column

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.answers import Refusal
from clinicpro.audit.operations import record
from clinicpro.db import Model, UtcDateTime, db, transaction, utc_now
from clinicpro.gateways import Area, Covered, Gateways, ImageRejected
from clinicpro.images.models import READY, derivative_key
from clinicpro.images.queries import image_for

MOST = 50  # areas on one image
WHOLE = 10_000  # an area's units to a side


class Covering(Model):
    """One recipe: the areas to paint black, and the JPEG baked from the view with them.

    The latest of an image counts; one without areas says that nothing is covered any more.
    """

    __tablename__ = "covering"
    __table_args__ = (Index(None, "image_id", "made_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    image_id: Mapped[UUID] = mapped_column(ForeignKey("image.id"))
    areas: Mapped[list[list[int]]] = mapped_column(JSON)  # x, y, width, height of each
    sha256: Mapped[str | None]  # of the baked JPEG, in hex
    size: Mapped[int | None]
    made_by: Mapped[UUID] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    @property
    def key(self) -> str:
        return derivative_key(self.image_id, f"covered-{self.id}")


def covering_of(image_id: UUID) -> Covering | None:
    """What is covered on the image now, or None when nothing is."""
    latest = _latest(image_id)
    return latest if latest is not None and latest.areas else None


def _latest(image_id: UUID) -> Covering | None:
    return db.session.scalar(
        select(Covering)
        .where(Covering.image_id == image_id)
        .order_by(Covering.made_at.desc())
        .limit(1)
    )


def areas_from(text: str) -> list[Area]:
    """The areas that a browser names, as JSON; cut to the image. Raises Refusal."""
    try:
        given = json.loads(text or "[]")
        areas = [Area(*(int(number) for number in one)) for one in given]
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Refusal(
            "The covered parts can’t be read", "Paint them again.", "areas", 422
        ) from error
    inside = (_inside(area) for area in areas)
    kept = [area for area in inside if area.width > 0 and area.height > 0]
    if len(kept) > MOST:
        raise Refusal(f"Up to {MOST} parts can be covered", "Join some of them.", "areas", 422)
    return kept


def _inside(area: Area) -> Area:
    left, top = max(0, area.x), max(0, area.y)
    right = min(WHOLE, area.x + area.width)
    bottom = min(WHOLE, area.y + area.height)
    return Area(left, top, right - left, bottom - top)


def cover(actor: Actor, image_id: UUID, areas: Sequence[Area], gateways: Gateways) -> None:
    """From now on `areas` are black in what leaves the house; the original stays as it is.

    The pixels are painted by the decoder, from our own view. Raises Refusal while there is none,
    StorageError, DecoderDown.
    """
    authorize(actor, "image.edit")
    image = image_for(actor, image_id)
    if image.state != READY or not image.has_derivatives or image.is_trashed:
        raise Refusal("Nothing can be covered here yet", "Open the image again.", "not-ready")
    recipe = [[one.x, one.y, one.width, one.height] for one in areas]
    latest, view_key = _latest(image_id), image.view_key
    if recipe == (latest.areas if latest else []):
        return
    covering = Covering(id=uuid4(), image_id=image_id, areas=recipe, made_by=actor.id)
    db.session.rollback()  # no connection is held while the decoder works
    if areas:
        baked = _bake(view_key, areas, gateways)
        covering.sha256 = hashlib.sha256(baked.jpeg).hexdigest()
        covering.size = len(baked.jpeg)
        gateways.store.write(covering.key, baked.jpeg, "image/jpeg")
        gateways.store.make_durable()
    with transaction():
        image = image_for(actor, image_id)
        db.session.add(covering)
        record(
            "image.cover",
            actor,
            objects=[image_id, covering.id],
            subject=image.consultation_id,
            details={"areas": str(len(recipe)), "sha256": covering.sha256 or "none"},
        )


def _bake(view_key: str, areas: Sequence[Area], gateways: Gateways) -> Covered:
    try:
        return gateways.decoder.cover(gateways.store.read(view_key), areas)
    except ImageRejected as error:
        raise Refusal("This image can’t be covered", error.reason, "rejected") from error
