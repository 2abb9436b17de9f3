"""The JSON routes of images: list, presign, receipt, download."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from clinicpro.audit.models import AuditEvent
from clinicpro.db import db, transaction, utc_now
from clinicpro.gateways.fakes import FakeStore, sha256_of
from clinicpro.images.models import Image
from clinicpro.patients.models import Patient
from tests.factories import JPEG, Person, make_consultation, presign, send_image

GOOD = {"filename": "IMG_1.jpg", "mimeType": "image/jpeg", "size": 100, "sha256": sha256_of(b"x")}


def images(person: Person, query: str = "") -> list[dict[str, object]]:
    answer = person.get(f"/api/clinical-images/list{query}")
    assert answer.status_code == 200, answer.text
    found = answer.get_json()["images"]
    assert answer.get_json()["count"] == len(found)
    return list(found)


def ids(person: Person, query: str = "") -> list[object]:
    return [one["id"] for one in images(person, query)]


def is_problem(answer: TestResponse, status: int, code: str) -> bool:
    told = answer.get_json()
    assert (answer.status_code, told["code"]) == (status, code), answer.text
    return set(told) == {"error", "code", "requestId"} and told["requestId"] != ""


def test_an_image_goes_the_whole_way(gp: Person, store: FakeStore) -> None:
    consultation_id = str(make_consultation(gp))
    answer = presign(gp, JPEG, sessionId=consultation_id)
    assert answer.status_code == 201
    ticket = answer.get_json()
    assert ticket["uploadUrl"].startswith("http://localhost/")
    assert ticket["key"] == f"consultations/{consultation_id}/{ticket['imageId']}"
    soon = datetime.fromisoformat(ticket["expiresAt"]) - utc_now()
    assert timedelta(minutes=4) < soon <= timedelta(minutes=5)
    path = ticket["uploadUrl"].removeprefix("http://localhost")
    assert store.put(path, ticket["headers"], JPEG) == 200
    receipt = gp.post(f"/api/uploads/{ticket['imageId']}/receipt").get_json()["image"]
    assert (receipt["state"], receipt["width"], receipt["height"]) == ("ready", 640, 480)
    assert receipt["sessionId"] == consultation_id
    assert (receipt["source"], receipt["analysed"]) == ("consultation", False)
    thumb = receipt["thumbnailUrl"].removeprefix("http://localhost")
    assert store.get(thumb).status == 200
    assert images(gp) == [receipt]


def test_the_same_bytes_again_are_there_already(gp: Person, store: FakeStore) -> None:
    image_id = send_image(gp, store)
    answer = presign(gp, JPEG)
    assert answer.status_code == 200
    assert answer.get_json() == {"imageId": image_id, "duplicate": True}


def test_presign_by_get_takes_the_token_too(gp: Person) -> None:
    refused = gp.get("/api/uploads/presign", query_string=GOOD)
    assert is_problem(refused, 403, "csrf")
    headers = {"X-CSRFToken": gp.token()}
    answer = gp.get("/api/uploads/presign", query_string=GOOD, headers=headers)
    assert answer.status_code == 201
    assert "uploadUrl" in answer.get_json()


def test_presign_takes_a_form_as_well(gp: Person) -> None:
    assert gp.post("/api/uploads/presign", data=GOOD).status_code == 201


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"size": 30 * 1024 * 1024 + 1}, 413, "too-large"),
        ({"size": 10**30}, 413, "too-large"),
        ({"mimeType": "image/svg+xml"}, 415, "not-an-image"),
        ({"mimeType": "text/html"}, 415, "not-an-image"),
        ({"size": 0}, 422, "empty"),
        ({"size": -1}, 422, "invalid"),
        ({"size": "many"}, 422, "invalid"),
        ({"size": 1.5}, 422, "invalid"),
        ({"size": True}, 422, "invalid"),
        ({"sha256": "nonsense"}, 422, "hash"),
        ({"sha256": 7}, 422, "invalid"),
        ({"filename": None}, 422, "invalid"),
        ({"filename": ["a.jpg"]}, 422, "invalid"),
        ({"filename": "a\x00.jpg"}, 422, "invalid"),
        ({"filename": "\ud800.jpg"}, 422, "invalid"),
        ({"filename": "x" * 5000}, 422, "invalid"),
        ({"sessionId": "not-an-id"}, 422, "invalid"),
        ({"sessionId": 5}, 422, "invalid"),
        ({"image": "AAAA"}, 422, "invalid"),
        ({"ownerId": "somebody"}, 422, "invalid"),
    ],
)
def test_presign_refuses_what_cannot_be(
    gp: Person, changes: dict[str, object], status: int, code: str
) -> None:
    assert is_problem(gp.post("/api/uploads/presign", json={**GOOD, **changes}), status, code)
    assert db.session.scalar(select(func.count()).select_from(Image)) == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[" * 10_000, 400),
        (b"[]", 422),
        (b'"text"', 422),
        (b"null", 422),
        (b"\xff\xfe", 400),
        (b'{"size": ' + b"9" * 5000 + b"}", 400),
        (b" " * (2 * 1024 * 1024), 413),
    ],
)
def test_a_body_that_is_no_object_is_refused_in_json(gp: Person, body: bytes, status: int) -> None:
    answer = gp.post("/api/uploads/presign", data=body, content_type="application/json")
    assert answer.status_code == status
    assert answer.get_json()["error"]


def test_a_form_of_a_thousand_parts_is_refused(gp: Person) -> None:
    parts = {f"field{number}": "x" for number in range(1001)}
    answer = gp.post("/api/uploads/presign", data=parts, content_type="multipart/form-data")
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\r\nX-Evil: 1.jpg", "‮gpj.exe", "😀" * 300, "<script>.jpg"]
)
def test_a_hostile_name_reaches_no_key_and_no_header(gp: Person, name: str) -> None:
    ticket = gp.post("/api/uploads/presign", json={**GOOD, "filename": name}).get_json()
    assert ticket["key"] == f"consultations/unassigned/{ticket['imageId']}"
    kept = db.session.get_one(Image, UUID(ticket["imageId"])).filename
    assert len(kept) <= 120
    assert not set(kept) & set("/\\\r\n\u202e")


def test_somebody_elses_consultation_is_the_404_of_an_unknown_id(
    gp: Person, colleague: Person
) -> None:
    theirs = make_consultation(colleague)
    for consultation_id in (theirs, uuid4()):
        answer = gp.post("/api/uploads/presign", json={**GOOD, "sessionId": str(consultation_id)})
        assert is_problem(answer, 404, "not-found")
        listing = gp.get(f"/api/clinical-images/list?sessionId={consultation_id}")
        assert is_problem(listing, 404, "not-found")


def test_a_receipt_before_the_bytes_is_a_409(gp: Person) -> None:
    image_id = presign(gp, JPEG).get_json()["imageId"]
    answer = gp.post(f"/api/uploads/{image_id}/receipt")
    assert is_problem(answer, 409, "not-there-yet")


def test_what_is_no_image_is_rejected_with_its_reason(gp: Person, store: FakeStore) -> None:
    page = b"<html><script>alert(1)</script></html>"
    ticket = presign(gp, page).get_json()
    store.put(ticket["uploadUrl"].removeprefix("http://localhost"), ticket["headers"], page)
    url = f"/api/uploads/{ticket['imageId']}/receipt"
    assert is_problem(gp.post(url), 422, "rejected")
    card = gp.post(url, headers={"HX-Request": "true"})
    assert card.status_code == 422
    assert "Not saved." in card.text
    assert ticket["key"] not in store.kept
    assert images(gp) == []


def test_the_receipt_is_a_card_for_htmx_and_the_same_twice(gp: Person, store: FakeStore) -> None:
    image_id = send_image(gp, store)
    card = gp.post(f"/api/uploads/{image_id}/receipt", headers={"HX-Request": "true"})
    assert card.status_code == 200
    assert card.text.lstrip().startswith("<li")
    assert image_id in card.text
    ready = select(func.count()).where(AuditEvent.action == "image.ready")
    assert db.session.scalar(ready) == 1


def test_a_store_that_is_down_is_a_502_with_advice(gp: Person, store: FakeStore) -> None:
    image_id = presign(gp, JPEG).get_json()["imageId"]
    store.down = True
    answer = gp.post(f"/api/uploads/{image_id}/receipt")
    assert is_problem(answer, 502, "gateway")
    assert "Retry-After" in answer.headers


def test_another_persons_image_is_nowhere(gp: Person, colleague: Person, store: FakeStore) -> None:
    theirs = send_image(colleague, store)
    key = db.session.get_one(Image, UUID(theirs)).key
    assert images(gp) == []
    assert is_problem(gp.post(f"/api/uploads/{theirs}/receipt"), 404, "not-found")
    assert is_problem(gp.get(f"/api/uploads/download?id={theirs}"), 404, "not-found")
    assert is_problem(gp.get(f"/api/uploads/download?key={key}"), 404, "not-found")


def test_the_original_comes_as_an_attachment_and_is_recorded(gp: Person, store: FakeStore) -> None:
    image_id = send_image(gp, store)
    key = db.session.get_one(Image, UUID(image_id)).key
    for query in (f"id={image_id}", f"key={key}"):
        told = gp.get(f"/api/uploads/download?{query}").get_json()
        reply = store.get(told["downloadUrl"].removeprefix("http://localhost"))
        assert reply.content == JPEG
        assert reply.headers["content-disposition"].startswith("attachment")
        left = datetime.fromisoformat(told["expiresAt"]) - utc_now()
        assert timedelta(minutes=29) < left <= timedelta(hours=1)
    downloads = select(func.count()).where(AuditEvent.action == "image.original")
    assert db.session.scalar(downloads) == 2


@pytest.mark.parametrize("query", ["", "?id=x", "?path=/etc/passwd", "?id=a&id=b"])
def test_a_download_names_one_image(gp: Person, query: str) -> None:
    assert is_problem(gp.get(f"/api/uploads/download{query}"), 422, "invalid")


def test_a_key_that_looks_like_a_path_is_looked_up_as_a_row(gp: Person) -> None:
    answer = gp.get("/api/uploads/download?key=../../secrets.json")
    assert is_problem(answer, 404, "not-found")


def test_an_image_that_is_not_saved_has_no_original(gp: Person) -> None:
    image_id = presign(gp, JPEG).get_json()["imageId"]
    assert is_problem(gp.get(f"/api/uploads/download?id={image_id}"), 404, "not-found")


def test_a_nurse_downloads_no_originals(nurse: Person, store: FakeStore) -> None:
    image_id = send_image(nurse, store)
    assert is_problem(nurse.get(f"/api/uploads/download?id={image_id}"), 403, "forbidden")


def test_pages_follow_each_other_without_gap_or_double(gp: Person, store: FakeStore) -> None:
    sent = [send_image(gp, store, JPEG + bytes([number])) for number in range(5)]
    seen: list[object] = []
    cursor = ""
    while True:
        told = gp.get(f"/api/clinical-images/list?limit=2&cursor={cursor}").get_json()
        seen += [one["id"] for one in told["images"]]
        cursor = told["nextCursor"]
        if cursor is None:
            break
    assert seen == sent[::-1]


def test_the_list_is_filtered(gp: Person, store: FakeStore) -> None:
    consultation_id = make_consultation(gp)
    first = send_image(gp, store, sessionId=str(consultation_id))
    second = send_image(gp, store, filename="wart.jpg")
    with transaction():
        image = db.session.get_one(Image, UUID(first))
        image.body_site, image.analysed_at = "forearm", utc_now()
        patient_id = db.session.scalars(select(Patient.id)).one()
        db.session.execute(
            update(Image)
            .where(Image.id == UUID(second))
            .values(uploaded_at=datetime.fromisoformat("2026-01-31T12:00:00+00:00"))
        )
    assert ids(gp, f"?sessionId={consultation_id}") == [first]
    assert ids(gp, f"?patientId={patient_id}") == [first]
    assert ids(gp, "?bodySite=forearm") == [first]
    assert ids(gp, "?analysed=true") == [first]
    assert ids(gp, "?analysed=false") == [second]
    assert ids(gp, "?q=wart") == [second]
    assert ids(gp, "?q=%25") == []
    assert ids(gp, "?source=mobile") == []
    assert ids(gp, "?from=2026-02-01&to=2026-02-01") == [second]  # a New Zealand day
    assert ids(gp, "?to=2026-01-31") == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "sessionId=x",
        f"sessionId={uuid4()}&patientId={uuid4()}",
        "source=letter",
        "bodySite=soul",
        "analysed=perhaps",
        "from=31.1.2026",
        "sesionId=1",
        "q=a&q=b",
    ],
)
def test_a_filter_that_cannot_be_meant_is_refused_rather_than_left_out(
    gp: Person, query: str
) -> None:
    assert is_problem(gp.get(f"/api/clinical-images/list?{query}"), 422, "invalid")


def test_a_cursor_that_is_not_ours_is_not_there(gp: Person) -> None:
    for cursor in ("x", "%00", "QQ", "é"):
        answer = gp.get(f"/api/clinical-images/list?cursor={cursor}")
        assert answer.status_code in (404, 422)


def test_the_list_is_recorded_as_seen(gp: Person, store: FakeStore) -> None:
    image_id = send_image(gp, store)
    images(gp)
    event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.seq.desc())).first()
    assert event is not None
    assert (event.action, event.objects) == ("gallery.view", [image_id])


def test_identity_headers_change_nothing(gp: Person, colleague: Person, store: FakeStore) -> None:
    send_image(colleague, store)
    headers = {"X-User-Id": str(colleague.user_id), "X-HTTP-Method-Override": "DELETE"}
    assert gp.get("/api/clinical-images/list", headers=headers).get_json()["images"] == []
