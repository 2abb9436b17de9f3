"""The two doors to the outside, the store and the describer, and the decoder behind its own.

Vendor errors stop here: what comes out is one of the errors below, with advice in plain words.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class GatewayError(Exception):
    """Something outside did not do its part; `advice` says so to the GP, and what to do."""

    def __init__(self, advice: str) -> None:
        super().__init__(advice)
        self.advice = advice


class StorageError(GatewayError):
    """The image store did not answer, or refused."""


class DecoderDown(GatewayError):  # noqa: N818  (a state of the house, not a mistake)
    """The decoder did not answer; the image is neither good nor bad yet, try again."""


class DescriberError(GatewayError):
    """The model gave no answer that can be used.

    `kind` is one word for logs and tests: key, refused_request, too_large, busy, unreachable,
    timeout, cut, corrupt, empty.
    """

    def __init__(self, advice: str, kind: str) -> None:
        super().__init__(advice)
        self.kind = kind


class ImageRejected(Exception):  # noqa: N818  (an outcome with a reason, shown on the card)
    """The bytes are not an image we keep; `reason` is a sentence for the GP."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class SignedPut:
    """One permitted upload: PUT the declared bytes to `path` with exactly `headers`.

    `path` is path and query only; it works under whichever of our origins asked.
    """

    path: str
    headers: dict[str, str]
    expires_at: datetime


class Store(Protocol):
    """Bytes by key. Keys are written once and never change."""

    def presign_put(
        self, key: str, *, content_type: str, size: int, sha256: str, now: datetime
    ) -> SignedPut:
        """Sign a PUT for these bytes alone (sha256 in base64), good for 5 minutes, once."""
        ...

    def presign_get(self, key: str, *, now: datetime, download_name: str | None = None) -> str:
        """Path and query to GET `key`: the same text for half an hour, good for 30-60 minutes.

        With `download_name` it comes as an attachment of that name. Pure computation.
        """
        ...

    def presign_look(self, key: str, *, now: datetime) -> str:
        """Path and query to GET `key` within 5 minutes, of which no browser keeps a copy."""
        ...

    def find(self, key: str) -> bytes | None:
        """All bytes of `key`, or None. Raises StorageError when the store does not answer."""
        ...

    def read(self, key: str) -> bytes:
        """All bytes of `key`. Raises StorageError, also when it is not there."""
        ...

    def write(self, key: str, content: bytes, content_type: str) -> None:
        """Store `content`; a key that is there already keeps what it has."""
        ...

    def delete(self, key: str) -> None:
        """Remove `key`; nothing happens when it is not there."""
        ...

    def make_durable(self) -> None:
        """Return when everything stored so far would survive a power cut."""
        ...

    def is_up(self) -> bool:
        """Whether the store answers for our bucket right now (within 2 s)."""
        ...


@dataclass(frozen=True)
class Decoded:
    """What reading the image told: pixels as shown upright, and the thumbnail (JPEG)."""

    content_type: str
    width: int
    height: int
    taken_at: datetime | None  # as the camera's clock said: naive local time
    thumb: bytes


@dataclass(frozen=True)
class Derivatives:
    """`view` (long edge at most 1568 px) and `full` (every pixel), upright sRGB JPEGs."""

    view: bytes
    view_width: int
    view_height: int
    full: bytes


@dataclass(frozen=True)
class Area:
    """A rectangle of an image, in ten-thousandths of its width and height."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Covered:
    """A JPEG in which areas are black: `jpeg` holds nothing of what was under them."""

    jpeg: bytes
    width: int
    height: int


class Decoder(Protocol):
    """Untrusted bytes in, our own pixels out; the work is done in a sandboxed fork."""

    def thumb(self, content: bytes) -> Decoded:
        """Read all of `content` at reduced scale. Raises ImageRejected or DecoderDown."""
        ...

    def derivatives(self, content: bytes) -> Derivatives:
        """Decode every pixel. Raises ImageRejected or DecoderDown."""
        ...

    def cover(self, content: bytes, areas: Sequence[Area]) -> Covered:
        """Paint `areas` black. Raises ImageRejected or DecoderDown."""
        ...


@dataclass(frozen=True)
class LabelledJpeg:
    """A metadata-free JPEG; `label` announces it to the model where there is more than one."""

    jpeg: bytes
    label: str = ""


@dataclass(frozen=True)
class Question:
    """One call of the model: one image or several, in this order, then the words about them."""

    model: str
    system: str
    text: str
    images: tuple[LabelledJpeg, ...]
    max_tokens: int


@dataclass(frozen=True)
class Answer:
    """How a call ended. `stop_reason` is None when the stream just ended: incomplete."""

    model: str
    request_id: str | None
    stop_reason: str | None
    tokens_in: int | None
    tokens_out: int | None


class Describer(Protocol):
    """The model. Without a key `missing` says, in a sentence, what to set."""

    @property
    def missing(self) -> str | None: ...

    def describe(self, question: Question, stop: threading.Event) -> Iterator[str | Answer]:
        """Yield pieces of text as they come, then one Answer.

        Setting `stop` ends the request to the model within a second; the iterator then ends
        without an Answer. Raises DescriberError.
        """
        ...


@dataclass(frozen=True)
class Gateways:
    """Everything outside, handed in at one place."""

    store: Store
    describer: Describer
    decoder: Decoder
