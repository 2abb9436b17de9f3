"""The flask command: people, the audit, AI, the store, the doctor."""

from __future__ import annotations

from contextvars import Context

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from clinicpro.analyses.queries import policy
from clinicpro.db import db
from clinicpro.gateways.fakes import FakeStore
from tests.factories import PASSWORD, Person, user_named


def run(app: Flask, *arguments: str, typed: str = "") -> Result:
    db.session.rollback()
    return Context().run(lambda: app.test_cli_runner().invoke(args=arguments, input=typed))


def test_a_person_is_added_with_a_password_from_standard_input(app: Flask, nobody: Person) -> None:
    roles = ["--role", "gp", "--role", "manager"]
    words = ["Gp@test.example", *roles, "--name", "Dr Aroha Ngata", "--password-stdin"]
    result = run(app, "create-user", *words, typed=PASSWORD + "\n")
    assert result.exit_code == 0
    assert PASSWORD not in result.output
    assert user_named("gp@test.example").roles == {"gp", "manager"}
    assert nobody.sign_in("gp@test.example").status_code == 303


@pytest.mark.parametrize(
    ("arguments", "password", "words"),
    [
        (["gp@test.example", "--role", "gp"], "short", "at least 12"),
        (["no address", "--role", "gp"], PASSWORD, "not an e-mail"),
        (["gp@test.example", "--role", "king"], PASSWORD, "king"),
        (["gp@test.example"], PASSWORD, "--role"),
    ],
)
def test_what_cannot_be_is_said(
    app: Flask, arguments: list[str], password: str, words: str
) -> None:
    result = run(app, "create-user", *arguments, "--password-stdin", typed=password)
    assert result.exit_code != 0
    assert words in result.output
    assert "Traceback" not in result.output


def test_verify_names_the_first_bad_event_and_fails(app: Flask, gp: Person) -> None:
    whole = run(app, "audit", "verify")
    assert (whole.exit_code, "unbroken" in whole.output) == (0, True)
    db.session.execute(text("DELETE FROM audit_event WHERE seq = 1"))
    db.session.commit()
    broken = run(app, "audit", "verify")
    assert (broken.exit_code, "broken at event 1" in broken.output) == (1, True)


def test_ai_is_turned_on_with_a_basis_and_off_again(app: Flask) -> None:
    assert "off" in run(app, "ai", "status").output
    assert run(app, "ai", "enable").exit_code != 0
    assert run(app, "ai", "enable", "--basis", " ").exit_code != 0
    assert not policy().is_on
    db.session.rollback()
    result = run(app, "ai", "enable", "--basis", "Assessed on 3 November")
    assert (result.exit_code, "Assessed on 3 November" in result.output) == (0, True)
    assert policy().is_on
    assert run(app, "ai", "disable").exit_code == 0
    db.session.rollback()
    assert (policy().is_on, policy().basis) == (False, "Assessed on 3 November")


def test_the_bundled_store_needs_no_setting_up(app: Flask) -> None:
    assert "Nothing to do" in run(app, "store", "setup").output


def test_the_doctor_says_a_line_each_and_fails_where_something_does(
    app: Flask, store: FakeStore
) -> None:
    store.down = True
    result = run(app, "doctor")
    levels = [line.split()[0] for line in result.output.splitlines()]
    assert result.exit_code == 1
    assert "fail  Store: bucket clinicpro does not answer. Start ClinicPro." in result.output
    assert set(levels) <= {"ok", "warn", "fail"}


def test_the_doctor_finds_a_database_that_was_never_made(app: Flask) -> None:
    db.drop_all()
    result = run(app, "doctor")
    assert result.exit_code == 1
    assert "fail  Database: does not answer, or was never made." in result.output
