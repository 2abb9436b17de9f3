"""The presets of the migration: there once, changed by the practice alone; the drawn samples."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from PIL import Image, ImageChops, ImageStat
from sqlalchemy import func, select

from clinicpro.analyses.editing import Words, change_prompt, retire_prompt, set_defaults
from clinicpro.analyses.library import PRACTICE_SHELF, defaults_of, prompts_on
from clinicpro.analyses.prompts import PRACTICE, Prompt, PromptVersion
from clinicpro.analyses.samples import STATIC
from clinicpro.analyses.wording import fault_in
from clinicpro.db import db
from clinicpro.up.samples import write_stills
from tests.factories import Person
from tests.presets import seed


def seed_again() -> None:
    db.session.rollback()
    with db.engine.begin() as connection:
        seed(db.metadata, connection)
    db.session.rollback()


def test_seeding_again_adds_nothing_and_leaves_what_the_practice_made(manager: Person) -> None:
    by_slug = {prompt.slug: prompt.id for prompt in prompts_on(PRACTICE_SHELF)}
    change_prompt(manager.actor, PRACTICE_SHELF, by_slug["rash"], Words("Rash", "Briefly."), 1)
    retire_prompt(manager.actor, PRACTICE_SHELF, by_slug["burn"])
    set_defaults(manager.actor, PRACTICE_SHELF, {})
    seed_again()
    there = {prompt.slug: prompt for prompt in prompts_on(PRACTICE_SHELF)}
    assert (there["rash"].text, there["rash"].version) == ("Briefly.", 2)
    assert "burn" not in there
    assert defaults_of(PRACTICE) == {}
    count = select(func.count()).select_from
    assert db.session.scalar(count(Prompt)) == len(by_slug)
    assert db.session.scalar(count(PromptVersion)) == len(by_slug) + 1


def test_the_presets_obey_the_rules_for_prompts(app: Flask) -> None:
    for prompt in prompts_on(PRACTICE_SHELF):
        words = Words(prompt.title, prompt.text, prompt.is_comparing)
        assert words.checked() == words
        assert fault_in(prompt.text) is None


def test_the_samples_are_what_is_drawn(tmp_path: Path) -> None:
    write_stills(tmp_path)
    shipped = STATIC / "img" / "samples"
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(path.name for path in shipped.iterdir())
    for name in names:
        with Image.open(tmp_path / name) as drawn, Image.open(shipped / name) as kept:
            apart = ImageStat.Stat(ImageChops.difference(drawn, kept)).mean
        assert max(apart) < 2, name  # an encoder of another version may differ a little
