"""What was changed of the model's words is kept and shown; so is every later change."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from clinicpro.db import db
from clinicpro.formats import nz_date, nz_time
from clinicpro.gateways.fakes import FakeStore
from clinicpro.notes.changes import Change, changes
from clinicpro.notes.models import Finding, FindingEdit
from tests.analyses.asking import HTMX, described, ready_image, recorded, the_run
from tests.factories import Person

TEXT = "Left forearm. Superficial abrasion."


@pytest.fixture
def run_id(app: Flask, gp: Person, store: FakeStore) -> UUID:
    return described(app, gp, ready_image(app, gp, store))


def accepted(gp: Person, run_id: UUID, words: str) -> Finding:
    answer = gp.post(f"/analyses/{run_id}/note-entry", data={"findings": words}, headers=HTMX)
    assert answer.status_code == 200
    return the_finding()


def the_finding() -> Finding:
    db.session.rollback()
    return db.session.scalars(select(Finding)).one()


def test_the_difference_is_kept_and_shown_in_the_note(gp: Person, run_id: UUID) -> None:
    finding = accepted(gp, run_id, "Right forearm. Superficial abrasion, clean.")
    assert (the_run().text, finding.is_edited) == (TEXT, True)
    note = gp.get(f"/consultations/{finding.consultation_id}").text
    assert "<del>Left</del><ins>Right</ins> forearm." in note
    assert "<del>abrasion.</del><ins>abrasion, clean.</ins>" in note


def test_unchanged_words_show_no_difference(gp: Person, run_id: UUID) -> None:
    finding = accepted(gp, run_id, TEXT)
    assert "What was changed" not in gp.get(f"/consultations/{finding.consultation_id}").text


def test_accepted_words_can_be_changed_in_the_note_and_what_they_were_is_kept(
    gp: Person, run_id: UUID
) -> None:
    finding = accepted(gp, run_id, TEXT)
    form = {"findings": "Left forearm. Graze."}
    answer = gp.post(f"/findings/{finding.id}/edits", data=form, headers=HTMX)
    assert (answer.status_code, "Left forearm. Graze." in answer.text) == (200, True)
    assert "edited and accepted by Dr Aroha Ngata" in answer.text
    assert the_finding().text == "Left forearm. Graze."
    edit = db.session.scalars(select(FindingEdit)).one()
    assert (edit.before, edit.edited_by) == (TEXT, gp.user_id)
    [event] = [one for one in recorded() if one.action == "note.edit_finding"]
    assert event.details == {"sizes": "none"}
    gp.post(f"/findings/{finding.id}/edits", data=form)  # the same again is no edit
    assert len(list(db.session.scalars(select(FindingEdit)))) == 1


def test_a_size_put_in_later_takes_a_second_click_too(gp: Person, run_id: UUID) -> None:
    finding = accepted(gp, run_id, TEXT)
    form = {"findings": "A graze of 3 cm."}
    answer = gp.post(f"/findings/{finding.id}/edits", data=form, headers=HTMX)
    assert (answer.status_code, "It was measured" in answer.text) == (422, True)
    page = gp.post(f"/findings/{finding.id}/edits", data=form, headers={"Accept": "text/html"})
    assert (page.status_code, "<!doctype html>" in page.text) == (422, True)
    assert the_finding().text == TEXT
    form["sizes"] = "checked"
    answer = gp.post(f"/findings/{finding.id}/edits", data=form)
    assert answer.location == f"/consultations/{finding.consultation_id}"
    assert the_finding().text == "A graze of 3 cm."


def test_what_is_out_of_the_note_or_somebody_elses_is_not_changed(
    gp: Person, colleague: Person, run_id: UUID
) -> None:
    finding = accepted(gp, run_id, TEXT)
    form = {"findings": "Other words"}
    assert colleague.post(f"/findings/{finding.id}/edits", data=form).status_code == 404
    assert gp.post(f"/findings/{finding.id}/edits", data={"findings": " "}).status_code == 422
    gp.post(f"/findings/{finding.id}/removal")
    assert gp.post(f"/findings/{finding.id}/edits", data=form).status_code == 409
    assert the_finding().text == TEXT


def test_a_rejection_keeps_its_reason(gp: Person, run_id: UUID) -> None:
    form = {"reason": "Wrong side\n<b>"}
    answer = gp.post(f"/analyses/{run_id}/reject", data=form, headers=HTMX)
    assert "“Wrong side &lt;b&gt;”" in answer.text
    assert the_run().rejection_reason == "Wrong side <b>"


def test_the_words_can_be_saved_as_text_with_what_they_are(gp: Person, run_id: UUID) -> None:
    answer = gp.get(f"/analyses/{run_id}/text")
    assert answer.mimetype == "text/plain"
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="ai-description-{run_id}.txt"'
    )
    run = the_run()
    first, *others = answer.text.splitlines()
    assert first == "AI DRAFT, NOT ACCEPTED."
    assert others[-1] == TEXT
    for part in (
        "The model’s own words, unchanged.",
        "AI-assisted description. Not a diagnosis.",
        f"Image: {run.image_id}",
        f"SHA-256 of what was sent: {run.derivative_sha256}",
        f"Model: {run.model}",
        f"Prompt: {run.prompt_title}, version 1; rules, version",
        "Consent: “The patient has agreed to this image being sent to be described”",
        f"{nz_date(run.requested_at)}, {nz_time(run.requested_at)}, by Dr Aroha Ngata",
    ):
        assert part in answer.text
    assert "Mere" not in answer.text
    assert "ZZZ" not in answer.text
    assert recorded()[-1].action == "analysis.export"
    accepted(gp, run_id, TEXT)
    accepted_text = gp.get(f"/analyses/{run_id}/text").text
    assert "ACCEPTED INTO THE NOTE." in accepted_text.splitlines()[0]
    assert "Accepted by Dr Aroha Ngata, " in accepted_text


def test_a_draft_is_saved_as_it_stands_on_the_screen(gp: Person, run_id: UUID) -> None:
    path = f"/analyses/{run_id}/text"
    panel = gp.get(f"/analyses/{run_id}", headers=HTMX).text
    assert f'action="{path}"' in panel
    saved = gp.post(path, data={"findings": "Left forearm.\r\nGraze."})
    assert saved.text.splitlines()[0] == "AI DRAFT, NOT ACCEPTED."
    assert saved.text.endswith("Left forearm.\nGraze.\n")
    assert "The model’s words, changed on the screen by Dr Aroha Ngata." in saved.text
    assert "name=" in saved.headers["Content-Disposition"]
    assert recorded()[-1].details == {"edited": "yes"}
    assert "unchanged" in gp.post(path, data={"findings": TEXT}).text
    assert the_run().text == TEXT  # nothing was changed by that


def test_what_is_copied_says_what_it_is(gp: Person, run_id: UUID) -> None:
    told = f"Image {str(the_run().image_id)[:8]} · {the_run().prompt_title} v1 · "
    panel = gp.get(f"/analyses/{run_id}", headers=HTMX).text
    assert panel.count("data-copy") == 2
    assert f'<p data-copy="" hidden>AI draft, not accepted. {told}' in panel
    gp.post(f"/analyses/{run_id}/reject", headers=HTMX)
    panel = gp.get(f"/analyses/{run_id}", headers=HTMX).text
    assert panel.count("data-copy") == 2
    assert f'<p data-copy="" hidden>Rejected AI draft. {told}' in panel


def test_changes_are_told_in_the_order_of_reading() -> None:
    assert changes("a b c", "a x c d") == [
        Change("kept", "a "),
        Change("gone", "b"),
        Change("new", "x"),
        Change("kept", " c"),
        Change("new", " d"),
    ]
    assert changes("same", "same") == [Change("kept", "same")]
