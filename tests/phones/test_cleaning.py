"""The clean-up closes what has ended, says how much, and touches nothing clinical."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import inspect, select

from clinicpro.accounts.models import SignIn
from clinicpro.audit.models import AuditEvent
from clinicpro.cleaning import clean_up
from clinicpro.consultations.models import Consultation
from clinicpro.consultations.operations import finish_consultation, switch_consultation
from clinicpro.consultations.queries import current_consultation
from clinicpro.db import db, transaction, utc_now
from clinicpro.gateways.fakes import FakeStore
from clinicpro.images.models import EXPECTED, EXPIRED, Image
from clinicpro.notes.models import Note
from clinicpro.patients.models import Patient
from clinicpro.phones.models import Pairing
from clinicpro.web import gateways
from clinicpro.worker import handlers
from tests.factories import JPEG, Person, make_consultation, presign, send_image
from tests.phones.conftest import Ago
from tests.phones.phone import Phone, offer, paired

HOURS = timedelta(hours=1)


def cleaned() -> dict[str, int]:
    db.session.rollback()
    return clean_up(gateways())


def last_event() -> AuditEvent:
    db.session.rollback()
    query = select(AuditEvent).where(AuditEvent.action == "cleanup").order_by(AuditEvent.seq.desc())
    found = db.session.scalars(query).first()
    assert found is not None
    return found


def age(consultation_id: UUID, by: timedelta) -> None:
    """As if the whole consultation had been so much earlier."""
    with transaction():
        row = db.session.get_one(Consultation, consultation_id)
        row.started_at -= by
        row.opened_at = row.opened_at - by if row.opened_at else None
        for image in db.session.scalars(
            select(Image).where(Image.consultation_id == consultation_id)
        ):
            image.changed_at -= by


def contents(*models: type) -> list[dict[str, object]]:
    """Every column of every row."""
    db.session.rollback()
    found = []
    for model in models:
        names = [column.key for column in inspect(model).columns]
        rows = db.session.scalars(select(model)).all()
        found += [{name: getattr(row, name) for name in names} for row in rows]
    return found


def test_nothing_clinical_is_touched(gp: Person, store: FakeStore, ago: Ago) -> None:
    consultation_id = make_consultation(gp)
    phone = paired(gp)
    ids = [send_image(phone, store), send_image(gp, store, JPEG + b"\1")]
    gp.post(f"/images/{ids[1]}/trash")
    with transaction():
        db.session.add(Note(consultation_id=consultation_id, history="Fell on gravel."))
    ago(UUID(str(phone.state()["pairingId"])), 40 * 24 * HOURS)
    age(consultation_id, 40 * 24 * HOURS)
    with transaction():
        for row in db.session.scalars(select(SignIn)):
            row.created_at = row.last_seen_at = utc_now() - 40 * 24 * HOURS
    before = contents(Image, Patient, Note)
    bytes_before = [store.read(db.session.get_one(Image, UUID(one)).key) for one in ids]

    counts = cleaned()

    assert counts == {"pairings": 1, "codes": 1, "sign_ins": 1, "consultations": 1, "presigns": 0}
    assert contents(Image, Patient, Note) == before
    assert [store.read(db.session.get_one(Image, UUID(one)).key) for one in ids] == bytes_before
    event = last_event()
    assert event.details == {name: str(count) for name, count in counts.items()}
    assert event.objects == [str(consultation_id)]
    assert event.actor is None


def test_a_run_that_finds_nothing_is_recorded_too(gp: Person) -> None:
    assert set(cleaned().values()) == {0}
    assert set(last_event().details.values()) == {"0"}


def test_the_worker_does_it_every_hour(gp: Person) -> None:
    sweep = handlers()["sweep"]
    assert sweep.every == timedelta(hours=1)
    sweep.run("")
    assert last_event().action == "cleanup"


def test_codes_nobody_scanned_and_pairings_that_ran_out_end(gp: Person, ago: Ago) -> None:
    live, old = paired(gp), paired(gp)
    code = offer(gp)
    ago(code.pairing_id, timedelta(seconds=121))
    ago(UUID(str(old.state()["pairingId"])), 9 * HOURS)
    assert cleaned()["pairings"] == 2
    assert live.state()["state"] == "confirmed"
    assert old.state()["state"] == "ended"
    row = db.session.get_one(Pairing, code.pairing_id)
    assert row.ended_at == row.offered_at + timedelta(seconds=120)
    assert row.end_reason == "expired"
    assert cleaned()["pairings"] == 0


def test_old_hashes_are_forgotten(gp: Person, ago: Ago) -> None:
    made = offer(gp)
    Phone(gp.app).redeem(made.secret)
    ago(made.pairing_id, 25 * HOURS)
    assert cleaned()["codes"] == 1
    row = db.session.get_one(Pairing, made.pairing_id)
    assert (row.secret_hash, row.token_hash) == (None, None)
    assert Phone(gp.app).redeem(made.secret).get_json()["code"] == "expired"


def test_a_dead_sign_in_is_closed_as_of_its_death_and_no_phone_with_it(gp: Person) -> None:
    phone = paired(gp)
    begun = utc_now() - 25 * HOURS
    with transaction():
        db.session.add(
            SignIn(
                user_id=gp.user_id, token_hash="x", device="", created_at=begun, last_seen_at=begun
            )
        )
    assert cleaned()["sign_ins"] == 1
    row = db.session.scalars(select(SignIn).where(SignIn.token_hash == "x")).one()
    assert row.ended_at == begun + timedelta(minutes=30)
    assert phone.state()["state"] == "confirmed"
    assert gp.get("/").status_code == 200


def test_a_consultation_of_yesterday_is_not_current_this_morning(gp: Person) -> None:
    consultation_id = make_consultation(gp)
    age(consultation_id, 11 * HOURS)
    assert cleaned()["consultations"] == 0
    age(consultation_id, 2 * HOURS)
    assert cleaned()["consultations"] == 1
    assert current_consultation(gp.actor) is None
    switch_consultation(gp.actor, consultation_id)
    assert cleaned()["consultations"] == 0
    found = current_consultation(gp.actor)
    assert found is not None
    assert found.id == consultation_id


@pytest.mark.parametrize("deed", ["image", "note"])
def test_where_something_happened_lately_it_stays_open(
    gp: Person, store: FakeStore, deed: str
) -> None:
    consultation_id = make_consultation(gp)
    age(consultation_id, 30 * HOURS)
    if deed == "image":
        send_image(gp, store, sessionId=str(consultation_id))
    else:
        with transaction():
            db.session.add(Note(consultation_id=consultation_id, saved_at=utc_now()))
    assert cleaned()["consultations"] == 0


def test_a_finished_one_stays_as_it_was(gp: Person) -> None:
    consultation_id = make_consultation(gp)
    finish_consultation(gp.actor, consultation_id)
    age(consultation_id, 30 * HOURS)
    ended = db.session.get_one(Consultation, consultation_id).ended_at
    assert cleaned()["consultations"] == 0
    assert db.session.get_one(Consultation, consultation_id).ended_at == ended


def signed_at(image_id: str, at: datetime) -> None:
    with transaction():
        db.session.get_one(Image, UUID(image_id)).signed_at = at


def test_what_never_came_is_given_up_after_a_day(gp: Person, store: FakeStore) -> None:
    new, old = (presign(gp, JPEG + bytes([n])).get_json()["imageId"] for n in (1, 2))
    signed_at(new, utc_now() - 23 * HOURS)
    signed_at(old, utc_now() - 25 * HOURS)
    assert cleaned()["presigns"] == 1
    states = [db.session.get_one(Image, UUID(one)).state for one in (new, old)]
    assert states == [EXPECTED, EXPIRED]


def test_what_came_and_cannot_be_read_yet_is_not_given_up(gp: Person, store: FakeStore) -> None:
    from clinicpro.gateways import Gateways
    from clinicpro.imaging.client import DecoderClient

    answer = presign(gp, JPEG).get_json()
    store.put(answer["uploadUrl"].split("localhost", 1)[-1], answer["headers"], JPEG)
    signed_at(answer["imageId"], utc_now() - 25 * HOURS)
    nowhere = gp.app.extensions["settings"].data / "none.sock"
    db.session.rollback()
    counts = clean_up(Gateways(store, gateways().describer, DecoderClient(nowhere)))
    assert counts["presigns"] == 0
    assert db.session.get_one(Image, UUID(answer["imageId"])).state == EXPECTED
