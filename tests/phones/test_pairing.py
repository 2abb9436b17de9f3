"""From the code on the desk to a phone that may add images."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from clinicpro.audit.models import AuditEvent
from clinicpro.db import db
from clinicpro.gateways.fakes import FakeStore
from clinicpro.images.models import READY, Image
from clinicpro.phones.models import Pairing
from tests.factories import JPEG, PASSWORD, Person, make_consultation, presign, send_image
from tests.phones.conftest import Ago
from tests.phones.phone import Phone, offer, paired

SECRET_BITS = 43  # characters of base64 that hold 256 bits


def test_scan_compare_confirm_shoot_saved(gp: Person, store: FakeStore) -> None:
    consultation_id = make_consultation(gp)
    made, phone = offer(gp), Phone(gp.app)
    assert phone.state()["state"] == "none"

    redeemed = phone.redeem(made.secret)
    assert redeemed.status_code == 200
    answer = redeemed.get_json()
    assert answer["state"] == "redeemed"
    assert answer["pairingId"] == str(made.pairing_id)
    assert phone.state()["patient"] is None

    desk = gp.get(f"/pairings/{made.pairing_id}", headers={"HX-Request": "true"}).text
    assert "Phone joined: iPhone, Safari, number" in desk
    assert answer["match"] in desk
    gp.post(f"/pairings/{made.pairing_id}/confirmation")
    state = phone.state()
    assert state["state"] == "confirmed"
    assert state["target"] == "consultation"
    assert state["patient"] == {"initials": "M.T.", "nhiTail": "0016"}

    image_id = send_image(phone, store, bodySite="forearm", laterality="left", photoConsent=True)
    image = db.session.get_one(Image, UUID(image_id))
    assert image.state == READY
    assert image.owner_id == gp.user_id
    assert image.consultation_id == consultation_id
    assert image.key == f"mobile-uploads/{made.pairing_id}/{image_id}"
    assert (image.body_site, image.laterality) == ("forearm", "left")
    assert image.device == "iPhone, Safari"
    assert image.photo_consent == state["consentWording"]
    assert image.photo_consent_by == gp.user_id
    assert image.photo_consent_at is not None
    assert store.read(image.key) == JPEG


def test_the_code_holds_256_bits_and_is_kept_as_a_hash(gp: Person) -> None:
    made = offer(gp)
    assert made.address.startswith("http://localhost/m#")
    assert len(made.secret) == SECRET_BITS
    assert made.secret not in str(db.session.get_one(Pairing, made.pairing_id).__dict__)


@pytest.mark.parametrize(("scheme", "prefix"), [("http", ""), ("https", "__Host-")])
def test_the_cookie_is_for_this_instance_and_for_no_script(
    gp: Person, scheme: str, prefix: str
) -> None:
    phone = Phone(gp.app)
    answer = phone.open(
        "/m/redeem",
        method="POST",
        json={"secret": offer(gp).secret},
        base_url=f"{scheme}://localhost",
    )
    (cookie,) = [one for one in answer.headers.getlist("Set-Cookie") if "phone" in one]
    name, value = cookie.split(";")[0].split("=")
    assert name == f"{prefix}clinicpro-phone-0badcafe"
    assert len(value) == SECRET_BITS
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/" in cookie
    assert ("Secure" in cookie) is (scheme == "https")
    assert "Domain" not in cookie


def test_fifty_redeems_of_one_code_have_one_winner(gp: Person) -> None:
    secret = offer(gp).secret
    phones = [Phone(gp.app) for _ in range(50)]
    statuses: list[int] = []

    def redeem(phone: Phone) -> None:
        answer = phone.client.post("/m/redeem", json={"secret": secret})
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=redeem, args=(phone,)) for phone in phones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(statuses) == {200: 1, 410: 49}
    db.session.rollback()
    assert len({phone.state()["pairingId"] for phone in phones} - {None}) == 1


def test_a_code_is_good_once_and_for_two_minutes(gp: Person, ago: Ago) -> None:
    used = offer(gp)
    assert Phone(gp.app).redeem(used.secret).status_code == 200
    again = Phone(gp.app).redeem(used.secret)
    assert (again.status_code, again.get_json()["code"]) == (410, "used")

    old = offer(gp)
    ago(old.pairing_id, timedelta(seconds=121))
    late = Phone(gp.app).redeem(old.secret)
    assert (late.status_code, late.get_json()["code"]) == (410, "expired")
    assert "new code" in late.get_json()["error"]
    nothing = Phone(gp.app).redeem("A" * SECRET_BITS)
    assert (nothing.status_code, nothing.get_json()["code"]) == (410, "expired")


def test_a_new_code_makes_the_one_before_it_void(gp: Person) -> None:
    first, second = offer(gp), offer(gp)
    assert Phone(gp.app).redeem(first.secret).status_code == 410
    assert Phone(gp.app).redeem(second.secret).status_code == 200


def test_a_code_in_an_address_is_burned(gp: Person) -> None:
    for query in ("{}", "secret={}", "a=b&c={}"):
        made = offer(gp)
        assert Phone(gp.app).get("/m?" + query.format(made.secret)).status_code == 200
        assert Phone(gp.app).redeem(made.secret).status_code == 410


def test_before_the_desk_confirms_a_phone_may_nothing_but_leave(gp: Person) -> None:
    make_consultation(gp)
    phone = Phone(gp.app)
    phone.redeem(offer(gp).secret)
    assert phone.presign(JPEG).status_code == 401
    assert phone.post("/m/leave").status_code == 204
    assert phone.state()["state"] == "ended"


def test_a_phone_that_leaves_before_it_was_confirmed_is_out(gp: Person) -> None:
    make_consultation(gp)
    made, phone = offer(gp), Phone(gp.app)
    phone.redeem(made.secret)
    looks = f"/pairings/{made.pairing_id}"
    assert "Same number on the phone?" in gp.get(looks).text
    assert phone.post("/m/leave").status_code == 204
    assert "Stopped on the phone" in gp.get(looks).text
    assert gp.post(f"{looks}/confirmation").status_code == 409
    assert phone.post("/m/leave").status_code == 401
    assert phone.presign(JPEG).status_code == 401
    assert phone.redeem(made.secret).status_code == 410


def test_a_phone_that_shows_another_number_is_turned_away(gp: Person) -> None:
    made, phone = offer(gp), Phone(gp.app)
    phone.redeem(made.secret)
    gp.post(f"/pairings/{made.pairing_id}/end")
    assert phone.state()["state"] == "ended"
    late = gp.post(f"/pairings/{made.pairing_id}/confirmation")
    assert late.status_code == 409
    assert phone.presign(JPEG).status_code == 401


def test_the_desk_has_five_minutes_to_confirm(gp: Person, ago: Ago) -> None:
    made, phone = offer(gp), Phone(gp.app)
    phone.redeem(made.secret)
    ago(made.pairing_id, timedelta(minutes=5, seconds=1))
    assert gp.post(f"/pairings/{made.pairing_id}/confirmation").status_code == 409


def test_only_the_sign_in_that_made_the_code_confirms(gp: Person) -> None:
    made, phone = offer(gp), Phone(gp.app)
    phone.redeem(made.secret)
    elsewhere = Person(gp.app, gp.user_id)
    elsewhere.sign_in("gp@test.example", PASSWORD)
    assert elsewhere.post(f"/pairings/{made.pairing_id}/confirmation").status_code == 404
    assert phone.state()["state"] == "redeemed"


def test_without_a_token_of_its_own_a_phone_changes_nothing(gp: Person) -> None:
    make_consultation(gp)
    phone, other = paired(gp), paired(gp)
    bare = phone.open("/api/uploads/presign", method="POST", json={})
    assert bare.status_code == 403
    foreign = phone.open(
        "/m/leave", method="POST", headers={"X-CSRFToken": other.token(), "Accept": "*/*"}
    )
    assert foreign.status_code == 403
    assert phone.state()["state"] == "confirmed"


def test_another_site_redeems_nothing(gp: Person) -> None:
    secret, phone = offer(gp).secret, Phone(gp.app)
    cross = {"Sec-Fetch-Site": "cross-site"}
    answer = phone.open("/m/redeem", method="POST", json={"secret": secret}, headers=cross)
    assert answer.status_code == 403
    as_form = phone.open("/m/redeem", method="POST", data={"secret": secret})
    assert as_form.status_code == 415
    assert phone.redeem(secret).status_code == 200


def test_each_step_is_recorded_with_ids_alone(gp: Person) -> None:
    make_consultation(gp)
    made, phone = offer(gp), Phone(gp.app)
    phone.redeem(made.secret)
    gp.post(f"/pairings/{made.pairing_id}/confirmation")
    phone.post("/m/leave")
    db.session.rollback()
    events = db.session.scalars(
        select(AuditEvent).where(AuditEvent.action.like("pairing.%")).order_by(AuditEvent.seq)
    ).all()
    assert [one.action for one in events] == [
        "pairing.make",
        "pairing.redeem",
        "pairing.confirm",
        "pairing.leave",
    ]
    assert [one.roles for one in events] == ["gp", "phone", "gp", "phone"]
    assert {one.actor for one in events} == {str(gp.user_id)}
    assert {tuple(one.objects) for one in events} == {(str(made.pairing_id),)}


def test_a_desk_sends_as_before(gp: Person) -> None:
    ticket = presign(gp, JPEG).get_json()
    assert ticket["key"].startswith("consultations/unassigned/")
