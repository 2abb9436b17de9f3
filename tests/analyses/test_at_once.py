"""Many clicks at the same moment: still one run per image, and never more than the cap."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from flask import Flask
from sqlalchemy import func, select

from clinicpro.accounts.permissions import Actor
from clinicpro.analyses.models import Analysis
from clinicpro.analyses.operations import Ask, start_analysis
from clinicpro.analyses.switching import set_policy
from clinicpro.answers import Refusal
from clinicpro.audit.operations import SYSTEM
from clinicpro.db import db
from clinicpro.gateways.fakes import FakeStore
from clinicpro.images.models import Image
from clinicpro.worker import run_due
from tests.corpus import skin_jpeg
from tests.factories import Person, send_image


def clicks(app: Flask, actor: Actor, asks: list[tuple[UUID, Ask]]) -> list[str]:
    """What came of asks that all begin together: the run's id, or the refusal's code."""

    def click(one: tuple[UUID, Ask]) -> str:
        with app.app_context():
            try:
                return str(start_analysis(actor, *one))
            except Refusal as refusal:
                return refusal.code

    with ThreadPoolExecutor(len(asks)) as pool:
        return list(pool.map(click, asks))


def runs() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(Analysis.id))) or 0


def test_one_run_per_image(app: Flask, gp: Person, image_id: UUID) -> None:
    prompts = ["general", "lesion", "rash", "wound", "burn", "eye", "text", "general"]
    asks = [(image_id, Ask(prompt, "", "", has_consent=True)) for prompt in prompts]
    answers = clicks(app, gp.actor, asks)
    assert runs() == 1
    assert answers.count("running") in (6, 7)  # two of them ask the same


def test_no_more_than_the_cap(app: Flask, gp: Person, image_id: UUID, store: FakeStore) -> None:
    for number in range(7):
        send_image(gp, store, skin_jpeg(200 + number, 200))
    run_due(app)
    set_policy(SYSTEM, is_on=True, basis="Assessed", daily_runs=3)
    ids = list(db.session.scalars(select(Image.id)))
    answers = clicks(
        app, gp.actor, [(one, Ask("general", "", "", has_consent=True)) for one in ids]
    )
    assert (runs(), answers.count("cap")) == (3, 5)
