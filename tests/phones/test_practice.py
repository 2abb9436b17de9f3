"""What managers, auditors and owners see of phones, and how it is ended from there."""

from __future__ import annotations

from uuid import UUID

import pytest

from clinicpro.db import db
from clinicpro.gateways.fakes import FakeStore
from clinicpro.images.models import Image
from tests.factories import JPEG, Person, make_consultation, send_image
from tests.phones.phone import paired

WORDING = "Kua whakaae te tūroro: the patient agreed to this photo."


def test_the_manager_ends_a_phone_and_sees_no_patient(
    gp: Person, manager: Person, store: FakeStore
) -> None:
    make_consultation(gp)
    phone = paired(gp)
    send_image(phone, store)
    page = manager.get("/practice").text
    for words in ("Dr Aroha Ngata", "iPhone, Safari", "1 photo saved", "1 now"):
        assert words in page
    assert "Dr Aroha Ngata’s phone</strong> added an image" in page
    assert "Mere" not in page
    assert "ZZZ0016" not in page
    pairing_id = phone.state()["pairingId"]
    assert manager.post(f"/practice/phones/{pairing_id}/end").status_code == 303
    assert phone.state()["state"] == "ended"
    assert "No phone is connected now." in manager.get("/practice").text


@pytest.mark.parametrize("role", ["auditor", "nurse"])
def test_nobody_else_ends_a_colleagues_phone(
    gp: Person, role: str, request: pytest.FixtureRequest
) -> None:
    person: Person = request.getfixturevalue(role)
    phone = paired(gp)
    pairing_id = phone.state()["pairingId"]
    assert person.post(f"/practice/phones/{pairing_id}/end").status_code == 403
    assert person.post(f"/pairings/{pairing_id}/end").status_code in (403, 404)
    assert phone.state()["state"] == "confirmed"


def test_the_practices_words_are_asked_and_kept(
    gp: Person, manager: Person, store: FakeStore
) -> None:
    phone = paired(gp)
    before = phone.state()["consentWording"]
    old = send_image(phone, store, photoConsent=True)
    answer = manager.post("/practice/photo-consent", data={"wording": WORDING})
    assert answer.status_code == 303
    assert phone.state()["consentWording"] == WORDING
    new = send_image(phone, store, JPEG + b"\1", photoConsent=True)
    unsaid = send_image(phone, store, JPEG + b"\2", photoConsent=False)
    db.session.rollback()
    kept = [db.session.get_one(Image, UUID(one)).photo_consent for one in (old, new, unsaid)]
    assert kept == [before, WORDING, None]
    manager.post("/practice/photo-consent", data={"wording": " "})
    assert phone.state()["consentWording"] == before


def test_wording_is_the_managers(gp: Person, auditor: Person) -> None:
    for person in (gp, auditor):
        assert person.post("/practice/photo-consent", data={"wording": "x"}).status_code == 403


def test_owners_see_what_each_phone_sent(gp: Person, colleague: Person, store: FakeStore) -> None:
    make_consultation(gp)
    phone = paired(gp)
    send_image(phone, store)
    phone.post("/m/leave")
    page = gp.get("/pairings").text
    assert "1 photo saved" in page
    assert "Mere Tāmati" in page
    assert "Ended" in page
    assert "No phone has been paired yet." in colleague.get("/pairings").text
    assert 'href="/pairings"' in gp.get("/account").text


def test_an_image_says_which_phone_it_came_from_and_what_was_agreed(
    gp: Person, store: FakeStore
) -> None:
    make_consultation(gp)
    phone = paired(gp)
    state = phone.state()
    from_phone = send_image(phone, store, photoConsent=True)
    from_desk = send_image(gp, store, JPEG + b"\1")
    page = gp.get(f"/images/{from_phone}").text
    assert f"iPhone, Safari, pairing {str(state['pairingId'])[:8]}" in page
    assert str(state["consentWording"]) in page
    assert "iPhone" not in gp.get(f"/images/{from_desk}").text


def test_images_are_filtered_by_where_they_came_from(gp: Person, store: FakeStore) -> None:
    from_phone = send_image(paired(gp), store)
    from_desk = send_image(gp, store, JPEG + b"\1")
    for source, there, away in (
        ("mobile", from_phone, from_desk),
        ("consultation", from_desk, from_phone),
    ):
        page = gp.get(f"/images?source={source}").text
        assert f"image-{there}" in page
        assert f"image-{away}" not in page
        listed = gp.get(f"/api/clinical-images/list?source={source}").get_json()["images"]
        assert [one["id"] for one in listed] == [there]
