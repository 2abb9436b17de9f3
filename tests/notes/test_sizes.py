"""A size that nobody measured takes a second, deliberate click; also over the program interface."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from clinicpro.analyses.sizes import places_of_sizes
from clinicpro.db import db
from clinicpro.gateways.fakes import FakeDescriber, FakeStore
from clinicpro.notes.models import Finding
from clinicpro.worker import run_due
from tests.analyses.asking import HTMX, ask, described, ready_image, recorded, the_run
from tests.factories import Person

SIZED = "Left forearm. A papule of about 4 mm. No pus."
PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}  # as a browser asks


@pytest.fixture
def image_id(app: Flask, gp: Person, store: FakeStore, describer: FakeDescriber) -> UUID:
    describer.pieces = (SIZED,)
    return ready_image(app, gp, store)


@pytest.fixture
def run_id(app: Flask, gp: Person, image_id: UUID) -> UUID:
    return described(app, gp, image_id)


def findings() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Finding.text)))


def test_the_draft_marks_the_phrase_where_it_stands(gp: Person, run_id: UUID) -> None:
    page = gp.get(f"/analyses/{run_id}", headers=HTMX).text
    assert 'A papule of about <mark class="findings__flag">4 mm</mark>.' in page
    assert "It was measured" not in page  # that button comes with the first click


def test_the_first_click_is_answered_with_the_phrases_and_a_second_button(
    gp: Person, run_id: UUID
) -> None:
    typed = SIZED + " Clean, 2 cm from the wrist."
    answer = gp.post(f"/analyses/{run_id}/note-entry", data={"findings": typed}, headers=HTMX)
    assert answer.status_code == 422
    assert '<mark class="findings__flag">2 cm</mark>' in answer.text
    assert "2 phrases state a size" in answer.text
    assert typed in answer.text  # what was typed is still there
    assert 'name="sizes" value="checked"' in answer.text
    assert findings() == []
    form = {"findings": typed, "sizes": "checked"}
    assert gp.post(f"/analyses/{run_id}/note-entry", data=form, headers=HTMX).status_code == 200
    assert findings() == [typed]
    [event] = [one for one in recorded() if one.action == "analysis.accept"]
    assert event.details == {"edited": "yes", "sizes": "confirmed"}


def test_without_the_size_one_click_is_enough(gp: Person, run_id: UUID) -> None:
    form = {"findings": "Left forearm. A papule."}
    assert gp.post(f"/analyses/{run_id}/note-entry", data=form, headers=HTMX).status_code == 200
    assert findings() == ["Left forearm. A papule."]


def test_a_declared_ruler_makes_one_click_enough(app: Flask, gp: Person, image_id: UUID) -> None:
    ask(gp, image_id, scale="y")
    run_due(app)
    run = the_run()
    assert run.has_scale
    page = gp.get(f"/analyses/{run.id}", headers=HTMX).text
    assert "findings__flag" not in page
    assert "with a ruler or coin in view" in page
    answer = gp.post(f"/analyses/{run.id}/note-entry", data={"findings": SIZED}, headers=HTMX)
    assert answer.status_code == 200
    [event] = [one for one in recorded() if one.action == "analysis.accept"]
    assert event.details["sizes"] == "scale in view"


def test_programs_are_told_in_json_and_have_to_confirm_too(gp: Person, run_id: UUID) -> None:
    headers = {"Accept": "application/json"}
    path, form = f"/analyses/{run_id}/note-entry", {"findings": SIZED}
    answer = gp.post(path, data=form, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "states-size")
    assert "“4 mm”" in answer.get_json()["error"]
    assert findings() == []
    assert gp.post(path, data={**form, "sizes": "checked"}, headers=headers).status_code == 303


def test_without_scripts_the_second_button_is_on_a_page_of_its_own(
    gp: Person, run_id: UUID
) -> None:
    answer = gp.post(f"/analyses/{run_id}/note-entry", data={"findings": SIZED}, headers=PAGE)
    assert (answer.status_code, "<!doctype html>" in answer.text) == (422, True)
    assert 'name="sizes" value="checked"' in answer.text
    assert 'name="csrf_token"' in answer.text


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("A 2.5 cm scar. Old.", [("A ", "2.5 cm", " scar.")]),
        ("- 3 mm\n- pea-sized lump", [("- ", "3 mm", ""), ("- ", "pea-sized", " lump")]),
        ("Nothing.", []),
    ],
)
def test_a_phrase_is_shown_in_its_sentence(text: str, places: list[tuple[str, str, str]]) -> None:
    found = [(place.before, place.phrase, place.after) for place in places_of_sizes(text)]
    assert found == places
