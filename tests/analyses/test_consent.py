"""That the patient agreed: who says so, when, in which words; in the panel and in the note."""

from __future__ import annotations

from uuid import UUID

from flask import Flask
from sqlalchemy import select

from clinicpro.analyses.models import SendConsent
from clinicpro.analyses.switching import set_policy
from clinicpro.audit.operations import SYSTEM
from clinicpro.db import db
from clinicpro.gateways.fakes import FakeDescriber
from tests.analyses.asking import HTMX, ask, described, the_run
from tests.factories import Person

WORDING = "I have shown the patient the image and she agrees to its being described"


def test_consent_is_a_row_of_its_own_in_the_words_that_were_ticked(
    gp: Person, image_id: UUID
) -> None:
    set_policy(SYSTEM, is_on=True, basis="Assessed", wording=f" {WORDING}\u200b ")
    assert WORDING in gp.get(f"/images/{image_id}/analyses/new", headers=HTMX).text
    ask(gp, image_id)
    set_policy(SYSTEM, is_on=True, basis="Assessed", wording="Other words")
    db.session.rollback()
    consent = db.session.scalars(select(SendConsent)).one()
    assert (consent.wording, consent.recorded_by) == (WORDING, gp.user_id)
    assert (consent.image_id, consent.analysis_id) == (image_id, the_run().id)


def test_no_consent_no_row_and_no_run(gp: Person, image_id: UUID) -> None:
    body = {"imageId": str(image_id), "consent": False}
    assert gp.post("/api/clinical-images/analyze", json=body).status_code == 409
    assert list(db.session.scalars(select(SendConsent))) == []


def test_it_is_shown_in_the_panel_and_in_the_note(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    set_policy(SYSTEM, is_on=True, basis="Assessed", wording=WORDING)
    run_id = described(app, gp, image_id)
    panel = gp.get(f"/analyses/{run_id}", headers=HTMX).text
    assert f"“{WORDING}”" in panel
    assert "Dr Aroha Ngata" in panel
    answer = gp.post(f"/analyses/{run_id}/note-entry", data={"findings": "An abrasion."})
    note = gp.get(answer.location).text
    assert f"“{WORDING}”" in note


def test_an_empty_wording_is_the_usual_one(gp: Person, image_id: UUID) -> None:
    set_policy(SYSTEM, is_on=True, basis="Assessed", wording="  ")
    page = gp.get(f"/images/{image_id}/analyses/new", headers=HTMX).text
    assert "The patient has agreed to this image being sent" in page
