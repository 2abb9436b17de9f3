"""Real photographs through a running instance: upright, whole, and nothing served but pixels."""

from __future__ import annotations

import html
import io
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from tests import corpus
from tests.imaging.test_decoding import corner_colours
from tests.imaging.test_metadata import CANARIES, PLAIN
from tests.instance import Instance
from tests.visitor import Visitor, path_of

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

REMARK = b"CANARY remark of the camera"


def photograph(width: int, height: int, orientation: int = 1) -> Image.Image:
    """Skin with a colour in each corner, stored as the camera was held."""
    small = corpus.skin(2000, 1500) if width > 2000 else corpus.skin(width, height)
    image = small.resize((width, height))
    marks, (x, y) = corpus.corners(width, height), (width // 8, height // 8)
    for left in (0, width - x):
        for top in (0, height - y):
            box = (left, top, left + x, top + y)
            image.paste(marks.crop(box), box)
    turn = corpus.STORED_AS[orientation]
    return image if turn is None else image.transpose(turn)


@dataclass(frozen=True)
class Case:
    mime_type: str
    kind: str
    width: int
    height: int
    orientation: int = 1

    def content(self) -> bytes:
        options: dict[str, object] = {"exif": corpus.exif(self.orientation, gps=True).tobytes()}
        if self.kind == "JPEG":
            options |= {"quality": 90, "comment": REMARK, "icc_profile": corpus.p3_profile()}
        if self.kind == "PNG":
            options["compress_level"] = 1
        image = photograph(self.width, self.height, self.orientation)
        return corpus.encoded(image, self.kind, **options)


CASES = {
    "12 MP JPEG": Case("image/jpeg", "JPEG", 4000, 3000, 6),
    "48 MP JPEG": Case("image/jpeg", "JPEG", 8000, 6000, 3),
    "12 MP HEIC": Case("image/heic", "HEIF", 4000, 3000),
    "12 MP PNG": Case("image/png", "PNG", 4000, 3000),
    "12 MP WebP": Case("image/webp", "WEBP", 4000, 3000, 8),
    **{f"orientation {n}": Case("image/jpeg", "JPEG", 1600, 1200, n) for n in range(1, 9)},
}


@pytest.fixture(scope="module")
def gp() -> Iterator[Visitor]:
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    with Instance(folder) as instance, Visitor(instance.url) as visitor:
        visitor.set_up(instance.setup_code or "")
        yield visitor
    shutil.rmtree(folder)


def wait_for(look: Callable[[], str | None]) -> str:
    deadline = time.monotonic() + 60
    while (found := look()) is None:
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.2)
    return found


def link_in(page: bytes, image_id: str, which: str) -> str | None:
    found = re.search(rf'"(/[^"]*derivatives/{image_id}/{which}[^"]*)"', page.decode())
    return html.unescape(found[1]) if found else None


def served(gp: Visitor, link: str) -> Image.Image:
    """The picture behind `link`; there is nothing in it but a JPEG's pixels."""
    with gp.open("GET", path_of(link)) as answer:
        content = answer.read()
        assert answer.status == 200, content[:300]
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert [word for word in CANARIES if word in content] == []
    told = subprocess.run(
        ["exiftool", "-json", "-G0", "-"], input=content, capture_output=True, check=True
    )
    (tags,) = json.loads(told.stdout)
    assert {tag.split(":")[0] for tag in tags} <= PLAIN
    picture = Image.open(io.BytesIO(content))
    picture.load()
    assert (picture.format, picture.mode) == ("JPEG", "RGB")
    return picture


@pytest.mark.parametrize("name", CASES)
def test_it_is_upright_in_every_size_and_comes_back_as_it_was(gp: Visitor, name: str) -> None:
    case = CASES[name]
    content = case.content()
    asked = gp.presign(content, filename=f"{name}.{case.kind}", mimeType=case.mime_type)
    assert asked.status == 201, asked.content
    ticket = asked.json()
    image_id = str(ticket["imageId"])
    assert gp.put(ticket, content) == 200
    receipt = gp.send("POST", f"/api/uploads/{image_id}/receipt")
    assert receipt.status == 200, receipt.content
    image = receipt.json()["image"]
    assert isinstance(image, dict)
    assert (image["width"], image["height"]) == (case.width, case.height)

    full = wait_for(lambda: link_in(gp.get(f"/images/{image_id}").content, image_id, "full"))
    view = link_in(gp.get(f"/images/{image_id}").content, image_id, "view")
    assert view is not None
    for link, longest in ((image["thumbnailUrl"], 400), (view, 1568), (full, case.width)):
        picture = served(gp, link)
        assert picture.size == (longest, longest * case.height // case.width)
        assert corner_colours(picture) == "RGBW"
    assert gp.original(image_id) == content
    with gp.open("GET", f"/images/{image_id}/original") as answer:
        answer.read()
        place = answer.headers["Location"]
    with gp.open("GET", path_of(place)) as answer:
        assert answer.read() == content
        assert answer.headers["Content-Disposition"].startswith("attachment")
