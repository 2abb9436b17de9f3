"""Keeping prompts: versions, order, first choices, whose they are; and what a run keeps of them."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from clinicpro.accounts.permissions import Forbidden
from clinicpro.analyses.editing import (
    BadWords,
    Words,
    change_prompt,
    create_prompt,
    move_prompt,
    restore_prompt,
    retire_prompt,
    set_defaults,
)
from clinicpro.analyses.library import (
    PRACTICE_SHELF,
    default_for,
    offered,
    own_shelf,
    prompts_on,
    versions_of,
)
from clinicpro.analyses.prompts import Prompt
from clinicpro.answers import NotHere, Refusal
from clinicpro.db import db, transaction
from clinicpro.gateways.fakes import FakeDescriber
from clinicpro.images.models import Image
from clinicpro.worker import run_due
from tests.analyses.asking import HTMX, ask, recorded, the_run
from tests.factories import Person

MOLE = Words("Mole", "Describe the mole[ on the {side} {site}].")
PRESETS = ["general", "lesion", "rash", "wound", "burn", "eye", "change", "text"]


def preset(slug: str) -> Prompt:
    db.session.rollback()
    return db.session.scalars(select(Prompt).where(Prompt.slug == slug)).one()


def own(person: Person, words: Words = MOLE) -> UUID:
    made = create_prompt(person.actor, own_shelf(person.actor), words)
    db.session.rollback()
    return made


def test_the_presets_are_there_from_the_start(app: Flask) -> None:
    there = prompts_on(PRACTICE_SHELF)
    assert [prompt.slug for prompt in there] == PRESETS
    assert {prompt.version for prompt in there} == {1}
    assert [prompt.slug for prompt in there if prompt.is_comparing] == ["change"]


def test_a_change_is_a_new_version_and_a_run_keeps_the_words_it_had(
    app: Flask, gp: Person, manager: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    ask(gp, image_id, prompt="wound")
    change_prompt(
        manager.actor, PRACTICE_SHELF, preset("wound").id, Words("Wound", "Only the edge."), 1
    )
    run_due(app)
    run = the_run()
    assert (run.prompt_slug, run.prompt_version, run.system_version) == ("wound", 1, 2)
    assert describer.saw[0].text == run.prompt_words
    assert run.prompt_words.startswith("Describe the wound: site")
    prompt = preset("wound")
    assert (prompt.version, prompt.text) == (2, "Only the edge.")
    told = [(one.row.version, one.by_name) for one in versions_of(prompt)]
    assert told == [(2, "Helen McKay"), (1, None)]
    ask(gp, image_id, prompt="wound")
    run_due(app)
    assert describer.saw[1].text == "Only the edge."


def test_what_is_not_changed_is_no_version(manager: Person) -> None:
    prompt = preset("rash")
    words = Words(prompt.title, prompt.text + "\r\n ", prompt.is_comparing)
    change_prompt(manager.actor, PRACTICE_SHELF, prompt.id, words, 1)
    assert preset("rash").version == 1
    assert "prompt.change" not in [event.action for event in recorded()]


def test_who_read_an_older_version_overwrites_nothing(manager: Person) -> None:
    prompt_id = preset("rash").id
    change_prompt(manager.actor, PRACTICE_SHELF, prompt_id, Words("Rash", "One."), 1)
    with pytest.raises(Refusal, match="saved version 2 meanwhile"):
        change_prompt(manager.actor, PRACTICE_SHELF, prompt_id, Words("Rash", "Two."), 1)
    assert preset("rash").text == "One."


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (Words("", "Look."), "title"),
        (Words("x" * 41, "Look."), "title"),
        (Words("general", "Look."), "title"),
        (Words("New", " \n"), "text"),
        (Words("New", "x" * 2001), "text"),
        (Words("New", "Describe {name}."), "text"),
        (Words("New", "Of NHI {nhi}"), "text"),
    ],
)
def test_what_cannot_be_saved_is_said_at_its_field(
    manager: Person, words: Words, field: str
) -> None:
    with pytest.raises(BadWords) as refused:
        create_prompt(manager.actor, PRACTICE_SHELF, words)
    assert refused.value.field == field
    assert len(prompts_on(PRACTICE_SHELF)) == len(PRESETS)


def test_ones_own_is_offered_to_oneself_alone(
    gp: Person, colleague: Person, image_id: UUID
) -> None:
    prompt_id = own(gp)
    slug = db.session.get_one(Prompt, prompt_id).slug
    assert [prompt.slug for prompt in offered(gp.actor)] == [*PRESETS, slug]
    assert [prompt.slug for prompt in offered(colleague.actor)] == PRESETS
    form = gp.get(f"/images/{image_id}/analyses/new", headers=HTMX).text
    assert f'value="{slug}"' in form
    for person in (colleague, gp):
        with pytest.raises(NotHere):
            retire_prompt(person.actor, own_shelf(person.actor), uuid4())
    with pytest.raises(NotHere):
        change_prompt(colleague.actor, own_shelf(colleague.actor), prompt_id, MOLE, 1)


def test_only_a_manager_keeps_the_practices(gp: Person, nurse: Person, manager: Person) -> None:
    prompt_id = preset("rash").id
    for person in (gp, nurse):
        with pytest.raises(Forbidden):
            retire_prompt(person.actor, PRACTICE_SHELF, prompt_id)
    with pytest.raises(Forbidden):
        create_prompt(manager.actor, own_shelf(manager.actor), MOLE)
    own(nurse)


def test_a_retired_one_is_offered_no_more_until_it_is_restored(
    app: Flask, gp: Person, manager: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    prompt_id = preset("lesion").id
    retire_prompt(manager.actor, PRACTICE_SHELF, prompt_id)
    assert "lesion" not in [prompt.slug for prompt in offered(gp.actor)]
    assert ask(gp, image_id, prompt="lesion").status_code == 422
    run_due(app)
    assert describer.saw == []
    restore_prompt(manager.actor, PRACTICE_SHELF, prompt_id)
    assert prompts_on(PRACTICE_SHELF)[-1].slug == "lesion"


def test_the_practice_keeps_one_for_a_single_image(manager: Person) -> None:
    plain = [prompt.id for prompt in prompts_on(PRACTICE_SHELF) if not prompt.is_comparing]
    for prompt_id in plain[:-1]:
        retire_prompt(manager.actor, PRACTICE_SHELF, prompt_id)
    with pytest.raises(Refusal, match="last prompt"):
        retire_prompt(manager.actor, PRACTICE_SHELF, plain[-1])


def test_the_order_is_the_one_it_was_put_in(manager: Person) -> None:
    for slug, step in (("rash", -1), ("general", -1), ("text", 1), ("general", 1)):
        move_prompt(manager.actor, PRACTICE_SHELF, preset(slug).id, step)
    slugs = [prompt.slug for prompt in prompts_on(PRACTICE_SHELF)]
    assert slugs == ["rash", "general", "lesion", "wound", "burn", "eye", "change", "text"]
    assert [event.action for event in recorded()].count("prompt.order") == 2


def first_for(person: Person, image_id: UUID, **labels: str | None) -> str:
    with transaction():
        image = db.session.get_one(Image, image_id)
        for name in ("view", "body_site"):
            setattr(image, name, labels.get(name))
    image = db.session.get_one(Image, image_id)
    prompt = default_for(person.actor, image, offered(person.actor))
    assert prompt is not None
    return prompt.title


def test_the_kind_of_image_decides_what_is_chosen_first(
    app: Flask, gp: Person, manager: Person, image_id: UUID
) -> None:
    assert first_for(gp, image_id) == "General"
    assert first_for(gp, image_id, view="dermoscopy", body_site="eye") == "Lesion"
    assert first_for(gp, image_id, body_site="eye") == "Eye"
    wound, burn = preset("wound").id, preset("burn").id
    set_defaults(manager.actor, PRACTICE_SHELF, {"leg": wound, "close-up": burn})
    assert first_for(gp, image_id, body_site="foot", view="close-up") == "Wound"
    assert first_for(gp, image_id, body_site="hand", view="close-up") == "Burn"
    assert first_for(gp, image_id, view="dermoscopy") == "General"
    mole = own(gp)
    set_defaults(gp.actor, own_shelf(gp.actor), {"leg": mole})
    assert first_for(gp, image_id, body_site="foot") == "Mole"
    page = gp.get(f"/images/{image_id}/analyses/new", headers=HTMX).text
    slug = db.session.get_one(Prompt, mole).slug
    assert f'value="{slug}" checked' in page
    retire_prompt(gp.actor, own_shelf(gp.actor), mole)
    assert first_for(gp, image_id, body_site="foot") == "Wound"


def test_a_first_choice_is_one_of_the_shelf_and_of_one_image(
    gp: Person, colleague: Person, manager: Person
) -> None:
    for person, shelf, chosen in (
        (manager, PRACTICE_SHELF, {"leg": own(gp)}),
        (manager, PRACTICE_SHELF, {"leg": preset("change").id}),
        (manager, PRACTICE_SHELF, {"arms": preset("rash").id}),
        (colleague, own_shelf(colleague.actor), {"leg": own(gp, Words("Mine", "Look."))}),
    ):
        with pytest.raises(Refusal):
            set_defaults(person.actor, shelf, chosen)


def test_variables_are_filled_from_the_image_and_never_with_a_name(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    words = "Site {side} {site}, {view}. Aged {age}. Told: {history}"
    slug = db.session.get_one(Prompt, own(gp, Words("All", words))).slug
    with transaction():
        image = db.session.get_one(Image, image_id)
        image.body_site, image.laterality, image.view = "forearm", "left", "close-up"
    ask(gp, image_id, prompt=slug, context="Fell {age}.")
    run_due(app)
    assert describer.saw[0].text == "Site left forearm, close-up. Told: Fell {age}."
    shown = gp.get(f"/images/{image_id}/analyses/words?prompt={slug}").text
    assert "Site left forearm, close-up. Told: (the clinical context)" in shown


def test_what_is_done_with_prompts_is_recorded_without_their_words(
    gp: Person, manager: Person
) -> None:
    prompt_id = own(gp)
    change_prompt(gp.actor, own_shelf(gp.actor), prompt_id, Words("Mole", "Other."), 1)
    retire_prompt(gp.actor, own_shelf(gp.actor), prompt_id)
    restore_prompt(gp.actor, own_shelf(gp.actor), prompt_id)
    kept = [event for event in recorded() if event.action.startswith("prompt.")]
    told = ["create", "change", "retire", "restore"]
    assert [event.action.removeprefix("prompt.") for event in kept] == told
    assert all(event.objects == [str(prompt_id)] for event in kept)
    assert not any("Mole" in str(event.details) for event in kept)
