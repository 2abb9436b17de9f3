"""The manager's screens: health, people, the AI switch, the audit."""

from __future__ import annotations

from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text

from clinicpro.accounts.operations import AccountError, change_roles, set_disabled
from clinicpro.analyses.queries import policy
from clinicpro.audit.models import AuditEvent
from clinicpro.db import db
from clinicpro.gateways.fakes import FakeStore
from clinicpro.health import beat
from tests.factories import PASSWORD, Person, make_consultation, make_person, user_named

NEW = {
    "name": "Dr Ana Fonoti",
    "email": "ana@test.example",
    "password": PASSWORD,
    "roles": ["gp", "manager"],
}


def last_event() -> AuditEvent:
    db.session.rollback()
    found = db.session.scalars(select(AuditEvent).order_by(AuditEvent.seq.desc())).first()
    assert found is not None
    return found


def test_all_is_well_when_it_is(manager: Person) -> None:
    beat("worker")
    page = manager.get("/practice")
    assert page.status_code == 200
    assert "All well" in page.text


def test_a_store_that_is_down_and_a_worker_that_stands_still_are_named(
    manager: Person, store: FakeStore
) -> None:
    store.down = True
    page = manager.get("/practice").text
    assert "Look below" in page
    assert "No answer" in page
    assert "Stands still" in page


def test_the_auditor_reads_and_changes_nothing(auditor: Person, gp: Person) -> None:
    page = auditor.get("/practice")
    assert page.status_code == 200
    assert "/practice/users" not in page.text
    assert 'id="ai-form"' not in page.text
    assert auditor.post("/practice/users", data=NEW).status_code == 403
    roles = {"roles": ["manager"]}
    assert auditor.post(f"/practice/users/{gp.user_id}", data=roles).status_code == 403
    assert auditor.post("/practice/ai", data={"is_on": "y", "basis": "x"}).status_code == 403


def test_clinicians_are_told_who_can_let_them(gp: Person, nurse: Person, manager: Person) -> None:
    for person in (gp, nurse):
        answer = person.get("/practice")
        assert answer.status_code == 403
        assert "Helen McKay" in answer.text
    assert (last_event().action, last_event().reason) == ("refused", "audit.read")


def test_managers_and_auditors_see_no_images(manager: Person, auditor: Person, gp: Person) -> None:
    consultation_id = make_consultation(gp)
    for person in (manager, auditor):
        for path in (
            "/images",
            "/api/clinical-images/list",
            f"/images/{uuid4()}",
            f"/consultations/{consultation_id}",
        ):
            assert person.get(path).status_code == 403


