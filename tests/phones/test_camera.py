"""What phones' cameras write comes out upright, unmirrored, and without the place it was taken."""

from __future__ import annotations

import io
from uuid import UUID

import pytest
from PIL import Image as Picture

from clinicpro.db import db
from clinicpro.gateways.fakes import FakeStore
from clinicpro.images.models import Image
from clinicpro.worker import run_due
from tests import corpus
from tests.factories import Person, make_consultation, send_image
from tests.phones.phone import paired

LANDSCAPE, PORTRAIT = (640, 480), (480, 640)
CORNERS = {(0, 0): "red", (1, 0): "green", (0, 1): "blue", (1, 1): "white"}


def jpeg(size: tuple[int, int], orientation: int) -> bytes:
    """As a camera stores it that was held so; `size` is how it is seen."""
    image = corpus.corners(*size)
    turn = corpus.STORED_AS[orientation]
    stored = image if turn is None else image.transpose(turn)
    return corpus.encoded(stored, "JPEG", quality=90, exif=corpus.exif(orientation, gps=True))


def heic(size: tuple[int, int]) -> bytes:
    return corpus.encoded(
        corpus.corners(*size),
        "HEIF",
        quality=70,
        exif=corpus.exif(gps=True).tobytes(),
        icc_profile=corpus.p3_profile(),
        tile_size=256,
    )


CAMERAS = {
    "landscape": (lambda: jpeg(LANDSCAPE, 1), LANDSCAPE, "image/jpeg"),
    "upside down": (lambda: jpeg(LANDSCAPE, 3), LANDSCAPE, "image/jpeg"),
    "portrait": (lambda: jpeg(PORTRAIT, 6), PORTRAIT, "image/jpeg"),
    "the other portrait": (lambda: jpeg(PORTRAIT, 8), PORTRAIT, "image/jpeg"),
    "front camera": (lambda: jpeg(LANDSCAPE, 2), LANDSCAPE, "image/jpeg"),
    "front camera, portrait": (lambda: jpeg(PORTRAIT, 5), PORTRAIT, "image/jpeg"),
    "iPhone HEIC": (lambda: heic(LANDSCAPE), LANDSCAPE, "image/heic"),
    "iPhone HEIC, portrait": (lambda: heic(PORTRAIT), PORTRAIT, "image/heic"),
    "48 MP": (lambda: jpeg((8064, 6048), 1), (8064, 6048), "image/jpeg"),
}


def colour(picture: Picture.Image, corner: tuple[int, int]) -> str:
    """The name of what is in the middle of this corner's patch."""
    at = [round(size * (7 * end + 0.5) / 8) for size, end in zip(picture.size, corner, strict=True)]
    found = picture.getpixel((at[0], at[1]))
    assert isinstance(found, tuple)
    red, green, blue = (level > 150 for level in found[:3])
    return {(1, 0, 0): "red", (0, 1, 0): "green", (0, 0, 1): "blue", (1, 1, 1): "white"}.get(
        (red, green, blue), str(found)
    )


@pytest.mark.parametrize("camera", CAMERAS)
def test_upright_unmirrored_and_from_nowhere(gp: Person, store: FakeStore, camera: str) -> None:
    make, size, kind = CAMERAS[camera]
    content = make()
    make_consultation(gp)
    image_id = send_image(paired(gp), store, content, mimeType=kind)
    run_due(gp.app)
    image = db.session.get_one(Image, UUID(image_id))
    assert (image.width, image.height) == size
    assert store.read(image.key) == content
    assert b"Phone 1" in content  # it did say which phone, and where
    for key in (image.thumb_key, image.view_key, image.full_key):
        served = store.read(key)
        with Picture.open(io.BytesIO(served)) as picture:
            found = {corner: colour(picture, corner) for corner in CORNERS}
            assert found == CORNERS, key
            assert dict(picture.getexif()) == {}
        for word in (b"Exif", b"GPS", b"Phone 1", corpus.SERIAL.encode()):
            assert word not in served
