"""Stand-ins with the manners of the real ones; one contract suite runs over both."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from clinicpro.gateways import (
    Answer,
    DescriberError,
    Question,
    SignedPut,
    StorageError,
)
from clinicpro.gateways.links import (
    GET_GOOD_FOR,
    LOOK_GOOD_FOR,
    PUT_GOOD_FOR,
    Links,
    half_hour,
    put_headers,
    signed_headers,
)
from clinicpro.gateways.signing import Signer

DOWN = "The image store isn't answering. (fake)"
GONE = "This image is not in the store. (fake)"


@dataclass(frozen=True)
class Reply:
    """What a client sees of an HTTP answer; header names in lower case."""

    status: int
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Kept:
    content: bytes
    content_type: str


@dataclass(frozen=True)
class _Permit:
    key: str
    starts: datetime
    ends: datetime
    headers: dict[str, str]  # lower-case names, content-length included


class FakeStore:
    """A bucket in memory. `put` and `get` do what a browser would do with a presigned link.

    `down = True` makes it answer nothing; `clock` tells when links are used;
    `durable` counts the calls of make_durable.
    """

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.down = False
        self.clock = clock
        self.durable = 0
        self.kept: dict[str, _Kept] = {}
        self._permits: dict[str, _Permit] = {}
        self._lock = threading.Lock()
        self._links = Links(Signer("http://store.test", "us-east-1", "fake", "fake"), "fake")

    def presign_put(
        self, key: str, *, content_type: str, size: int, sha256: str, now: datetime
    ) -> SignedPut:
        headers = put_headers(content_type, sha256)
        path = self._links.put(key, headers, size, now)
        signed = signed_headers(headers, size)
        self._permits[path] = _Permit(key, now, now + PUT_GOOD_FOR, signed)
        return SignedPut(path=path, headers=headers, expires_at=now + PUT_GOOD_FOR)

    def presign_get(self, key: str, *, now: datetime, download_name: str | None = None) -> str:
        at = half_hour(now)
        path = self._links.get(key, at, download_name)
        self._permits[path] = _Permit(key, at, at + GET_GOOD_FOR, {})
        return path

    def presign_look(self, key: str, *, now: datetime) -> str:
        path = self._links.look(key, now)
        self._permits[path] = _Permit(key, now, now + LOOK_GOOD_FOR, {})
        return path

    def find(self, key: str) -> bytes | None:
        self._answer()
        kept = self.kept.get(key)
        return kept.content if kept else None

    def read(self, key: str) -> bytes:
        found = self.find(key)
        if found is None:
            raise StorageError(GONE)
        return found

    def write(self, key: str, content: bytes, content_type: str) -> None:
        self._answer()
        self.kept.setdefault(key, _Kept(content, content_type))

    def delete(self, key: str) -> None:
        self._answer()
        self.kept.pop(key, None)

    def make_durable(self) -> None:
        self._answer()
        self.durable += 1

    def is_up(self) -> bool:
        return not self.down

    def put(self, path: str, headers: Mapping[str, str], content: bytes) -> int:
        """The status a client gets that PUTs `content` to `path` with `headers`."""
        if self.down:
            return 503
        sent = {name.lower(): value for name, value in headers.items()}
        sent["content-length"] = str(len(content))
        permit = self._permit(path)
        if permit is None or not _is_allowed(permit, sent):
            return 403
        if sha256_of(content) != permit.headers["x-amz-checksum-sha256"]:
            return 400
        with self._lock:
            if permit.key in self.kept:
                return 412
            self.kept[permit.key] = _Kept(content, sent["content-type"])
        return 200

    def get(self, path: str) -> Reply:
        """What a client gets that follows `path`."""
        if self.down:
            return Reply(503)
        permit = self._permit(path)
        if permit is None or permit.headers:
            return Reply(403)
        kept = self.kept.get(permit.key)
        if kept is None:
            return Reply(404)
        query = parse_qs(urlsplit(path).query)
        wanted = {
            name.removeprefix("response-"): values[0]
            for name, values in query.items()
            if name.startswith("response-")
        }
        return Reply(200, kept.content, {"content-type": kept.content_type, **wanted})

    def _permit(self, path: str) -> _Permit | None:
        permit = self._permits.get(path)
        # A real server forgives a clock that is ahead of its own by up to 15 minutes.
        if permit and permit.starts - timedelta(minutes=15) <= self.clock() <= permit.ends:
            return permit
        return None

    def _answer(self) -> None:
        if self.down:
            raise StorageError(DOWN)


def _is_allowed(permit: _Permit, sent: Mapping[str, str]) -> bool:
    amz = {name for name in sent if name.startswith("x-amz-")}
    as_signed = all(sent.get(name) == value for name, value in permit.headers.items())
    return as_signed and amz <= permit.headers.keys()


def sha256_of(content: bytes) -> str:
    """SHA-256 in base64, as S3 writes it."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


@dataclass
class FakeDescriber:
    """Says `pieces`, one by one, and keeps every question in `saw`.

    `fails` is raised after the pieces; `waits_before` holds back the piece of that number until
    its event is set (a set `stop` ends the wait too); `stop_reason` None is a stream that just
    ended.
    """

    pieces: Sequence[str] = ("Left forearm. ", "Superficial abrasion.")
    fails: DescriberError | None = None
    waits_before: Mapping[int, threading.Event] = field(default_factory=dict)
    stop_reason: str | None = "end_turn"
    answered_by: str | None = None
    missing: str | None = None
    saw: list[Question] = field(default_factory=list)
    stopped: int = 0

    def describe(self, question: Question, stop: threading.Event) -> Iterator[str | Answer]:
        self.saw.append(question)
        for number, piece in enumerate(self.pieces):
            self._wait(number, stop)
            if stop.is_set():
                self.stopped += 1
                return
            yield piece
        self._wait(len(self.pieces), stop)
        if stop.is_set():
            self.stopped += 1
            return
        if self.fails is not None:
            raise self.fails
        yield Answer(
            model=self.answered_by or question.model,
            request_id=f"req_fake_{len(self.saw)}",
            stop_reason=self.stop_reason,
            tokens_in=len(question.text.split()),
            tokens_out=sum(len(piece.split()) for piece in self.pieces),
        )

    def _wait(self, number: int, stop: threading.Event) -> None:
        gate = self.waits_before.get(number)
        while gate is not None and not gate.wait(0.02) and not stop.is_set():
            pass
