"""What every store does: the same tests over the stand-in and over the bundled S3 server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from clinicpro.gateways import SignedPut, StorageError, Store
from clinicpro.gateways.fakes import sha256_of
from tests.gateways.conftest import Browser

JPEG = b"\xff\xd8\xff\xe0 an arm, as bytes " * 50
FIVE_MINUTES = timedelta(minutes=5)


def now() -> datetime:
    return datetime.now(UTC)


def new_key() -> str:
    return f"consultations/unassigned/{uuid4()}"


def permit(store: Store, key: str, at: datetime | None = None) -> SignedPut:
    return store.presign_put(
        key, content_type="image/jpeg", size=len(JPEG), sha256=sha256_of(JPEG), now=at or now()
    )


def test_a_permitted_upload_arrives_as_declared(store: Store, browser: Browser) -> None:
    key, asked_at = new_key(), now()
    signed = permit(store, key, asked_at)
    assert signed.expires_at == asked_at + FIVE_MINUTES
    assert signed.path.startswith("/")
    assert browser.put(signed.path, signed.headers, JPEG) == 200
    assert store.find(key) == store.read(key) == JPEG
    shown = browser.get(store.presign_get(key, now=now()))
    assert shown.headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize("content", [JPEG[:-1], JPEG + b"x"], ids=["one less", "one more"])
def test_another_length_is_refused(store: Store, browser: Browser, content: bytes) -> None:
    key = new_key()
    signed = permit(store, key)
    assert browser.put(signed.path, signed.headers, content) == 403
    assert store.find(key) is None


def test_other_bytes_of_the_same_length_are_refused(store: Store, browser: Browser) -> None:
    key = new_key()
    signed = permit(store, key)
    assert browser.put(signed.path, signed.headers, JPEG[:-1] + b"x") == 400
    assert store.find(key) is None


@pytest.mark.parametrize(
    "change",
    [
        {"Content-Type": "image/svg+xml"},
        {"Content-Type": "text/html"},
        {"If-None-Match": "other"},
        {"x-amz-checksum-sha256": sha256_of(b"other")},
        {"x-amz-meta-patient": "ZZZ0016"},
        {"x-amz-acl": "public-read"},
        {"x-amz-storage-class": "GLACIER"},
    ],
    ids=lambda change: "=".join(next(iter(change.items()))),
)
def test_another_or_an_extra_header_is_refused(
    store: Store, browser: Browser, change: dict[str, str]
) -> None:
    key = new_key()
    signed = permit(store, key)
    assert browser.put(signed.path, {**signed.headers, **change}, JPEG) == 403
    assert store.find(key) is None


@pytest.mark.parametrize("name", ["Content-Type", "If-None-Match", "x-amz-checksum-sha256"])
def test_a_missing_header_is_refused(store: Store, browser: Browser, name: str) -> None:
    key = new_key()
    signed = permit(store, key)
    headers = {each: value for each, value in signed.headers.items() if each != name}
    assert browser.put(signed.path, headers, JPEG) == 403
    assert store.find(key) is None


def test_a_key_is_written_once(store: Store, browser: Browser) -> None:
    key = new_key()
    first, second = permit(store, key), permit(store, key, now() - timedelta(seconds=7))
    assert browser.put(first.path, first.headers, JPEG) == 200
    assert browser.put(first.path, first.headers, JPEG) == 412
    assert browser.put(second.path, second.headers, JPEG) == 412


@pytest.mark.parametrize(("minutes", "status"), [(4.5, 200), (5.5, 403), (600, 403)])
def test_an_upload_link_ends_after_five_minutes(
    store: Store, browser: Browser, minutes: float, status: int
) -> None:
    signed = permit(store, new_key(), now() - timedelta(minutes=minutes))
    assert browser.put(signed.path, signed.headers, JPEG) == status


@pytest.mark.parametrize("change", ["key", "date", "expires", "signature"])
def test_a_changed_link_is_refused(store: Store, browser: Browser, change: str) -> None:
    key = new_key()
    signed = permit(store, key)
    path, _, query = signed.path.partition("?")
    changed = {
        "key": f"{path}x?{query}",
        "date": signed.path.replace("X-Amz-Date=2", "X-Amz-Date=3"),
        "expires": signed.path.replace("X-Amz-Expires=300", "X-Amz-Expires=3000"),
        "signature": signed.path[:-1] + ("0" if signed.path[-1] != "0" else "1"),
    }[change]
    assert changed != signed.path
    assert browser.put(changed, signed.headers, JPEG) == 403
    assert browser.put(signed.path, signed.headers, JPEG) == 200


def test_an_upload_link_reads_nothing(store: Store, browser: Browser) -> None:
    signed = permit(store, new_key())
    assert browser.put(signed.path, signed.headers, JPEG) == 200
    assert browser.get(signed.path).status == 403


def test_a_link_shows_the_image_and_lets_the_browser_keep_it(
    store: Store, browser: Browser
) -> None:
    key = new_key()
    store.write(key, JPEG, "image/jpeg")
    shown = browser.get(store.presign_get(key, now=now()))
    assert shown.status == 200
    assert shown.content == JPEG
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["cache-control"] == "private, max-age=1800, immutable"
    assert "content-disposition" not in shown.headers


def test_a_link_with_a_name_saves_under_it_and_leaves_no_copy(
    store: Store, browser: Browser
) -> None:
    key = new_key()
    store.write(key, JPEG, "image/jpeg")
    saved = browser.get(store.presign_get(key, now=now(), download_name="Māngere arm.jpg"))
    assert saved.status == 200
    assert saved.headers["cache-control"] == "private, no-store"
    assert saved.headers["content-disposition"] == (
        "attachment; filename=\"Mangere arm.jpg\"; filename*=UTF-8''M%C4%81ngere%20arm.jpg"
    )


def test_a_link_to_look_leaves_no_copy_and_ends_after_five_minutes(
    store: Store, browser: Browser
) -> None:
    key = new_key()
    store.write(key, JPEG, "image/jpeg")
    shown = browser.get(store.presign_look(key, now=now() - timedelta(minutes=4)))
    assert shown.status == 200
    assert shown.content == JPEG
    assert shown.headers["cache-control"] == "private, no-store"
    assert "content-disposition" not in shown.headers
    late = browser.get(store.presign_look(key, now=now() - timedelta(minutes=6)))
    assert late.status == 403


def test_a_link_to_nothing_finds_nothing(store: Store, browser: Browser) -> None:
    assert browser.get(store.presign_get(new_key(), now=now())).status == 404


def test_a_reading_link_holds_for_at_least_half_an_hour_and_at_most_an_hour(
    store: Store, browser: Browser
) -> None:
    key = new_key()
    store.write(key, JPEG, "image/jpeg")
    assert browser.get(store.presign_get(key, now=now() - timedelta(minutes=29))).status == 200
    assert browser.get(store.presign_get(key, now=now() - timedelta(minutes=61))).status == 403


def test_the_link_is_the_same_for_half_an_hour(store: Store) -> None:
    key = new_key()
    links = [
        store.presign_get(key, now=datetime(2026, 1, 31, hour, minute, second, tzinfo=UTC))
        for hour, minute, second in [(9, 0, 0), (9, 0, 1), (9, 29, 59), (9, 30, 0), (9, 59, 59)]
    ]
    assert links[0] == links[1] == links[2]
    assert links[3] == links[4] != links[0]
    assert parse_qs(urlsplit(links[0]).query)["X-Amz-Date"] == ["20260131T090000Z"]


def test_what_is_written_stays_as_it_was_first(store: Store, browser: Browser) -> None:
    key = new_key()
    store.write(key, JPEG, "image/jpeg")
    store.write(key, b"something else", "image/png")
    assert store.read(key) == JPEG
    shown = browser.get(store.presign_get(key, now=now()))
    assert shown.headers["content-type"] == "image/jpeg"


def test_what_is_deleted_is_gone_and_may_be_deleted_again(store: Store) -> None:
    key = new_key()
    store.write(key, JPEG, "image/jpeg")
    store.delete(key)
    store.delete(key)
    assert store.find(key) is None
    with pytest.raises(StorageError):
        store.read(key)


def test_a_store_that_is_up_says_so_and_keeps(store: Store) -> None:
    assert store.is_up()
    store.write(new_key(), JPEG, "image/jpeg")
    store.make_durable()
