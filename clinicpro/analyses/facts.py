"""What is known of an image for the prompt's variables: labels, age, context; no name, no NHI."""

from __future__ import annotations

from sqlalchemy import select

from clinicpro.consultations.models import Consultation
from clinicpro.db import db
from clinicpro.formats import age
from clinicpro.images.models import Image
from clinicpro.images.showing import Shown
from clinicpro.images.vocabulary import BODY_SITES, SIDES, VIEWS
from clinicpro.patients.models import Patient

BOTH = "left and right"  # what the screens call "Both sides" goes badly with a site


def facts_of(image: Image | Shown, context: str) -> dict[str, str]:
    """Every variable with its words for this image; what is not known is empty."""
    return {
        "site": _label(BODY_SITES.get(image.body_site or "")),
        "side": _side(image.laterality),
        "view": VIEWS.get(image.view or "", ""),
        "history": context,
        "age": _age(image),
    }


def _label(entry: tuple[str, str | None] | None) -> str:
    return entry[0].lower() if entry else ""


def _side(laterality: str | None) -> str:
    return BOTH if laterality == "bilateral" else _label(SIDES.get(laterality or ""))


def _age(image: Image | Shown) -> str:
    born = db.session.scalar(
        select(Patient.date_of_birth)
        .join(Consultation, Consultation.patient_id == Patient.id)
        .where(Consultation.id == image.consultation_id)
    )
    if born is None:
        return ""
    return str(age(born)) if age(born) >= 1 else "under 1"
