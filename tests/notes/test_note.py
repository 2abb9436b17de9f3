"""How a description gets into the note, and how two windows share one note."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from clinicpro.db import db
from clinicpro.gateways.fakes import FakeStore
from clinicpro.notes.models import Finding
from tests.describing import described, image_to_describe, row, turn_on
from tests.factories import Person, make_consultation

WORDS = "Left forearm. Superficial abrasion."


@pytest.fixture
def analysis_id(gp: Person, store: FakeStore) -> UUID:
    turn_on()
    return described(gp, image_to_describe(gp, store))


def findings() -> list[Finding]:
    db.session.rollback()
    return list(db.session.scalars(select(Finding)))


def accept(person: Person, analysis_id: UUID, words: str) -> int:
    data = {"findings": words}
    return person.post(f"/analyses/{analysis_id}/note-entry", data=data).status_code


@pytest.mark.parametrize(
    ("words", "is_edited"), [(WORDS, False), ("Right forearm. Superficial abrasion.", True)]
)
def test_accepted_words_are_in_the_note(
    gp: Person, analysis_id: UUID, words: str, is_edited: bool
) -> None:
    assert accept(gp, analysis_id, words) == 303
    finding = findings()[0]
    assert (finding.text, finding.is_edited) == (words, is_edited)
    assert words in gp.get(f"/consultations/{finding.consultation_id}").text
    assert row(analysis_id).text == WORDS


def test_accepted_twice_it_is_there_once(gp: Person, analysis_id: UUID) -> None:
    assert {accept(gp, analysis_id, WORDS) for _ in range(2)} == {303}
    assert len(findings()) == 1


def test_a_rejected_description_goes_into_no_note(gp: Person, analysis_id: UUID) -> None:
    gp.post(f"/analyses/{analysis_id}/reject")
    assert accept(gp, analysis_id, WORDS) == 409
    assert findings() == []


def test_what_was_taken_out_can_be_accepted_again(gp: Person, analysis_id: UUID) -> None:
    accept(gp, analysis_id, WORDS)
    gp.post(f"/findings/{findings()[0].id}/removal")
    assert row(analysis_id).accepted_at is None
    accept(gp, analysis_id, WORDS)
    assert [one.removed_at is None for one in findings()].count(True) == 1


def test_of_two_windows_none_overwrites(gp: Person) -> None:
    path = f"/consultations/{make_consultation(gp)}/note"
    first = gp.send("PUT", path, data={"history": "Fell.", "plan": "", "version": "0"})
    assert first.get_json() == {"version": 1}
    stale = gp.send("PUT", path, data={"history": "Other", "plan": "", "version": "0"})
    assert stale.status_code == 409
    assert "Fell." in stale.text
