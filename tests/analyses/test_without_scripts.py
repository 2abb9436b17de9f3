"""Accepting and rejecting with nothing but forms: the token is in the page, the answer a page."""

from __future__ import annotations

import re
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

from tests.analyses.asking import described, the_run
from tests.analyses.test_watching import frames_of
from tests.factories import Person

AS_A_BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def form_in(html: str, action: str) -> dict[str, str]:
    """What the form with this address would send by itself."""
    form = re.search(rf'<form[^>]*action="{action}".*?</form>', html, re.DOTALL)
    assert form, f"no form for {action}"
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[0]))


def send(person: Person, path: str, form: dict[str, str]) -> TestResponse:
    """As a browser without scripts does: no header but what every request carries."""
    return person.open(path, method="POST", data=form, headers=AS_A_BROWSER)


def test_accepting(app: Flask, gp: Person, image_id: UUID) -> None:
    run_id = described(app, gp, image_id)
    path = f"/analyses/{run_id}/note-entry"
    form = form_in(gp.get(f"/images/{image_id}").text, path)
    assert send(gp, path, {"findings": "An abrasion."}).status_code == 403  # without its token
    answer = send(gp, path, {**form, "findings": "An abrasion."})
    assert answer.status_code == 303
    assert "An abrasion." in gp.get(answer.location).text


def test_rejecting_with_a_reason(app: Flask, gp: Person, image_id: UUID) -> None:
    run_id = described(app, gp, image_id)
    path = f"/analyses/{run_id}/reject"
    form = form_in(gp.get(f"/images/{image_id}").text, path)
    answer = send(gp, path, {**form, "reason": "Wrong side"})
    assert (answer.status_code, answer.location) == (303, f"/images/{image_id}")
    assert the_run().rejection_reason == "Wrong side"
    assert "“Wrong side”" in gp.get(answer.location).text


def test_the_forms_that_a_stream_drew_hold_a_good_token_too(
    app: Flask, gp: Person, image_id: UUID
) -> None:
    run_id = described(app, gp, image_id)
    gp.get(f"/images/{image_id}")
    drawn = dict(frames_of(gp.get(f"/analyses/{run_id}/stream").text))["analysis"]
    path = f"/analyses/{run_id}/note-entry"
    assert send(gp, path, {**form_in(drawn, path), "findings": "A graze."}).status_code == 303


def test_editing_in_the_note(app: Flask, gp: Person, image_id: UUID) -> None:
    run_id = described(app, gp, image_id)
    path = f"/analyses/{run_id}/note-entry"
    form = form_in(gp.get(f"/images/{image_id}").text, path)
    note = gp.get(send(gp, path, {**form, "findings": "A graze."}).location).text
    found = re.search(r"/findings/[0-9a-f-]+/edits", note)
    assert found
    answer = send(gp, found[0], {**form_in(note, found[0]), "findings": "A clean graze."})
    assert answer.status_code == 303
    assert "A clean graze." in gp.get(answer.location).text
