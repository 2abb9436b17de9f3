"""What the S3 client makes of a store that is away, asleep, strange or half-hearted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import pytest

from clinicpro.gateways import StorageError
from clinicpro.gateways.storage import NOT_ANSWERING, NOT_THERE, REFUSED, S3Store
from clinicpro.settings import Settings
from tests.gateways.conftest import RealBrowser
from tests.seaweed import Seaweed

JPEG = b"\xff\xd8 an arm"


def new_key() -> str:
    return f"consultations/unassigned/{uuid4()}"


EVERY_CALL: list[Callable[[S3Store], object]] = [
    lambda store: store.find("k"),
    lambda store: store.read("k"),
    lambda store: store.write("k", JPEG, "image/jpeg"),
    lambda store: store.delete("k"),
]


@pytest.mark.parametrize("call", EVERY_CALL, ids=["find", "read", "write", "delete"])
def test_a_store_that_is_away_is_said_in_plain_words(
    settings: Settings, call: Callable[[S3Store], object]
) -> None:
    store = S3Store(replace(settings, s3_endpoint_url="http://127.0.0.1:9"))
    with pytest.raises(StorageError) as caught:
        call(store)
    assert caught.value.advice == NOT_ANSWERING
    assert caught.value.__cause__ is not None


def test_links_are_made_while_the_store_is_away(settings: Settings) -> None:
    store = S3Store(replace(settings, s3_endpoint_url="http://127.0.0.1:9"))
    assert store.presign_get("k", now=datetime.now(UTC)).startswith("/clinicpro/k?")
    assert not store.is_up()


def test_the_client_is_made_once_for_all_threads(settings: Settings) -> None:
    store = S3Store(settings)
    clients: list[object] = []
    threads = [threading.Thread(target=lambda: clients.append(store._client())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(clients) == 8
    assert len({id(client) for client in clients}) == 1


@contextmanager
def scripted(*answers: tuple[int, bytes]) -> Iterator[tuple[str, list[str]]]:
    """A store that gives these answers one after the other, and says what it was asked."""
    asked: list[str] = []
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            asked.append(self.command)
            status, content = left.pop(0)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content) + (10 if status == 206 else 0)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = True

        do_PUT = do_GET = do_HEAD = answer  # noqa: N815  (http.server's names)

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


def code(name: str) -> bytes:
    return f"<Error><Code>{name}</Code><Message>m</Message></Error>".encode()


def test_a_write_that_took_effect_before_a_503_is_a_success(settings: Settings) -> None:
    answers = (503, code("ServiceUnavailable")), (412, code("PreconditionFailed"))
    with scripted(*answers) as (url, asked):
        S3Store(replace(settings, s3_endpoint_url=url)).write("k", JPEG, "image/jpeg")
    assert asked == ["PUT", "PUT"]


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        ((403, code("AccessDenied")), REFUSED),
        ((404, code("NoSuchBucket")), NOT_ANSWERING),
        ((404, code("NoSuchKey")), NOT_THERE),
        ((200 + 6, b"cut short"), NOT_ANSWERING),
        ((400, b"<html>this is no store</html>"), REFUSED),
    ],
)
def test_every_answer_has_its_words(
    settings: Settings, answer: tuple[int, bytes], advice: str
) -> None:
    with scripted(answer) as (url, _asked):
        store = S3Store(replace(settings, s3_endpoint_url=url))
        with pytest.raises(StorageError) as caught:
            store.read("k")
    assert caught.value.advice == advice


@pytest.mark.store
def test_a_store_that_sleeps_is_not_up_and_one_that_died_comes_back(
    settings: Settings, tmp_path: Path
) -> None:
    server = Seaweed(tmp_path)
    server.start()
    store = S3Store(
        replace(
            settings,
            s3_endpoint_url=server.endpoint,
            s3_access_key_id=server.access_key,
            s3_secret_access_key=server.secret_key,
        )
    )
    key = new_key()
    store.write(key, JPEG, "image/jpeg")
    assert store.is_up()
    server.freeze()
    began = time.monotonic()
    assert not store.is_up()
    assert time.monotonic() - began < 2
    server.thaw()
    assert store.is_up()
    store.make_durable()
    server.kill()
    assert not store.is_up()
    server.start()
    assert read_soon(store, key) == JPEG
    server.stop()


def read_soon(store: S3Store, key: str) -> bytes:
    """What `key` holds; a store that just started may need moments to find its volumes."""
    until = time.monotonic() + 15
    while True:
        try:
            return store.read(key)
        except StorageError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


@pytest.mark.store
def test_our_identity_reaches_our_bucket_alone(s3_settings: Settings) -> None:
    foreign = S3Store(replace(s3_settings, s3_bucket="somebody-elses"))
    with pytest.raises(StorageError):
        foreign.write("k", JPEG, "image/jpeg")
    with pytest.raises(StorageError):
        foreign.set_up(["https://practice.nz"])
    stranger = S3Store(replace(s3_settings, s3_secret_access_key="guessed"))
    assert not stranger.is_up()
    with pytest.raises(StorageError) as caught:
        stranger.read("k")
    assert caught.value.advice == REFUSED


@pytest.mark.store
def test_nobody_reads_without_a_signature(s3_settings: Settings, seaweed: Seaweed) -> None:
    key = new_key()
    S3Store(s3_settings).write(key, JPEG, "image/jpeg")
    browser = RealBrowser(seaweed.endpoint)
    assert browser.get(f"/{seaweed.bucket}/{key}").status == 403
    assert browser.get(f"/{seaweed.bucket}/?list-type=2").status == 403


@pytest.mark.store
def test_setting_up_makes_the_bucket_and_lets_our_origin_in(
    settings: Settings, tmp_path: Path
) -> None:
    server = Seaweed(tmp_path, may=("Admin",))
    server.start()
    store = S3Store(
        replace(
            settings,
            store="external",
            s3_endpoint_url=server.endpoint,
            s3_access_key_id=server.access_key,
            s3_secret_access_key=server.secret_key,
            s3_bucket="practice",
        )
    )
    assert not store.is_up()
    store.set_up(["https://practice.nz"])
    store.set_up(["https://practice.nz"])
    assert store.is_up()
    asked = {"Origin": "https://practice.nz", "Access-Control-Request-Method": "PUT"}
    browser = RealBrowser(server.endpoint)
    allowed = browser._ask("OPTIONS", "/practice/k", asked, None)
    assert allowed.headers["access-control-allow-origin"] == "https://practice.nz"
    asked["Origin"] = "https://elsewhere.nz"
    assert browser._ask("OPTIONS", "/practice/k", asked, None).status == 403
    server.stop()


def test_the_barrier_needs_the_folder_of_the_bundled_store_alone(
    settings: Settings, tmp_path: Path
) -> None:
    bundled = S3Store(settings)
    with pytest.raises(StorageError):
        bundled.make_durable()
    (tmp_path / "store").mkdir()
    bundled.make_durable()
    S3Store(replace(settings, data=tmp_path / "nowhere", store="external")).make_durable()
