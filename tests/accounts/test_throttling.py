"""Wrong passwords are slowed down; the owner is never locked out."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from clinicpro.accounts import throttling
from clinicpro.accounts.models import Throttle
from clinicpro.db import db, transaction, utc_now
from tests.factories import PASSWORD, Person

WRONG = "not the password at all"


def attempt(person: Person, password: str, address: str) -> int:
    return person.post(
        "/login",
        data={"email": "gp@test.example", "password": password},
        headers={"X-Forwarded-For": address},
    ).status_code


def pass_time(seconds: int) -> None:
    with transaction():
        for row in db.session.scalars(select(Throttle)):
            if row.wait_until:
                row.wait_until -= timedelta(seconds=seconds)


def fail_from(addresses: int) -> None:
    for number in range(addresses):
        with transaction():
            throttling.note_failure("gp@test.example", f"203.0.113.{number}")


def test_200_wrong_passwords_are_slowed_and_the_owner_still_gets_in(
    gp: Person, nobody: Person
) -> None:
    answers = [attempt(nobody, WRONG, "203.0.113.9") for _ in range(200)]
    looked_at = answers.count(422)  # five are free, then the waits double: 63 s for six more
    assert looked_at <= 13
    assert answers.count(429) == 200 - looked_at
    assert attempt(nobody, PASSWORD, "192.168.1.20") == 303


def test_the_answer_says_how_long_to_wait(gp: Person, nobody: Person) -> None:
    for _ in range(6):
        answer = nobody.sign_in("gp@test.example", WRONG)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert "Wait" in answer.text


def test_the_wait_doubles_up_to_a_minute_and_passes(gp: Person, nobody: Person) -> None:
    for _ in range(5):
        attempt(nobody, WRONG, "203.0.113.9")
    for wait in (1, 2, 4):
        assert throttling.wait_seconds("gp@test.example", "203.0.113.9") == wait
        pass_time(wait)
        assert attempt(nobody, WRONG, "203.0.113.9") == 422
    pass_time(8)
    assert attempt(nobody, PASSWORD, "203.0.113.9") == 303


def test_the_right_password_does_not_help_while_waiting(gp: Person, nobody: Person) -> None:
    for _ in range(5):
        attempt(nobody, WRONG, "203.0.113.9")
    assert attempt(nobody, PASSWORD, "203.0.113.9") == 429


def test_guessing_from_many_addresses_slows_the_account_by_seconds(gp: Person) -> None:
    fail_from(200)
    assert 1 <= throttling.wait_seconds("gp@test.example", "198.51.100.1") <= 5


def test_where_the_owner_signed_in_before_they_get_in_at_once(gp: Person, nobody: Person) -> None:
    assert attempt(nobody, PASSWORD, "192.168.1.20") == 303
    fail_from(200)
    assert attempt(nobody, PASSWORD, "192.168.1.20") == 303
    long_ago = utc_now() - throttling.KNOWN - timedelta(days=1)
    with transaction():
        db.session.execute(
            update(Throttle).where(Throttle.key.startswith("known:")).values(last_at=long_ago)
        )
    fail_from(200)
    assert throttling.wait_seconds("gp@test.example", "192.168.1.20") > 0


def test_many_accounts_tried_from_one_address_slow_the_address(nobody: Person) -> None:
    for number in range(20):
        with transaction():
            throttling.note_failure(f"somebody{number}@test.example", "203.0.113.9")
    assert throttling.wait_seconds("another@test.example", "203.0.113.9") > 0
