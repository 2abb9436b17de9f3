"""Accepted words: into the right note, with where they come from, and out again."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from clinicpro.analyses.models import Analysis
from clinicpro.db import db
from clinicpro.gateways.fakes import FakeDescriber, FakeStore
from clinicpro.images.models import Image
from clinicpro.notes.models import Finding, Note
from tests.analyses.asking import HTMX, ask, described, ready_image, recorded, the_run
from tests.factories import Person, make_consultation

TEXT = "Left forearm. Superficial abrasion."


@pytest.fixture
def image_id(app: Flask, gp: Person, store: FakeStore) -> UUID:
    return ready_image(app, gp, store)


@pytest.fixture
def run_id(app: Flask, gp: Person, image_id: UUID) -> UUID:
    return described(app, gp, image_id)


def accept(person: Person, run_id: UUID, words: str = TEXT) -> str:
    answer = person.post(f"/analyses/{run_id}/note-entry", data={"findings": words}, headers=HTMX)
    assert answer.status_code == 200, answer.text
    return answer.text


def findings() -> list[Finding]:
    db.session.rollback()
    return list(db.session.scalars(select(Finding)))


def note_page(person: Person, image_id: UUID) -> str:
    db.session.rollback()
    consultation_id = db.session.get_one(Image, image_id).consultation_id
    answer = person.get(f"/consultations/{consultation_id}")
    assert answer.status_code == 200
    return answer.text


def test_nothing_is_in_a_note_before_it_is_accepted(
    gp: Person, run_id: UUID, image_id: UUID
) -> None:
    page = note_page(gp, image_id)
    assert TEXT not in page
    assert "Draft" in page
    assert (findings(), list(db.session.scalars(select(Note)))) == ([], [])  # a GET writes nothing


def test_accepted_words_stand_in_the_note_with_where_they_come_from(
    gp: Person, run_id: UUID, image_id: UUID
) -> None:
    assert "In the note" in accept(gp, run_id)
    page = note_page(gp, image_id)
    assert TEXT in page
    assert "accepted by Dr Aroha Ngata" in page
    assert "edited and accepted" not in page
    assert "claude-sonnet-5-5" in page
    [event] = [one for one in recorded() if one.action == "analysis.accept"]
    assert event.details == {"edited": "no", "sizes": "none"}
    assert str(image_id) in event.objects


def test_edited_words_go_in_and_the_models_own_are_kept(
    gp: Person, run_id: UUID, image_id: UUID
) -> None:
    accept(gp, run_id, "Left forearm.\r\nGraze,\x00 clean.\u200b")
    [finding] = findings()
    assert finding.text == "Left forearm.\nGraze, clean."
    assert finding.is_edited
    assert the_run().text == TEXT
    assert "edited and accepted by" in note_page(gp, image_id)


def test_line_ends_of_a_form_are_no_edit(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    describer.pieces = ["- Left forearm\n- Abrasion\n"]
    accept(gp, described(app, gp, image_id), "- Left forearm\r\n- Abrasion\r\n")
    assert not findings()[0].is_edited


def test_two_clicks_are_one_finding(gp: Person, run_id: UUID) -> None:
    accept(gp, run_id)
    accept(gp, run_id, "Other words")
    assert [one.text for one in findings()] == [TEXT]
    assert [one.action for one in recorded()].count("analysis.accept") == 1


def test_no_words_too_many_words_and_a_run_under_way_are_refused(
    app: Flask, gp: Person, run_id: UUID, image_id: UUID
) -> None:
    for words in (" \r\n ", "x" * 50_001):
        answer = gp.post(f"/analyses/{run_id}/note-entry", data={"findings": words})
        assert answer.status_code == 422
    ask(gp, image_id)
    under_way = db.session.scalars(select(Analysis.id).where(Analysis.state == "queued")).one()
    answer = gp.post(f"/analyses/{under_way}/note-entry", data={"findings": "x"})
    assert answer.status_code == 409
    assert findings() == []


def test_words_of_an_image_in_no_consultation_wait(
    gp: Person, run_id: UUID, image_id: UUID
) -> None:
    gp.post(f"/images/{image_id}/move", data={"consultation_id": ""})
    answer = gp.post(f"/analyses/{run_id}/note-entry", data={"findings": TEXT}, headers=HTMX)
    assert (answer.status_code, "in no consultation" in answer.text) == (409, True)
    assert "Accept into the note" not in gp.get(f"/analyses/{run_id}", headers=HTMX).text
    assert findings() == []


def test_moved_to_the_right_patient_an_image_takes_its_words_along(
    gp: Person, run_id: UUID, image_id: UUID
) -> None:
    accept(gp, run_id)
    wrong = db.session.get_one(Image, image_id).consultation_id
    right = make_consultation(gp, "ZAC5361", "Ana Park")
    answer = gp.post(f"/images/{image_id}/move", data={"consultation_id": str(right)})
    assert answer.status_code == 303
    assert TEXT not in gp.get(f"/consultations/{wrong}").text
    assert TEXT in gp.get(f"/consultations/{right}").text


def test_taken_out_it_can_be_accepted_again(gp: Person, run_id: UUID, image_id: UUID) -> None:
    accept(gp, run_id)
    [finding] = findings()
    answer = gp.post(f"/findings/{finding.id}/removal", headers=HTMX)
    assert (answer.status_code, answer.text) == (200, "")
    assert TEXT not in note_page(gp, image_id)
    gp.post(f"/findings/{finding.id}/removal")  # twice is once
    assert [one.action for one in recorded()].count("note.remove_finding") == 1
    accept(gp, run_id, "Anew")
    assert "Anew" in note_page(gp, image_id)


def test_one_in_the_note_cannot_be_rejected(gp: Person, run_id: UUID) -> None:
    accept(gp, run_id)
    answer = gp.post(f"/analyses/{run_id}/reject", headers=HTMX)
    assert (answer.status_code, "Take it out of the note first" in answer.text) == (409, True)
    assert the_run().rejected_at is None


def test_without_htmx_one_lands_on_the_note(gp: Person, run_id: UUID, image_id: UUID) -> None:
    answer = gp.post(f"/analyses/{run_id}/note-entry", data={"findings": TEXT})
    consultation_id = db.session.get_one(Image, image_id).consultation_id
    assert (answer.status_code, answer.location) == (303, f"/consultations/{consultation_id}")
    back = gp.post(f"/findings/{findings()[0].id}/removal")
    assert (back.status_code, back.location) == (303, f"/consultations/{consultation_id}")


def test_accepted_words_are_shown_as_text(gp: Person, run_id: UUID, image_id: UUID) -> None:
    accept(gp, run_id, "<script>alert(1)</script>")
    page = note_page(gp, image_id)
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_somebody_elses_are_not_there(
    gp: Person, colleague: Person, nurse: Person, run_id: UUID
) -> None:
    accept(gp, run_id)
    for one in (run_id, uuid4()):
        answer = colleague.post(f"/analyses/{one}/note-entry", data={"findings": "x"})
        assert answer.status_code == 404
    for one in (findings()[0].id, uuid4()):
        assert colleague.post(f"/findings/{one}/removal").status_code == 404
        assert nurse.post(f"/findings/{one}/removal").status_code == 404
    assert findings()[0].removed_at is None
