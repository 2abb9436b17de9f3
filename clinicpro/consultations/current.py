"""The consultation in which the person who asks works now, looked up once a request."""

from __future__ import annotations

from flask import g

from clinicpro.accounts.guard import actor_or_none
from clinicpro.consultations.models import Consultation
from clinicpro.consultations.queries import current_consultation


def current() -> Consultation | None:
    if "current_consultation" not in g:
        actor = actor_or_none()
        g.current_consultation = current_consultation(actor) if actor else None
    found: Consultation | None = g.current_consultation
    return found
