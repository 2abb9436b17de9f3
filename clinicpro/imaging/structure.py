"""The file's parts, counted and measured before any codec sees them."""

from __future__ import annotations

import re

from clinicpro.gateways import ImageRejected

from . import formats

MAX_SCANS = 64  # a camera's progressive JPEG has about ten; each costs a pass over all pixels
MAX_CHUNKS = 1_000  # of a PNG, pixels aside

_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
_EOI, _SOS, _PROGRESSIVE = b"\xff\xd9", b"\xff\xda", b"\xff\xc2"
_HUFFMAN_FRAMES = (0xC0, 0xC1, 0xC2)


def check(content: bytes, kind: str) -> None:
    """Return if no cap on parts is passed and the end is there. Raises ImageRejected."""
    if kind == formats.JPEG:
        _check_jpeg(content)
    elif kind == formats.PNG:
        _check_chunks(content)
    elif kind == formats.WEBP and int.from_bytes(content[4:8], "little") + 8 > len(content):
        raise ImageRejected(formats.CUT)
    elif kind in (formats.HEIC, formats.AVIF):
        _check_boxes(content)


def _check_jpeg(content: bytes) -> None:
    """libjpeg fills what is missing with grey in silence, if only an end marker is there."""
    at, least, parts, has_scans = 2, 0, 0, False
    while (found := _MARKER.search(content, at)) and found[0] != _SOS:
        at = found.end()
        if found[0][1] in _HUFFMAN_FRAMES:
            height, width = content[at + 3 : at + 5], content[at + 5 : at + 7]
            # A block of 8 × 8 pixels takes at least one bit (ITU T.81, F.1.2).
            least = int.from_bytes(height) * int.from_bytes(width) // 512
            parts, has_scans = content[at + 7], found[0] == _PROGRESSIVE
        at += int.from_bytes(content[at : at + 2])
    end = content.rfind(_EOI, at)
    if found is None or end - at < least:
        raise ImageRejected(formats.CUT)
    has_scans = has_scans or content[found.end() + 2] < parts
    if has_scans and content.count(_SOS, at, content.find(_EOI, at)) > MAX_SCANS:
        raise ImageRejected(formats.TOO_COMPLEX)


def _check_chunks(content: bytes) -> None:
    at, others = 8, 0
    while at + 12 <= len(content):
        name = content[at + 4 : at + 8]
        if name == b"IEND":
            return
        others += name not in (b"IDAT", b"fdAT")
        if others > MAX_CHUNKS:
            raise ImageRejected(formats.TOO_COMPLEX)
        at += 12 + int.from_bytes(content[at : at + 4])
    raise ImageRejected(formats.CUT)


def _check_boxes(content: bytes) -> None:
    at = 0
    while at + 8 <= len(content):
        size = int.from_bytes(content[at : at + 4])
        if size == 1:
            size = int.from_bytes(content[at + 8 : at + 16])
        if size == 0:  # to the end of the file
            return
        if size < 8:
            raise ImageRejected(formats.DAMAGED)
        at += size
    if at > len(content):
        raise ImageRejected(formats.CUT)
