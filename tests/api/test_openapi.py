"""The description of the API is of this API."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import Flask

from clinicpro.api.openapi import document
from tests.factories import Person


def test_every_route_is_described_and_nothing_else(app: Flask) -> None:
    described = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path))
        for path, methods in document()["paths"].items()  # type: ignore[attr-defined]
        for method in methods
    }
    routes = {
        (method, re.sub(r"<[^>]+>", "{}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.openapi"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == routes


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_every_reference_leads_somewhere() -> None:
    told = document()
    names = set(told["components"]["schemas"])  # type: ignore[index]
    found = {one.rpartition("/")[2] for one in references(told)}
    assert found
    assert found <= names


def test_it_is_served_to_who_is_signed_in(gp: Person, nobody: Person) -> None:
    answer = gp.get("/api/openapi.json")
    assert answer.get_json()["openapi"].startswith("3.1")
    assert nobody.get("/api/openapi.json").status_code == 401


def test_what_changes_something_asks_for_the_token() -> None:
    for path, methods in document()["paths"].items():  # type: ignore[attr-defined]
        for method, operation in methods.items():
            headers = [one["name"] for one in operation.get("parameters", [])]
            if method == "post" or path.endswith("presign"):
                assert "X-CSRFToken" in headers
