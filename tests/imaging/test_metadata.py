"""Whatever a file carries beside its pixels, none of it is in what is served."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import PngImagePlugin

from clinicpro.imaging.client import DecoderClient
from tests import corpus, hostile

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="CANARY-XMP"/>'
    b"</rdf:RDF></x:xmpmeta>"
)
CANARIES = (
    corpus.SERIAL.encode(), corpus.ARTIST.encode(), corpus.TAKEN_AT.encode(), b"Phone 1",
    b"CANARY", b"Exif", b"http://ns.adobe.com", b"xmpmeta", b"ICC_PROFILE", b"script", b"PK\3\4",
)  # fmt: skip
PLAIN = {"SourceFile", "ExifTool", "File", "JFIF", "Composite"}


def with_everything() -> bytes:
    return hostile.jpeg(
        exif=corpus.exif(6, gps=True),
        xmp=XMP,
        icc_profile=corpus.p3_profile(),
        comment=hostile.SCRIPT,
    )


def png_with_text() -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", corpus.ARTIST)
    text.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return hostile.png(pnginfo=text, exif=corpus.exif(gps=True), icc_profile=corpus.p3_profile())


FILES = {
    "jpeg": with_everything,
    "png": png_with_text,
    "webp": lambda: corpus.skin_in("WEBP"),
    "avif": lambda: corpus.skin_in("AVIF"),
    "tiff": lambda: corpus.skin_in("TIFF"),
    "heic": lambda: corpus.skin_heic(gps=True),
    "polyglot": hostile.polyglot,
    "mpo": hostile.multi_picture,
    "cropped": hostile.cropped_png,
    "poison": hostile.exif_poison,
}


def served(decoder: DecoderClient, name: str) -> list[bytes]:
    content = FILES[name]()
    made = decoder.derivatives(content)
    return [decoder.thumb(content).thumb, made.view, made.full]


def segments(jpeg: bytes) -> list[int]:
    """The markers up to the first scan, and the end marker as the very last bytes."""
    assert jpeg.startswith(b"\xff\xd8")
    assert jpeg.find(b"\xff\xd9") == len(jpeg) - 2
    found, at = [], 2
    while jpeg[at + 1] != 0xDA:
        found.append(jpeg[at + 1])
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4])
    return found


@pytest.mark.parametrize("name", FILES)
def test_no_byte_of_metadata_is_served(decoder: DecoderClient, name: str) -> None:
    for jpeg in served(decoder, name):
        assert [canary for canary in CANARIES if canary in jpeg] == []
        assert set(segments(jpeg)) <= {0xE0, 0xDB, 0xC0, 0xC4}  # JFIF, tables, frame


@pytest.mark.skipif(
    shutil.which("exiftool") is None and os.environ.get("CI") != "true",
    reason="exiftool is not installed",
)
def test_exiftool_finds_nothing_either(decoder: DecoderClient, tmp_path: Path) -> None:
    originals, derivatives = tmp_path / "in", tmp_path / "out"
    originals.mkdir()
    derivatives.mkdir()
    for name, make in FILES.items():
        (originals / name).write_bytes(make())
        for number, jpeg in enumerate(served(decoder, name)):
            (derivatives / f"{name}-{number}.jpg").write_bytes(jpeg)
    assert {"EXIF", "XMP", "ICC_Profile"} <= groups(originals)  # it would have seen them
    assert groups(derivatives) <= PLAIN


def groups(folder: Path) -> set[str]:
    found = subprocess.run(
        ["exiftool", "-json", "-G", "-a", "-u", str(folder)], capture_output=True, check=True
    )
    return {tag.partition(":")[0] for file in json.loads(found.stdout) for tag in file}
