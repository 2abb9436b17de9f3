"""The prompt screens: the practice's section, a person's own page, the editor."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import select

from clinicpro.analyses.prompts import Prompt, PromptDefault
from clinicpro.db import db
from tests.factories import Person

HTMX = {"HX-Request": "true"}
MOLE = {"title": "Mole", "text": "Describe the mole on the {site}."}


def preset(slug: str) -> Prompt:
    db.session.rollback()
    return db.session.scalars(select(Prompt).where(Prompt.slug == slug)).one()


def titled(title: str) -> list[Prompt]:
    db.session.rollback()
    return [one for one in db.session.scalars(select(Prompt)) if one.title == title]


def test_the_manager_sees_and_changes_the_practices(manager: Person) -> None:
    page = manager.get("/practice").text
    assert 'href="#prompts"' in page
    assert page.count('class="prompts__item"') == 8
    assert "First for: Dermoscopy" in page
    wound = preset("wound")
    editor = manager.get(f"/prompts/{wound.id}").text
    assert wound.text in editor
    assert "Save as version 2" in editor
    form = {"title": "Wound", "text": "Only the edge.", "version": "1"}
    answer = manager.post(f"/prompts/{wound.id}", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/practice#prompts")
    assert (preset("wound").version, preset("wound").text) == (2, "Only the edge.")
    assert "came with ClinicPro" in manager.get(f"/prompts/{wound.id}").text


def test_the_auditor_reads_them_and_changes_none(auditor: Person) -> None:
    page = auditor.get("/practice").text
    assert page.count('class="prompts__item"') == 8
    assert "/prompts/" not in page
    assert auditor.post(f"/prompts/{preset('rash').id}/retirement").status_code == 403


def test_a_clinician_keeps_their_own_and_cannot_touch_the_practices(
    gp: Person, nurse: Person
) -> None:
    for person, title in ((gp, "Mole"), (nurse, "Dressing")):
        assert 'hx-get="/prompts"' in person.get("/account").text
        assert "None yet." in person.get("/prompts").text
        answer = person.post("/prompts", data={**MOLE, "title": title})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/prompts")
        assert person.get("/prompts").text.count('class="prompts__item"') == 1
        assert person.post("/prompts", data={**MOLE, "shelf": "practice"}).status_code == 403
        assert person.get(f"/prompts/{preset('rash').id}").status_code == 403
        assert person.post(f"/prompts/{preset('rash').id}", data=MOLE).status_code == 403
    assert [one.owner_id for one in titled("Mole")] == [gp.user_id]


def test_a_colleagues_own_is_not_there(gp: Person, colleague: Person, manager: Person) -> None:
    gp.post("/prompts", data=MOLE)
    [mole] = titled("Mole")
    for person in (colleague, manager):
        for one in (mole.id, uuid4()):
            assert person.get(f"/prompts/{one}").status_code == 404
            assert person.post(f"/prompts/{one}/retirement").status_code == 404


def test_mistakes_come_back_at_their_field_with_what_was_typed(gp: Person) -> None:
    answer = gp.post("/prompts", data={"title": "Mole", "text": "Of {name}"})
    assert answer.status_code == 422
    assert 'id="text-error"' in answer.text
    assert "There is no {name}. It can name {site}, {side}, {view}, {history}, {age}." in (
        answer.text
    )
    assert "Of {name}</textarea>" in answer.text
    assert 'id="title-error"' in gp.post("/prompts", data={"text": "Look."}).text


def test_saving_over_somebody_elses_version_is_refused(manager: Person) -> None:
    rash = preset("rash").id
    for text, status in (("One.", 303), ("Two.", 409)):
        form = {"title": "Rash", "text": text, "version": "1"}
        assert manager.post(f"/prompts/{rash}", data=form).status_code == status
    assert preset("rash").text == "One."


def test_the_list_changes_in_place_or_by_a_plain_form(manager: Person) -> None:
    lesion = preset("lesion").id
    answer = manager.post(f"/prompts/{lesion}/position", data={"to": "up"}, headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.startswith('<section class="panel" id="prompts"')
    assert answer.text.index(">Lesion<") < answer.text.index(">General<")
    answer = manager.post(f"/prompts/{lesion}/retirement", headers=HTMX)
    assert "Retired (1)" in answer.text
    answer = manager.post(f"/prompts/{lesion}/restoration")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/practice#prompts")
    assert "Retired (" not in manager.get("/practice").text


def test_first_choices_are_saved_and_taken_back(manager: Person, gp: Person) -> None:
    form = {"shelf": "practice", "first-leg": str(preset("wound").id), "first-eye": ""}
    page = manager.post("/prompts/first-choices", data=form, headers=HTMX).text
    assert "First for: Leg and foot" in page
    assert "First for: Eye" not in page
    for wrong in ("x", str(uuid4()), str(preset("change").id)):
        answer = manager.post("/prompts/first-choices", data={**form, "first-leg": wrong})
        assert answer.status_code == 422
    gp.post("/prompts/first-choices", data={"first-any": str(preset("rash").id)})
    db.session.rollback()
    rows = db.session.scalars(select(PromptDefault)).all()
    assert {(row.shelf, row.kind) for row in rows} == {
        ("practice", "leg"),
        (str(gp.user_id), "any"),
    }


def test_who_has_no_own_lands_on_the_practices(manager: Person) -> None:
    answer = manager.get("/prompts")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/practice#prompts")
    assert "prompt.manage_own" not in manager.get("/account").text
    assert manager.post("/prompts", data=MOLE).headers["Location"] == "/practice#prompts"
    assert titled("Mole")[0].owner_id is None
