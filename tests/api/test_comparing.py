"""Two images in one run by the JSON API."""

from __future__ import annotations

from uuid import UUID, uuid4

from flask import Flask

from clinicpro.api.openapi import document
from clinicpro.gateways.fakes import FakeDescriber, FakeStore
from clinicpro.worker import run_due
from tests.analyses.test_two_images import add, pair
from tests.factories import Person

URL = "/api/clinical-images/analyze"
__all__ = ["pair"]  # the fixture


def body(pair: tuple[UUID, UUID], **more: object) -> dict[str, object]:
    return {"imageId": str(pair[1]), "earlierImageId": str(pair[0]), "consent": True, **more}


def test_an_earlier_image_alone_asks_what_changed(
    app: Flask, gp: Person, pair: tuple[UUID, UUID], describer: FakeDescriber
) -> None:
    answer = gp.post(URL, json=body(pair))
    assert answer.status_code == 202
    told = answer.get_json()["analysis"]
    assert (told["promptId"], told["earlierImageId"]) == ("change", str(pair[0]))
    run_due(app)
    assert len(describer.saw[0].images) == 2


def test_a_second_click_is_the_same_run_and_another_pair_another(
    gp: Person, pair: tuple[UUID, UUID]
) -> None:
    first, second = (gp.post(URL, json=body(pair)).get_json() for _ in range(2))
    assert first["analysis"]["id"] == second["analysis"]["id"]
    alone = {"imageId": str(pair[1]), "promptId": "general", "consent": True}
    assert gp.post(URL, json=alone).get_json()["code"] == "running"


def test_what_does_not_go_together_is_refused(
    app: Flask, gp: Person, pair: tuple[UUID, UUID], store: FakeStore, describer: FakeDescriber
) -> None:
    other = add(gp, store, 11, nhi="ZZZ0024")
    run_due(app)
    for more, status, code in (
        ({"promptId": "wound"}, 422, "earlier"),
        ({"promptId": "change", "earlierImageId": None}, 422, "earlier"),
        ({"earlierImageId": str(other)}, 422, "pair"),
        ({"earlierImageId": str(uuid4())}, 404, "not-found"),
        ({"earlierImageId": "x"}, 422, "invalid"),
    ):
        answer = gp.post(URL, json=body(pair, **more))
        assert (answer.status_code, answer.get_json()["code"]) == (status, code), more
    run_due(app)
    assert describer.saw == []


def test_it_is_described() -> None:
    told = document()
    asked = told["paths"]["/api/clinical-images/analyze"]["post"]["requestBody"]  # type: ignore[index]
    fields = asked["content"]["application/json"]["schema"]["properties"]
    assert fields["earlierImageId"]["format"] == "uuid"
    assert "earlierImageId" in told["components"]["schemas"]["Analysis"]["properties"]  # type: ignore[index]
