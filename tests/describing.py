"""Runs of the model as tests ask for them."""

from __future__ import annotations

from uuid import UUID

from clinicpro.analyses.models import Analysis
from clinicpro.analyses.operations import Ask, start_analysis
from clinicpro.analyses.switching import set_policy
from clinicpro.audit.operations import SYSTEM
from clinicpro.db import db
from clinicpro.gateways.fakes import FakeStore
from clinicpro.worker import run_due
from tests.factories import Person, make_consultation, send_image

ASK = Ask("general", "Is the edge even?", "Fell off a bicycle.", has_consent=True)


def turn_on(**limits: int) -> None:
    set_policy(SYSTEM, is_on=True, basis="Assessed on 1 May", **limits)
    db.session.rollback()


def image_to_describe(person: Person, store: FakeStore) -> UUID:
    """An image of Mere Tāmati's consultation with all its derivatives."""
    consultation_id = make_consultation(person)
    image_id = UUID(send_image(person, store, sessionId=str(consultation_id)))
    run_due(person.app)
    return image_id


def ask(person: Person, image_id: UUID) -> UUID:
    analysis_id = start_analysis(person.actor, image_id, ASK)
    db.session.rollback()
    return analysis_id


def described(person: Person, image_id: UUID) -> UUID:
    """A run that has ended, however it ended."""
    analysis_id = ask(person, image_id)
    run_due(person.app)
    return analysis_id


def row(analysis_id: UUID) -> Analysis:
    db.session.rollback()
    return db.session.get_one(Analysis, analysis_id)
