"""What client and decoder say to each other: a line of JSON, then bytes, both ways."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from clinicpro.gateways import Area, Covered, Decoded, Derivatives

Work = Literal["thumb", "derivatives", "cover"]

MAX_REQUEST = 30 * 1024 * 1024  # bytes of the image
REQUEST_HEADER = 64  # bytes of a request's line, always
MAX_HEADER = 4096  # bytes of an answer's line
MAX_AREAS = 50  # that one recipe covers
END = b"END\n"  # after an answer's bytes: a fork that dies half way cannot pass for a whole answer

TOO_LARGE = "The file is larger than 30 MB. Send a smaller copy."


class Garbled(Exception):  # noqa: N818
    """The other side did not keep to the protocol."""


@dataclass(frozen=True)
class Request:
    """What is wanted of the `size` bytes that follow."""

    work: Work
    size: int

    @property
    def is_urgent(self) -> bool:
        """Whether somebody waits for it; nobody does for derivatives."""
        return self.work != "derivatives"

    def line(self) -> bytes:
        line = _line({"work": self.work, "size": self.size})
        return line[:-1].ljust(REQUEST_HEADER - 1) + b"\n"


@dataclass(frozen=True)
class No:
    """Not an image we keep (`rejected`), or no answer this time; `words` are for the GP."""

    rejected: bool
    words: str

    def line(self) -> bytes:
        return _line({"rejected" if self.rejected else "down": self.words})


@dataclass(frozen=True)
class Header:
    """The answer's first line: what was read, and how many bytes each derivative has."""

    content_type: str
    width: int
    height: int
    taken_at: datetime | None
    sizes: tuple[int, ...]


def request_from(line: bytes) -> Request:
    """Raises Garbled."""
    if len(line) != REQUEST_HEADER:
        raise Garbled
    fields = _fields(line)
    work, size = fields.get("work"), fields.get("size")
    if not isinstance(size, int) or size < 0:
        raise Garbled
    if work == "thumb":
        return Request("thumb", size)
    if work == "derivatives":
        return Request("derivatives", size)
    if work == "cover":
        return Request("cover", size)
    raise Garbled


def with_areas(areas: Sequence[Area], content: bytes) -> bytes:
    """What `cover` sends: a line that names the areas, then the image."""
    return _line({"areas": [[one.x, one.y, one.width, one.height] for one in areas]}) + content


def areas_and_image(sent: bytes) -> tuple[list[Area], bytes]:
    """Takes `with_areas` apart again. Raises Garbled."""
    line, _, content = sent.partition(b"\n")
    found = _fields(line).get("areas")
    if not isinstance(found, list) or len(found) > MAX_AREAS:
        raise Garbled
    return [_area(one) for one in found], content


def _area(numbers: object) -> Area:
    match numbers:
        case [int(x), int(y), int(width), int(height)]:
            return Area(x, y, width, height)
    raise Garbled


def answer_of(result: Decoded | Derivatives | Covered) -> bytes:
    """Header, derivatives and end, ready to be sent."""
    if isinstance(result, Decoded):
        taken_at = result.taken_at.isoformat() if result.taken_at else None
        parts = [result.thumb]
        fields = {"content_type": result.content_type, "taken_at": taken_at}
        width, height = result.width, result.height
    elif isinstance(result, Covered):
        parts = [result.jpeg]
        fields = {"content_type": "image/jpeg", "taken_at": None}
        width, height = result.width, result.height
    else:
        parts = [result.view, result.full]
        fields = {"content_type": "image/jpeg", "taken_at": None}
        width, height = result.view_width, result.view_height
    sizes = [len(part) for part in parts]
    line = _line({**fields, "width": width, "height": height, "sizes": sizes})
    return b"".join((line, *parts, END))


def header_from(line: bytes) -> Header | No:
    """Raises Garbled."""
    fields = _fields(line)
    for name in ("rejected", "down"):
        words = fields.get(name)
        if isinstance(words, str):
            return No(name == "rejected", words)
    match fields:
        case {
            "content_type": str(kind),
            "width": int(width),
            "height": int(height),
            "taken_at": str() | None as taken_at,
            "sizes": list(sizes),
        } if all(isinstance(size, int) and size > 0 for size in sizes):
            return Header(kind, width, height, _moment(taken_at), tuple(sizes))
    raise Garbled


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise Garbled from error


def _line(fields: dict[str, object]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


def _fields(line: bytes) -> dict[str, object]:
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise Garbled from error
    if not isinstance(fields, dict):
        raise Garbled
    return fields
