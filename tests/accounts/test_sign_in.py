"""Signing in and out, how long it holds, and the cookie that carries it."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from clinicpro.accounts.models import SignIn, User
from clinicpro.audit.models import AuditEvent
from clinicpro.db import db, transaction, utc_now
from tests.factories import PASSWORD, Person, make_person, user_named

COOKIE = "clinicpro-0badcafe"


def age(**columns: timedelta) -> None:
    with transaction():
        values = {name: utc_now() - ago for name, ago in columns.items()}
        db.session.execute(update(SignIn).values(**values))


def cookie_of(person: Person) -> str:
    cookie = person.client.get_cookie(COOKIE)
    assert cookie is not None
    return cookie.value


def with_cookie(app: Flask, value: str) -> Person:
    thief = Person(app, None)
    thief.client.set_cookie(COOKIE, value)
    return thief


def test_a_page_asks_for_the_sign_in_and_then_goes_on(gp: Person, nobody: Person) -> None:
    asked = nobody.get("/account")
    assert (asked.status_code, asked.headers["Location"]) == (303, "/login?next=/account")
    answer = nobody.post(
        "/login?next=/account", data={"email": "gp@test.example", "password": PASSWORD}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert nobody.get("/account").status_code == 200


def test_json_and_htmx_get_a_401_instead(gp: Person, nobody: Person) -> None:
    listing = nobody.get("/api/clinical-images/list")
    assert (listing.status_code, listing.get_json()["code"]) == (401, "signed-out")
    assert nobody.get("/images", headers={"HX-Request": "true"}).status_code == 401
    assert nobody.get("/live", headers={"Accept": "text/event-stream"}).status_code == 401


def test_an_address_that_is_not_there_is_a_401_too(gp: Person, nobody: Person) -> None:
    for path in ("/api/nothing", "/api/../secret.env", "/api/a.b"):
        assert nobody.get(path).status_code == 401


def test_a_wrong_password_says_the_same_as_an_unknown_account(gp: Person, nobody: Person) -> None:
    wrong = nobody.sign_in("gp@test.example", "not the password at all")
    unknown = nobody.sign_in("nobody@test.example", "not the password at all")
    assert wrong.status_code == unknown.status_code == 422
    words = "E-mail and password don’t match"
    assert words in wrong.text
    assert words in unknown.text
    assert nobody.get("/account").status_code == 303


def test_the_next_address_is_never_another_host(gp: Person, nobody: Person) -> None:
    data = {"email": "gp@test.example", "password": PASSWORD}
    for wanted in ("//evil.example", "https://evil.example", "/\\evil.example"):
        answer = nobody.post("/login", data={**data, "next": wanted})
        assert answer.headers["Location"] == "/"


def test_half_an_hour_without_a_click_ends_it(gp: Person) -> None:
    age(last_seen_at=timedelta(minutes=29))
    assert gp.get("/account").status_code == 200
    age(last_seen_at=timedelta(minutes=31))
    assert gp.get("/account").status_code == 303


def test_a_click_counts_and_a_poll_does_not(gp: Person) -> None:
    age(last_seen_at=timedelta(minutes=29))
    gp.get("/images/changes")
    gp.get("/account", headers={"X-Background": "1"})
    idle = utc_now() - db.session.scalars(select(SignIn)).one().last_seen_at
    assert idle > timedelta(minutes=28)
    gp.get("/account")
    db.session.rollback()
    assert utc_now() - db.session.scalars(select(SignIn)).one().last_seen_at < timedelta(minutes=1)


def test_after_twelve_hours_it_is_over_however_busy(gp: Person) -> None:
    age(created_at=timedelta(hours=12, minutes=1))
    assert gp.get("/account").status_code == 303


def test_signing_in_again_gives_another_cookie(gp: Person) -> None:
    before = cookie_of(gp)
    gp.post("/logout")
    gp.sign_in("gp@test.example")
    assert cookie_of(gp) != before


def test_a_session_prepared_before_the_sign_in_is_worth_nothing(app: Flask, gp: Person) -> None:
    victim = Person(app, None)
    token = victim.token()
    planted = cookie_of(victim)
    victim.sign_in("gp@test.example")
    assert with_cookie(app, planted).get("/account").status_code == 303
    answer = victim.open("/account", method="POST", headers={"X-CSRFToken": token})
    assert answer.status_code == 403


def test_a_stolen_cookie_is_worth_nothing_after_the_sign_out(app: Flask, gp: Person) -> None:
    thief = with_cookie(app, cookie_of(gp))
    assert thief.get("/account").status_code == 200
    assert gp.post("/logout").status_code == 303
    assert thief.get("/account").status_code == 303
    assert thief.get("/api/clinical-images/list").status_code == 401


def test_a_cookie_of_another_practice_is_not_ours(app: Flask, gp: Person) -> None:
    stranger = Person(app, None)
    stranger.client.set_cookie("clinicpro-ffffffff", cookie_of(gp))
    assert stranger.get("/account").status_code == 303


def test_the_token_is_stored_as_its_hash(gp: Person) -> None:
    row = db.session.scalars(select(SignIn)).one()
    assert len(row.token_hash) == 64
    assert row.token_hash not in cookie_of(gp)


def test_over_http_the_cookie_is_for_this_machine_alone(gp: Person, nobody: Person) -> None:
    cookie = nobody.sign_in("gp@test.example").headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_over_https_the_cookie_is_bound_to_the_host(app: Flask, gp: Person) -> None:
    browser = Person(app, None)
    encrypted = {"X-Forwarded-Proto": "https"}
    answer = browser.open("/login/token", method="GET", headers=encrypted)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"__Host-{COOKIE}=")
    for flag in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert flag in cookie
    assert "Domain" not in cookie


def test_shutting_out_counts_from_the_next_request(gp: Person, manager: Person) -> None:
    answer = manager.post(
        f"/practice/users/{gp.user_id}", data={"roles": ["gp"], "is_disabled": "y"}
    )
    assert answer.status_code == 303
    assert gp.get("/account").status_code == 303
    gp.sign_in("gp@test.example")
    assert gp.get("/account").status_code == 303


def test_a_new_password_ends_the_other_sign_ins(app: Flask, gp: Person) -> None:
    elsewhere = Person(app, gp.user_id)
    elsewhere.sign_in("gp@test.example")
    new = "harbour thimble orange"
    data = {"old_password": PASSWORD, "new_password": new, "has_hot_keys": "y"}
    assert gp.post("/account", data=data).status_code == 200
    assert gp.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 303
    assert elsewhere.sign_in("gp@test.example", new).status_code == 303


def test_a_weak_password_is_refused_with_a_reason(gp: Person) -> None:
    for weak in ("short", "password123456", "aaaaaaaaaaaaaaaa", "gp@test.example1"):
        data = {"old_password": PASSWORD, "new_password": weak}
        answer = gp.post("/account", data=data)
        assert answer.status_code == 422
        assert "field__error" in answer.text


def test_nobodys_password_is_kept_readable(gp: Person) -> None:
    kept = user_named("gp@test.example").password_hash
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept


def test_every_try_is_in_the_record_without_the_address(app: Flask, nobody: Person) -> None:
    make_person(app, "gp@test.example", "Dr Aroha Ngata", "gp")
    nobody.sign_in("gp@test.example", "not the password at all")
    nobody.sign_in("who@test.example", "not the password at all")
    events = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "sign_in")).all()
    assert [one.reason for one in events] == [None, "wrong password", "unknown account"]
    user = db.session.scalars(select(User)).one()
    assert [one.actor for one in events] == [str(user.id), str(user.id), None]
    assert "test.example" not in str([vars(one) for one in events])


def test_the_token_of_a_sign_in_by_script_is_good_at_once(app: Flask, gp: Person) -> None:
    browser = Person(app, gp.user_id)
    answer = browser.post(
        "/login",
        data={"email": "gp@test.example", "password": PASSWORD},
        headers={"Accept": "application/json"},
    )
    token = answer.get_json()["csrfToken"]
    saved = browser.open("/account", method="POST", data={}, headers={"X-CSRFToken": token})
    assert saved.status_code == 200
