"""What a run costs, what is left of the caps in money, and that 1,000 clicks stay within them."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from clinicpro.analyses.pricing import dollars, list_price
from clinicpro.analyses.sending import recipient
from clinicpro.analyses.switching import Money, set_policy
from clinicpro.audit.operations import SYSTEM
from clinicpro.gateways import DescriberError
from clinicpro.gateways.fakes import FakeDescriber
from clinicpro.gateways.refusals import MayTryAgain
from clinicpro.settings import Settings
from clinicpro.worker import run_due
from tests.analyses.asking import HTMX, ask, described, recorded, the_run
from tests.factories import Person


def spend(**cents: int) -> None:
    set_policy(SYSTEM, is_on=True, basis="Assessed", money=Money(**cents))


def test_a_run_costs_its_tokens_at_the_models_price(app: Flask, gp: Person, image_id: UUID) -> None:
    described(app, gp, image_id)
    run = the_run()
    assert run.tokens_in is not None
    assert run.tokens_out == 4
    assert run.cost == run.tokens_in * 2 + 4 * 10  # $2 and $10 a million: millionths of a dollar
    assert "cost" in {name for event in recorded() for name in event.details}
    page = gp.get(f"/analyses/{run.id}", headers=HTMX).text
    assert dollars(run.cost) in page


def test_the_practices_own_prices_count(app: Flask, gp: Person, image_id: UUID) -> None:
    spend(price_in=0, price_out=700)
    described(app, gp, image_id)
    assert the_run().cost == 4 * 7


@pytest.mark.parametrize(
    ("fails", "is_paid"),
    [
        (DescriberError("Refused.", "refused_request"), False),
        (MayTryAgain("Busy.", "busy"), False),
        (DescriberError("Busy midway.", "busy"), True),
        (DescriberError("Cut.", "cut"), True),
        (DescriberError("Silent.", "timeout"), True),
    ],
)
def test_what_may_have_been_billed_counts_as_the_most_it_can_be(
    app: Flask,
    gp: Person,
    image_id: UUID,
    describer: FakeDescriber,
    fails: DescriberError,
    is_paid: bool,
) -> None:
    describer.pieces, describer.fails = (), fails
    ask(gp, image_id)
    most = the_run().cost
    assert most
    assert most > 1000 * 10  # a whole answer
    run_due(app)
    assert the_run().cost == (most if is_paid else 0)


def test_a_run_that_was_never_sent_costs_nothing(app: Flask, gp: Person, image_id: UUID) -> None:
    ask(gp, image_id)
    gp.post(f"/analyses/{the_run().id}/stop")
    assert the_run().cost == 0


def click(person: Person, image_id: UUID, times: int) -> list[TestResponse]:
    """The answers to so many clicks, the worker at work after each of the first ten."""
    headers = {"X-CSRFToken": person.token(), **HTMX}
    form = {"prompt": "general", "consent": "y"}
    answers = []
    for number in range(times):
        path = f"/images/{image_id}/analyses"
        answers.append(person.open(path, method="POST", data=form, headers=headers))
        if number < 10:
            run_due(person.app)
    return answers


def test_a_thousand_clicks_are_at_most_the_cap_in_calls(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    set_policy(SYSTEM, is_on=True, basis="Assessed", daily_runs=3)
    statuses = [answer.status_code for answer in click(gp, image_id, 1000)]
    assert (statuses.count(201), statuses.count(409)) == (3, 997)
    assert len(describer.saw) == 3


@pytest.mark.parametrize(
    ("cap", "words"), [("daily_cents", "Today’s"), ("monthly_cents", "The practice’s")]
)
def test_clicks_beyond_a_cap_in_money_send_nothing(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber, cap: str, words: str
) -> None:
    spend(**{cap: 2})  # two cents: a run is counted as 1.2 until it is known to be less
    describer.pieces, describer.fails = ("Half",), DescriberError("Cut.", "cut")
    answers = click(gp, image_id, 50)
    assert [answer.status_code for answer in answers] == [201] + [409] * 49
    assert words in answers[-1].text
    assert "2 US cents" in answers[-1].text
    assert len(describer.saw) == 1


def test_what_is_left_is_shown(app: Flask, gp: Person, image_id: UUID) -> None:
    described(app, gp, image_id)
    form = gp.get(f"/images/{image_id}/analyses/new", headers=HTMX).text
    assert "49 of 50 runs left today" in form
    assert "of US$5.00 left today" in form
    spend(daily_cents=5000)  # the month ends sooner
    form = gp.get(f"/images/{image_id}/analyses/new", headers=HTMX).text
    assert "of US$40.00 left this month" in form


def test_a_server_in_the_house_costs_nothing_and_is_named(settings: Settings) -> None:
    at_home = replace(settings, anthropic_base_url="http://192.168.1.20:11434")
    price = list_price(at_home)
    assert (price.tokens_in, price.tokens_out) == (0, 0)
    assert recipient(at_home) == "your own model server at 192.168.1.20; it stays in the house"
    elsewhere = replace(settings, anthropic_base_url="https://models.example.com")
    assert recipient(elsewhere) == "the model server at models.example.com"


def test_the_region_is_named_and_priced(settings: Settings) -> None:
    assert recipient(settings) == "Anthropic, outside New Zealand"
    in_the_us = replace(settings, claude_region="us")
    assert recipient(in_the_us) == "Anthropic, in the United States"
    assert list_price(in_the_us).tokens_in == pytest.approx(220)
    unknown = replace(settings, claude_model="claude-next")
    assert list_price(unknown).tokens_in == 400  # the dearest


@pytest.mark.parametrize(
    ("millionths", "words"),
    [
        (0, "nothing"),
        (300, "0.1 US cents"),
        (10_000, "1 US cent"),
        (12_400, "1.2 US cents"),
        (99_700, "10 US cents"),
        (3_100_000, "US$3.10"),
        (1_240_000_000, "US$1,240.00"),
    ],
)
def test_money_is_said_in_words(millionths: int, words: str) -> None:
    assert dollars(millionths) == words