def test_a_person_is_added_and_can_sign_in(app: Flask, manager: Person) -> None:
    answer = manager.post("/practice/users", data=NEW)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/practice#people")
    assert user_named("ana@test.example").roles == {"gp", "manager"}
    ana = Person(app, None)
    assert ana.sign_in("ana@test.example").status_code == 303
    assert "Dr Ana Fonoti" in ana.get("/practice").text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "not an address"),
        ("email", "manager@test.example"),
        ("password", "short"),
        ("roles", []),
        ("roles", ["king"]),
        ("name", ""),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    manager: Person, field: str, value: str | list[str]
) -> None:
    answer = manager.post(
        "/practice/users", data={**NEW, field: value}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 422
    assert 'id="people"' in answer.text
    assert "field__error" in answer.text
    assert PASSWORD not in answer.text


def test_roles_change_from_the_next_request_on(manager: Person, nurse: Person) -> None:
    assert nurse.get("/practice").status_code == 403
    data = {"roles": ["nurse", "auditor"]}
    assert manager.post(f"/practice/users/{nurse.user_id}", data=data).status_code == 303
    assert nurse.get("/practice").status_code == 200
    assert (last_event().action, last_event().details["roles"]) == ("role.change", "auditor nurse")
    manager.post(f"/practice/users/{nurse.user_id}", data={"roles": ["nurse"]})
    assert nurse.get("/practice").status_code == 403


def test_saving_what_is_so_already_records_nothing(manager: Person, nurse: Person) -> None:
    before = last_event().seq
    manager.post(f"/practice/users/{nurse.user_id}", data={"roles": ["nurse"]})
    assert last_event().seq == before


def test_nobody_changes_their_own_roles(manager: Person) -> None:
    answer = manager.post(f"/practice/users/{manager.user_id}", data={"roles": ["manager", "gp"]})
    assert answer.status_code == 422
    assert "by another manager" in answer.text
    assert user_named("manager@test.example").roles == {"manager"}


def test_two_managers_cannot_take_each_other_away_at_once(app: Flask, manager: Person) -> None:
    second = make_person(app, "second@test.example", "Tevita Moala", "manager")
    first_actor, second_actor = manager.actor, second.actor  # both clicked before either was done
    assert manager.user_id
    assert second.user_id
    db.session.rollback()
    change_roles(first_actor, second.user_id, {"gp"})
    with pytest.raises(AccountError, match="last manager"):
        change_roles(second_actor, manager.user_id, {"gp"})
    with pytest.raises(AccountError, match="last manager"):
        set_disabled(second_actor, manager.user_id, disabled=True)
    assert manager.get("/practice").status_code == 200


def test_an_unknown_person_is_not_there(manager: Person) -> None:
    assert manager.post(f"/practice/users/{uuid4()}", data={"roles": ["gp"]}).status_code == 404


def test_ai_is_off_until_a_basis_is_recorded(manager: Person) -> None:
    caps = {"daily_runs": "20", "monthly_runs": "300"}
    caps |= {"daily_money": "2.50", "monthly_money": "40", "dollars_in": "3", "dollars_out": ""}
    caps |= {"consent_wording": "I asked, and the patient said yes"}
    answer = manager.post("/practice/ai", data={"is_on": "y", "basis": " ", **caps})
    assert answer.status_code == 422
    assert not policy().is_on
    basis = "Privacy assessment of 3 November 2026"
    answer = manager.post("/practice/ai", data={"is_on": "y", "basis": basis, **caps})
    assert answer.status_code == 303
    db.session.rollback()
    assert (policy().is_on, policy().basis) == (True, basis)
    assert (policy().daily_runs, policy().monthly_runs) == (20, 300)
    assert (policy().daily_cents, policy().monthly_cents) == (250, 4000)
    assert (policy().price_in, policy().price_out) == (300, None)
    assert policy().consent_wording == "I asked, and the patient said yes"
    page = manager.get("/practice").text
    assert basis in page
    assert "Helen McKay" in page
    assert last_event().action == "ai.switch"
    manager.post("/practice/ai", data={"basis": "", **caps})
    db.session.rollback()
    assert (policy().is_on, policy().basis) == (False, basis)


def test_caps_are_numbers(manager: Person) -> None:
    for cap in ("many", "-1", ""):
        data = {"basis": "x", "daily_runs": cap, "monthly_runs": "300"}
        assert manager.post("/practice/ai", data=data).status_code == 422


def test_the_audit_is_told_in_words_with_ids_alone(manager: Person, gp: Person) -> None:
    gp.post("/consultations", data={"nhi": "ZZZ0016", "name": "Mere Tāmati"})
    page = manager.get("/practice").text
    assert "<strong>Dr Aroha Ngata</strong> started a consultation" in page
    assert "Mere" not in page
    assert "ZZZ0016" not in page


def test_the_audit_goes_back_page_by_page(manager: Person, gp: Person) -> None:
    for _ in range(60):
        gp.post("/consultations/lookup", data={"nhi": "ZZZ0016"})
    first = manager.get("/practice").text
    assert first.count("audit__item") == 50
    last = int(first.rpartition("before=")[2].partition("#")[0].partition('"')[0])
    second = manager.get(f"/practice?before={last}").text
    assert f"· {last - 1}<" in second or f">{last - 1}<" in second


def test_the_chain_is_checked_on_demand(manager: Person) -> None:
    assert "Chain unbroken" not in manager.get("/practice").text
    assert "Chain unbroken" in manager.post("/practice/audit/verification").text
    assert last_event().action == "audit.verify"
    db.session.execute(text("UPDATE audit_event SET actor = 'x' WHERE seq = 2"))
    db.session.commit()
    assert "Broken at event 2" in manager.post("/practice/audit/verification").text


def test_names_on_the_screen_are_escaped(app: Flask, manager: Person) -> None:
    make_person(app, "x@test.example", "<script>alert(1)</script>", "gp")
    assert "<script>alert" not in manager.get("/practice").text
