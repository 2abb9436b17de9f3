"""The note's own text: kept with each change, and of two windows none overwrites the other."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from clinicpro.db import db
from clinicpro.notes.models import Note
from tests.analyses.asking import recorded
from tests.factories import Person, make_consultation


@pytest.fixture
def consultation_id(gp: Person) -> UUID:
    return make_consultation(gp)


def save(person: Person, consultation_id: UUID, version: object, **text: str) -> TestResponse:
    form = {"version": str(version), "history": "", "plan": "", **text}
    headers = {"Accept": "application/json"}
    return person.send("PUT", f"/consultations/{consultation_id}/note", data=form, headers=headers)


def the_note() -> Note:
    db.session.rollback()
    return db.session.scalars(select(Note)).one()


def test_what_is_typed_is_kept_and_shown_again(gp: Person, consultation_id: UUID) -> None:
    answer = save(gp, consultation_id, 0, history="Fell on gravel", plan="Clean, dress")
    assert answer.get_json() == {"version": 1}
    assert save(gp, consultation_id, 1, history="Fell off a bike").get_json() == {"version": 2}
    page = gp.get(f"/consultations/{consultation_id}").text
    assert "Fell off a bike" in page
    assert 'data-version="2"' in page
    assert "Saved " in page
    saves = [event for event in recorded() if event.action == "note.save"]
    assert [event.details for event in saves] == [{"version": "1"}, {"version": "2"}]


def test_a_save_from_an_older_window_overwrites_nothing_and_shows_both(
    gp: Person, consultation_id: UUID
) -> None:
    save(gp, consultation_id, 0, history="There")
    answer = save(gp, consultation_id, 0, history="Mine")
    assert answer.status_code == 409
    assert 'id="conflict"' in answer.text
    assert 'data-version="1"' in answer.text
    assert '<div class="conflict__theirs" data-theirs="history">There</div>' in answer.text
    assert the_note().history == "There"
    assert save(gp, consultation_id, 1, history="Mine").status_code == 200  # Keep mine


def test_a_save_whose_answer_was_lost_is_no_conflict(gp: Person, consultation_id: UUID) -> None:
    save(gp, consultation_id, 0, history="Fell", plan="Rest")
    again = save(gp, consultation_id, 0, history="Fell", plan="Rest")
    assert (again.status_code, again.get_json()) == (200, {"version": 1})


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30, "³"])
def test_a_version_that_cannot_be_is_a_conflict(
    gp: Person, consultation_id: UUID, version: str
) -> None:
    assert save(gp, consultation_id, version, history="Fell").status_code == 409


def test_what_cannot_be_seen_is_left_out_and_macrons_stay(
    gp: Person, consultation_id: UUID
) -> None:
    save(gp, consultation_id, 0, history="Mere T\u0101mati\x00\u200b\r\nwh\u0101nau\tthere")
    assert the_note().history == "Mere Tāmati\nwhānau\tthere"


def test_too_long_a_note_is_refused_and_not_cut(gp: Person, consultation_id: UUID) -> None:
    assert save(gp, consultation_id, 0, history="x" * 50_000).status_code == 200
    answer = save(gp, consultation_id, 1, history="x" * 50_001)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "too-long")
    assert len(the_note().history) == 50_000


def test_somebody_elses_note_is_not_there(
    gp: Person, colleague: Person, manager: Person, consultation_id: UUID
) -> None:
    save(gp, consultation_id, 0, history="Fell")
    for one in (consultation_id, uuid4()):
        assert save(colleague, one, 1, history="x").status_code == 404
    assert save(manager, consultation_id, 1, history="x").status_code == 403
    assert the_note().history == "Fell"
