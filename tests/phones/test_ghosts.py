"""An earlier photo that the desk shows on a phone: whose, on which phone, and until when."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest
from sqlalchemy import select

from clinicpro.audit.models import AuditEvent
from clinicpro.consultations.operations import finish_consultation
from clinicpro.db import db
from clinicpro.gateways.fakes import FakeStore
from clinicpro.images.models import Image
from clinicpro.images.operations import move
from clinicpro.worker import run_due
from tests.factories import JPEG, Person, make_consultation, send_image
from tests.phones.phone import Phone, offer, paired

HTMX = {"HX-Request": "true"}
MERE = ("ZZZ0016", "Mere Tāmati")
HANA = ("ZZZ0032", "Hana Wiremu")
SAID = {"bodySite": "forearm", "laterality": "left", "view": "close-up", "label": "Mere’s mole"}


def prepared(person: Person, store: FakeStore, content: bytes = JPEG, **more: object) -> str:
    """A saved image whose view is made; in the tray unless `sessionId` says where."""
    image_id = send_image(person, store, content, **more)
    run_due(person.app)
    return image_id


@pytest.fixture
def earlier(gp: Person, store: FakeStore) -> str:
    """A photo from an earlier consultation of the patient who is here again."""
    first = make_consultation(gp, *MERE)
    image_id = prepared(gp, store, sessionId=str(first), **SAID)
    finish_consultation(gp.actor, first)
    make_consultation(gp, *MERE)
    return image_id


def id_of(phone: Phone) -> str:
    return str(phone.state()["pairingId"])


def show(person: Person, pairing_id: str, image_id: str) -> int:
    return person.post(f"/pairings/{pairing_id}/ghosts/{image_id}").status_code


def withdraw(person: Person, pairing_id: str, image_id: str) -> int:
    return person.post(f"/pairings/{pairing_id}/ghosts/{image_id}/end").status_code


def ghost(phone: Phone) -> dict[str, str] | None:
    found = phone.state()["ghost"]
    assert found is None or isinstance(found, dict)
    return found


def shown(gp: Person, image_id: str) -> Phone:
    """A phone that shows the image."""
    phone = paired(gp)
    assert show(gp, id_of(phone), image_id) == 303
    found = ghost(phone)
    assert found is not None
    assert found["id"] == image_id
    return phone


def events(action: str) -> list[AuditEvent]:
    db.session.rollback()
    return list(db.session.scalars(select(AuditEvent).where(AuditEvent.action == action)))


def looks() -> list[AuditEvent]:
    """Of phones at images, as the audit has them."""
    return [one for one in events("image.view") if one.roles == "phone"]


def test_the_phone_gets_the_view_and_nothing_keeps_it(
    gp: Person, store: FakeStore, earlier: str
) -> None:
    phone = paired(gp)
    assert ghost(phone) is None
    assert show(gp, id_of(phone), earlier) == 303
    found = ghost(phone)
    assert found is not None
    image = db.session.get_one(Image, UUID(earlier))
    answer = store.get(found.pop("url"))
    assert answer.content == store.read(image.view_key)
    assert answer.content != store.read(image.key)
    assert answer.headers["cache-control"] == "private, no-store"
    day = image.uploaded_at
    assert found == {
        "id": earlier,
        "words": "Left forearm, close-up",
        "day": found["day"],
        "bodySite": "forearm",
        "laterality": "left",
        "view": "close-up",
    }
    assert found["day"].endswith(f"{day:%Y}")


def test_what_a_person_typed_is_not_told(gp: Person, earlier: str) -> None:
    phone = shown(gp, earlier)
    said = phone.get("/m/state").text
    for word in ("mole", "Mere", "IMG_1", "ZZZ0016"):
        assert word not in said


def test_each_showing_and_the_phones_look_at_it_are_recorded_once(gp: Person, earlier: str) -> None:
    phone = shown(gp, earlier)
    pairing_id = id_of(phone)
    assert show(gp, pairing_id, earlier) == 303  # it is there already
    ghost(phone)
    (made,) = events("pairing.ghost")
    assert made.objects == [pairing_id, earlier]
    (seen,) = looks()
    assert seen.objects == [earlier, pairing_id]
    assert seen.actor == str(gp.user_id)
    withdraw(gp, pairing_id, earlier)
    withdraw(gp, pairing_id, earlier)
    (ended,) = events("pairing.ghost_end")
    assert ended.objects == [pairing_id, earlier]
    show(gp, pairing_id, earlier)
    ghost(phone)
    assert len(looks()) == 2


def test_five_looks_at_once_are_one(gp: Person, earlier: str) -> None:
    phone = paired(gp)
    show(gp, id_of(phone), earlier)
    cookie = phone.client.get_cookie("clinicpro-phone-0badcafe")
    assert cookie is not None
    phones = [Phone(gp.app) for _ in range(5)]
    for one in phones:
        one.client.set_cookie(cookie.key, cookie.value)
    threads = [threading.Thread(target=one.client.get, args=("/m/state",)) for one in phones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(looks()) == 1


def test_another_patients_photo_is_refused_in_words(
    gp: Person, store: FakeStore, earlier: str
) -> None:
    hana = make_consultation(gp, *HANA)
    hers = prepared(gp, store, JPEG + b"\1", sessionId=str(hana))
    phone = paired(gp)  # for Hana
    answer = gp.post(f"/pairings/{id_of(phone)}/ghosts/{earlier}", headers=HTMX)
    assert answer.status_code == 409
    assert "This phone is for somebody else" in answer.text
    assert ghost(phone) is None
    assert show(gp, id_of(phone), hers) == 303


def test_the_trays_photos_are_for_the_trays_phone(gp: Person, store: FakeStore) -> None:
    loose = prepared(gp, store, JPEG + b"\1")
    for_tray = shown(gp, loose)
    assert for_tray.state()["target"] == "tray"
    consultation_id = make_consultation(gp, *MERE)
    of_mere = prepared(gp, store, sessionId=str(consultation_id))
    for_mere = paired(gp)
    assert show(gp, id_of(for_mere), loose) == 409
    assert show(gp, id_of(for_tray), of_mere) == 409
    found = ghost(for_tray)
    assert found is not None
    assert (found["id"], found["words"]) == (loose, "Photo")


def test_only_a_connected_phone_is_shown_one(gp: Person, earlier: str) -> None:
    made, phone = offer(gp), Phone(gp.app)
    assert show(gp, str(made.pairing_id), earlier) == 409
    phone.redeem(made.secret)
    assert show(gp, str(made.pairing_id), earlier) == 409
    assert ghost(phone) is None
    gp.post(f"/pairings/{made.pairing_id}/confirmation")
    assert show(gp, str(made.pairing_id), earlier) == 303
    assert ghost(phone) is not None
    gp.post(f"/pairings/{made.pairing_id}/end")
    assert ghost(phone) is None
    assert show(gp, str(made.pairing_id), earlier) == 409


def test_a_photo_in_the_trash_or_not_prepared_is_refused(
    gp: Person, store: FakeStore, earlier: str
) -> None:
    phone = paired(gp)
    fresh = send_image(phone, store, JPEG + b"\1")
    assert show(gp, id_of(phone), fresh) == 409
    gp.post(f"/images/{earlier}/trash")
    assert show(gp, id_of(phone), earlier) == 409


def test_a_colleague_reaches_neither_photo_nor_phone(
    gp: Person, colleague: Person, earlier: str
) -> None:
    make_consultation(colleague, *MERE)
    mine, theirs = shown(gp, earlier), paired(colleague)
    for person, phone in ((colleague, mine), (colleague, theirs), (gp, theirs)):
        assert show(person, id_of(phone), earlier) == 404
        assert withdraw(person, id_of(phone), earlier) == 404
    assert colleague.get(f"/images/{earlier}/ghosts").status_code == 404
    assert ghost(theirs) is None
    assert ghost(mine) is not None


def test_only_the_phone_that_was_meant_shows_it(gp: Person, earlier: str) -> None:
    other = paired(gp)
    phone = shown(gp, earlier)
    assert ghost(other) is None
    assert ghost(Phone(gp.app)) is None
    assert ghost(phone) is not None


@pytest.mark.parametrize("deed", ["withdraw", "trash", "move", "tray", "revoke", "leave", "out"])
def test_it_is_gone_after(gp: Person, earlier: str, deed: str) -> None:
    phone = shown(gp, earlier)
    if deed == "withdraw":
        withdraw(gp, id_of(phone), earlier)
    elif deed == "trash":
        gp.post(f"/images/{earlier}/trash")
    elif deed == "move":
        move(gp.actor, UUID(earlier), make_consultation(gp, *HANA))
    elif deed == "tray":
        move(gp.actor, UUID(earlier), None)
    elif deed == "revoke":
        gp.post(f"/pairings/{id_of(phone)}/end")
    elif deed == "leave":
        phone.post("/m/leave")
    else:
        gp.post("/logout")
    assert ghost(phone) is None
    if deed not in ("out", "withdraw"):
        assert "Left forearm" not in gp.get("/pairings", headers=HTMX).text


def test_another_photo_takes_its_place(gp: Person, store: FakeStore, earlier: str) -> None:
    phone = shown(gp, earlier)
    newer = send_image(phone, store, JPEG + b"\1")
    run_due(gp.app)
    assert show(gp, id_of(phone), newer) == 303
    assert withdraw(gp, id_of(phone), earlier) == 303  # it is not that one any more
    found = ghost(phone)
    assert found is not None
    assert found["id"] == newer
    assert [one.objects[0] for one in looks()] == [earlier, newer]


def test_a_phone_that_ended_meanwhile_has_not_looked(gp: Person, earlier: str) -> None:
    phone = paired(gp)
    pairing_id = id_of(phone)
    show(gp, pairing_id, earlier)
    gp.post(f"/pairings/{pairing_id}/end")
    assert ghost(phone) is None
    assert looks() == []


def test_the_viewer_offers_the_phones_that_fit_and_the_desk_says_what_they_show(
    gp: Person, earlier: str
) -> None:
    assert "Show on the phone" not in gp.get(f"/images/{earlier}").text
    phone = paired(gp)
    pairing_id = id_of(phone)
    assert "Show on the phone" in gp.get(f"/images/{earlier}").text
    answer = gp.post(f"/pairings/{pairing_id}/ghosts/{earlier}", headers=HTMX).text
    assert "Take back<" in answer
    assert "Shown in a moment" in answer
    ghost(phone)
    assert "Shown on the phone" in gp.get(f"/images/{earlier}/ghosts", headers=HTMX).text
    desk = gp.get("/pairings", headers=HTMX).text
    assert "Left forearm, close-up" in desk
    assert "Take back" in desk
    make_consultation(gp, *HANA)
    gp.post(f"/pairings/{pairing_id}/end")
    paired(gp)  # for Hana
    assert "Show on the phone" not in gp.get(f"/images/{earlier}").text
