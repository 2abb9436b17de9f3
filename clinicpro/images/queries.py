"""Finders of images: one's own, newest first, without a call to the store."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_

from clinicpro.accounts.permissions import Actor
from clinicpro.answers import NotHere
from clinicpro.consultations.models import Consultation
from clinicpro.db import db
from clinicpro.images.filters import Filters
from clinicpro.images.models import READY, REJECTED, Image
from clinicpro.images.showing import COLUMNS, Asked, Shown
from clinicpro.patients.models import Patient

PAGE = 60
MOST_CHANGES = 500
# Times are set before the commit that shows them: a look goes back this far, so that nothing is
# missed between two looks. Cards that are there already stay as they are.
OVERLAP = timedelta(seconds=5)


def topic(owner_id: UUID) -> str:
    """What fires when one of the owner's cards changed."""
    return f"images:{owner_id}"


@dataclass(frozen=True)
class GalleryPage:
    """One page of the gallery; `since` is handed back to ask for changes, `gone` names ids."""

    images: list[Shown]
    next_cursor: str | None
    since: str
    gone: list[UUID]

    @property
    def groups(self) -> list[tuple[date, list[Shown]]]:
        """By New Zealand day, newest first."""
        return [(day, list(some)) for day, some in groupby(self.images, key=lambda one: one.day)]


def image_for(actor: Actor, image_id: UUID) -> Image:
    """The actor's own image, in whatever state; somebody else's is the 404 of an unknown id."""
    image = db.session.get(Image, image_id)
    if image is None or image.owner_id != actor.id:
        raise NotHere
    return image


def image_by_key(actor: Actor, key: str) -> Image:
    """The actor's own image of a store key: looked up as a row, never trusted as a path."""
    image = db.session.scalar(select(Image).where(Image.key == key, Image.owner_id == actor.id))
    if image is None:
        raise NotHere
    return image


def shown_for(actor: Actor, image_id: UUID, asked: Asked) -> Shown:
    rows = _show(_own(actor).where(Image.id == image_id), asked)
    if not rows:
        raise NotHere
    return rows[0]


def gallery_page(
    actor: Actor, filters: Filters, asked: Asked, cursor: str | None = None, limit: int = PAGE
) -> GalleryPage:
    """The next `limit` cards after `cursor`; keyset paging, so deep pages cost as little."""
    query = _visible(actor).where(*filters.conditions())
    if cursor:
        query = query.where(_after(cursor))
    images = _show(_newest_first(query).limit(limit + 1), asked)
    has_more = len(images) > limit
    images = images[:limit]
    next_cursor = _cursor(images[-1]) if has_more else None
    return GalleryPage(images, next_cursor, asked.now.isoformat(), [])


def changes_since(actor: Actor, filters: Filters, asked: Asked, since: datetime) -> GalleryPage:
    """Cards that changed since the last look, and the ids that left the filter or the gallery."""
    changed = set(
        db.session.scalars(
            select(Image.id)
            .where(Image.owner_id == actor.id, Image.changed_at > since - OVERLAP)
            .order_by(Image.changed_at.desc())
            .limit(MOST_CHANGES)
        )
    )
    if not changed:
        return GalleryPage([], None, asked.now.isoformat(), [])
    query = _visible(actor).where(Image.id.in_(changed), *filters.conditions())
    images = _show(_newest_first(query), asked)
    gone = sorted(changed - {one.id for one in images})
    return GalleryPage(images, None, asked.now.isoformat(), gone)


def siblings_of(actor: Actor, image: Image, asked: Asked) -> list[Shown]:
    """The ready images of the same consultation (or of the tray), newest first, 200 at most."""
    query = (
        _own(actor)
        .where(Image.state == READY, Image.trashed_at.is_(None))
        .where(
            Image.consultation_id == image.consultation_id
            if image.consultation_id
            else Image.consultation_id.is_(None)
        )
    )
    return _show(_newest_first(query).limit(200), asked)


def images_in(actor: Actor, consultation_id: UUID, asked: Asked) -> list[Shown]:
    query = _visible(actor).where(Image.consultation_id == consultation_id)
    return _show(_newest_first(query).limit(500), asked)


def images_of_patient(actor: Actor, patient_id: UUID, asked: Asked) -> list[Shown]:
    """The actor's saved images of a patient, of whichever consultation, newest first."""
    query = _visible(actor).where(Image.state == READY, Consultation.patient_id == patient_id)
    return _show(_newest_first(query).limit(500), asked)


def unassigned_count(actor: Actor) -> int:
    """How many saved images wait in the actor's tray."""
    return (
        db.session.scalar(
            select(func.count(Image.id)).where(
                Image.owner_id == actor.id,
                Image.consultation_id.is_(None),
                Image.state == READY,
                Image.trashed_at.is_(None),
            )
        )
        or 0
    )


def has_images(actor: Actor) -> bool:
    return (
        db.session.scalar(select(Image.id).where(Image.owner_id == actor.id).limit(1)) is not None
    )


ROW = [getattr(Image, name) for name in COLUMNS]
Found = Select[*tuple[Any, ...]]  # the columns that Shown names


def _own(actor: Actor) -> Found:
    return (
        select(*ROW, Patient.name, Patient.nhi)
        .select_from(Image)
        .outerjoin(Consultation, Image.consultation_id == Consultation.id)
        .outerjoin(Patient, Consultation.patient_id == Patient.id)
        .where(Image.owner_id == actor.id)
    )


def _visible(actor: Actor) -> Found:
    """Saved images, and those whose rejection nobody has been told of yet."""
    return _own(actor).where(
        Image.trashed_at.is_(None),
        or_(Image.state == READY, and_(Image.state == REJECTED, ~Image.is_reported)),
    )


def _newest_first(query: Found) -> Found:
    return query.order_by(Image.uploaded_at.desc(), Image.id.desc())


def _show(query: Found, asked: Asked) -> list[Shown]:
    return [Shown(asked, *row) for row in db.session.execute(query)]


def _cursor(image: Shown) -> str:
    text = f"{image.uploaded_at.isoformat()} {image.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _after(cursor: str) -> ColumnElement[bool]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        moment, image_id = text.split(" ")
        place = (datetime.fromisoformat(moment), UUID(image_id))
        if place[0].tzinfo is None:
            raise ValueError("a cursor of ours carries its zone")
    except (ValueError, binascii.Error, UnicodeDecodeError) as error:
        raise NotHere from error
    return tuple_(Image.uploaded_at, Image.id) < place
