"""Two images of one patient in one run: which may be the earlier one, and how each is announced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from clinicpro.accounts.permissions import Actor
from clinicpro.answers import Refusal
from clinicpro.consultations.models import Consultation
from clinicpro.db import db
from clinicpro.formats import NZ, short_date
from clinicpro.images.covering import Covering
from clinicpro.images.models import Image
from clinicpro.images.queries import images_of_patient
from clinicpro.images.showing import Shown

MOST = 24  # to choose from
# A clock that was never set says 1970 or 1980; one that runs ahead is believed for an hour.
FIRST_YEAR = 2000
AHEAD = timedelta(hours=1)


@dataclass(frozen=True)
class Candidate:
    """An image that may be the earlier one; `is_same_place`: same site and side."""

    image: Shown
    when: str
    is_same_place: bool


@dataclass(frozen=True)
class Sent:
    """An image with what is covered of it: the very JPEG that the model gets."""

    image: Shown
    covering: Covering | None

    @property
    def url(self) -> str:
        return self.image.link(self.covering.key) if self.covering else self.image.view_url

    @property
    def shown(self) -> str:
        """What names this state of the image, so that nothing else is sent."""
        return str(self.covering.id) if self.covering else ""


@dataclass(frozen=True)
class Pair:
    """Two images side by side, each with its date."""

    earlier: Sent
    later: Sent

    @property
    def dates(self) -> tuple[str, str]:
        return dates_of(self.earlier.image, self.later.image)


def moment_of(image: Image | Shown) -> datetime:
    """When it was taken, as its camera says; when it was added, where that can't be believed."""
    if image.taken_at is None or image.taken_at.year < FIRST_YEAR:
        return image.uploaded_at
    taken = image.taken_at.replace(tzinfo=NZ)
    return taken if taken <= image.uploaded_at + AHEAD else image.uploaded_at


def order_of(image: Image | Shown) -> tuple[datetime, datetime]:
    """What came first: as taken, and of one moment as added."""
    return moment_of(image), image.uploaded_at


def dates_of(earlier: Image | Shown, later: Image | Shown) -> tuple[str, str]:
    """The day of each, with the time where it is the same day."""
    then, now = moment_of(earlier).astimezone(NZ), moment_of(later).astimezone(NZ)
    if then.date() == now.date():
        return f"{short_date(then)}, {then:%H:%M}", f"{short_date(now)}, {now:%H:%M}"
    return short_date(then), short_date(now)


def labels_of(earlier: Image | Shown, later: Image | Shown) -> tuple[str, str]:
    """How the model is told which image is which."""
    then, now = dates_of(earlier, later)
    return f"Image 1 of 2, the earlier one, of {then}:", f"Image 2 of 2, the later one, of {now}:"


def patient_of(image: Image | Shown) -> UUID | None:
    return db.session.scalar(
        select(Consultation.patient_id).where(Consultation.id == image.consultation_id)
    )


def is_a_pair(earlier: Image, later: Image) -> bool:
    """Whether both are of one patient, and in this order."""
    patient = patient_of(later)
    is_theirs = patient is not None and patient == patient_of(earlier)
    return is_theirs and earlier.id != later.id and order_of(earlier) < order_of(later)


def check_pair(earlier: Image, later: Image) -> None:
    """Raises Refusal where the two can't be compared."""
    if not is_a_pair(earlier, later):
        raise Refusal(
            "These two images can’t be compared",
            "Choose an earlier image of the same patient. Nothing was sent.",
            "pair",
            422,
        )


def candidates_for(actor: Actor, image: Shown) -> list[Candidate]:
    """The actor's own earlier images of the patient: same site and side first, then the newest."""
    patient = patient_of(image)
    if patient is None:
        return []
    order, place = order_of(image), (image.body_site, image.laterality)
    found = [
        Candidate(
            shown,
            dates_of(shown, image)[0],
            place[0] is not None and place == (shown.body_site, shown.laterality),
        )
        for shown in images_of_patient(actor, patient, image.asked)
        if shown.has_derivatives and order_of(shown) < order
    ]
    found.sort(key=lambda one: order_of(one.image), reverse=True)
    found.sort(key=lambda one: not one.is_same_place)
    return found[:MOST]
