"""Start, switch, finish: one's own consultations, and which one is current."""

from __future__ import annotations

from uuid import UUID, uuid4

from sqlalchemy import func, select

from clinicpro.audit.models import AuditEvent
from clinicpro.consultations.models import Consultation
from clinicpro.consultations.queries import current_consultation
from clinicpro.db import db
from clinicpro.gateways.fakes import FakeStore
from clinicpro.patients.models import Patient
from tests.factories import Person, make_consultation, send_image

MERE = {"nhi": "ZZZ0016", "name": "Mere Tāmati", "date_of_birth": "12/3/1979"}


def current_id(person: Person) -> UUID | None:
    db.session.rollback()
    found = current_consultation(person.actor)
    return found.id if found else None


def count(model: type[Consultation | Patient]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_starting_makes_it_current(gp: Person) -> None:
    answer = gp.post("/consultations", data=MERE)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    consultation = db.session.scalars(select(Consultation)).one()
    assert (consultation.owner_id, consultation.patient.name) == (gp.user_id, "Mere Tāmati")
    assert current_id(gp) == consultation.id
    assert "Mere Tāmati" in gp.get("/").text


def test_starting_twice_takes_up_the_open_one(gp: Person) -> None:
    for _ in range(2):
        assert gp.post("/consultations", data=MERE).status_code == 303
    assert (count(Consultation), count(Patient)) == (1, 1)


def test_after_the_finish_a_new_one_begins(gp: Person) -> None:
    first = make_consultation(gp)
    gp.post(f"/consultations/{first}/end")
    gp.post("/consultations", data=MERE)
    assert count(Consultation) == 2


def test_a_known_nhi_with_another_name_is_refused_at_the_name(gp: Person) -> None:
    gp.post("/consultations", data=MERE)
    answer = gp.post(
        "/consultations", data={**MERE, "name": "Wiremu Pōtae"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 422
    assert 'id="page"' in answer.text  # what htmx selects out of the answer
    assert "ZZZ0016 belongs to Mere Tāmati" in answer.text
    assert count(Consultation) == 1


def test_a_wrong_nhi_starts_nothing(gp: Person) -> None:
    answer = gp.post("/consultations", data={**MERE, "nhi": "ZZZ0044"})
    assert answer.status_code == 422
    assert "last character" in answer.text
    assert count(Patient) == 0


def test_what_was_typed_comes_back_escaped(gp: Person) -> None:
    hostile = '"><script>alert(1)</script>'
    answer = gp.post("/consultations", data={"nhi": hostile, "name": hostile})
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text


def test_the_look_up_fills_in_a_patient_seen_before(gp: Person, colleague: Person) -> None:
    gp.post("/consultations", data=MERE)
    answer = colleague.post("/consultations/lookup", data={"nhi": "zzz 0016", "name": "Me"})
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith("<form")
    assert 'value="Mere Tāmati"' in answer.text
    assert 'value="12/03/1979"' in answer.text
    event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.seq.desc())).first()
    assert event is not None
    assert (event.action, event.actor) == ("patient.find", str(colleague.user_id))


def test_the_look_up_keeps_what_was_typed_about_a_new_patient(gp: Person) -> None:
    answer = gp.post("/consultations/lookup", data={"nhi": "ZAC5361", "name": "Wiremu"})
    assert answer.status_code == 200
    assert 'value="Wiremu"' in answer.text
    assert count(Patient) == 0


def test_the_look_up_names_a_mistyped_nhi(gp: Person) -> None:
    for nhi in ("ZZZ0044", "", "ZZZ"):
        assert gp.post("/consultations/lookup", data={"nhi": nhi}).status_code == 422


def test_no_nhi_is_in_an_address(gp: Person) -> None:
    assert gp.get("/consultations/lookup?nhi=ZZZ0016").status_code == 405
    assert 'hx-get="/consultations/lookup' not in gp.get("/consultations").text


def test_switching_and_finishing(gp: Person) -> None:
    first = make_consultation(gp)
    second = make_consultation(gp, "ZAC5361", "Wiremu Pōtae")
    assert current_id(gp) == second
    assert gp.post(f"/consultations/{first}/current").status_code == 303
    assert current_id(gp) == first
    assert gp.post(f"/consultations/{first}/end").status_code == 303
    assert current_id(gp) is None
    assert gp.post(f"/consultations/{first}/end").status_code == 303  # twice is once
    finishes = select(func.count()).where(AuditEvent.action == "consultation.finish")
    assert db.session.scalar(finishes) == 1


def test_a_finished_one_is_opened_again_by_switching_to_it(gp: Person) -> None:
    first = make_consultation(gp)
    gp.post(f"/consultations/{first}/end")
    gp.post(f"/consultations/{first}/current")
    assert current_id(gp) == first
    assert db.session.get_one(Consultation, first).is_open


def test_the_choice_is_a_dialog_for_htmx_and_a_page_otherwise(gp: Person, store: FakeStore) -> None:
    consultation_id = make_consultation(gp)
    send_image(gp, store, sessionId=str(consultation_id))
    dialog = gp.get("/consultations", headers={"HX-Request": "true"})
    assert dialog.text.lstrip().startswith("<dialog")
    assert "· 1 image<" in dialog.text
    page = gp.get("/consultations")
    assert "<h1>" in page.text
    assert "HX-Request" in page.headers["Vary"]


def test_each_sees_their_own(gp: Person, colleague: Person) -> None:
    make_consultation(gp)
    assert "Mere" not in colleague.get("/consultations").text
    assert current_id(colleague) is None


def test_a_colleagues_consultation_is_the_404_of_an_unknown_id(
    gp: Person, colleague: Person
) -> None:
    theirs = make_consultation(gp)
    for verb in ("current", "end"):
        for consultation_id in (theirs, uuid4()):
            answer = colleague.post(f"/consultations/{consultation_id}/{verb}")
            assert answer.status_code == 404
            assert "Mere" not in answer.text
    assert current_id(gp) == theirs


def test_managers_and_auditors_have_no_consultations(manager: Person, auditor: Person) -> None:
    for person in (manager, auditor):
        assert person.post("/consultations", data=MERE).status_code == 403
        assert person.post("/consultations/lookup", data=MERE).status_code == 403
        assert person.get("/consultations").status_code == 403
    assert count(Patient) == 0
