"""Requests that another site would like to send in somebody's name."""

from __future__ import annotations

from flask import Flask

from tests.factories import Person


def test_without_the_token_nothing_changes(gp: Person) -> None:
    answer = gp.open("/logout", method="POST")
    assert answer.status_code == 403
    assert gp.get("/account").status_code == 200


def test_another_persons_token_does_not_fit(gp: Person, colleague: Person) -> None:
    headers = {"X-CSRFToken": colleague.token()}
    assert gp.open("/logout", method="POST", headers=headers).status_code == 403


def test_json_without_the_token_is_refused_in_json(gp: Person) -> None:
    answer = gp.open("/api/uploads/presign", method="POST", json={})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "csrf")


def test_the_browsers_word_that_it_comes_from_elsewhere_is_enough(gp: Person) -> None:
    for site in ("cross-site", "same-site"):
        answer = gp.post("/logout", headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403
    assert gp.post("/logout", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_the_token_is_asked_for_over_https_without_a_referer(app: Flask, gp: Person) -> None:
    browser = Person(app, None)
    encrypted = {"X-Forwarded-Proto": "https"}
    page = browser.open("/login/token", method="GET", headers=encrypted)
    value = page.headers["Set-Cookie"].split("=", 1)[1].split(";")[0]
    headers = {
        **encrypted,
        "Cookie": f"__Host-clinicpro-0badcafe={value}",
        "X-CSRFToken": page.get_json()["csrfToken"],
    }
    data = {"email": "gp@test.example", "password": "gravel kowhai teapot"}
    answer = browser.open("/login", method="POST", headers=headers, data=data)
    assert answer.status_code == 303


def test_what_changes_something_does_not_answer_a_get(gp: Person) -> None:
    assert gp.get("/logout").status_code == 405
