"""What is covered stays in the house: baked by us, shown as it is sent, recorded."""

from __future__ import annotations

import hashlib
import io
import json
import re
from uuid import UUID, uuid4

import pytest
from flask import Flask
from PIL import Image as Picture
from sqlalchemy import select
from werkzeug.test import TestResponse

from clinicpro.db import db, transaction
from clinicpro.gateways.fakes import FakeDescriber, FakeStore
from clinicpro.images.covering import Covering
from clinicpro.images.models import Image
from clinicpro.worker import run_due
from tests.analyses.asking import HTMX, ask, recorded, the_run
from tests.factories import Person

LEFT_HALF = [[0, 0, 5000, 10_000]]


def cover(person: Person, image_id: UUID, areas: object) -> TestResponse:
    form = {"areas": areas if isinstance(areas, str) else json.dumps(areas)}
    return person.post(f"/images/{image_id}/covering", data=form, headers=HTMX)


def shown_in(html: str) -> str:
    found = re.search(r'name="shown" value="([^"]*)"', html)
    assert found
    return found[1]


def picture_in(html: str, store: FakeStore) -> bytes:
    """The bytes behind the preview."""
    found = re.search(r'class="sending__image" src="([^"]+)"', html)
    assert found
    return store.get(found[1].replace("&amp;", "&")).content


def test_the_preview_is_the_very_jpeg_that_is_sent_and_audited(
    app: Flask, gp: Person, image_id: UUID, store: FakeStore, describer: FakeDescriber
) -> None:
    answer = cover(gp, image_id, LEFT_HALF)
    assert (answer.status_code, "1 part covered" in answer.text) == (200, True)
    preview = picture_in(answer.text, store)
    assert ask(gp, image_id, shown=shown_in(answer.text)).status_code == 201
    run_due(app)
    [question] = describer.saw
    assert [one.jpeg for one in question.images] == [preview]
    digest = hashlib.sha256(preview).hexdigest()
    events = {event.action: event.details for event in recorded()}
    assert events["image.cover"] == {"areas": "1", "sha256": digest}
    assert events["analysis.send"]["sha256"] == digest == the_run().derivative_sha256
    assert (events["analysis.send"]["covered"], events["analysis.send"]["bytes"]) == (
        "1",
        str(len(preview)),
    )


def test_nothing_is_left_under_what_is_covered_and_the_original_stays(
    gp: Person, image_id: UUID, store: FakeStore
) -> None:
    row = db.session.get_one(Image, image_id)
    key, view_key = row.key, row.view_key
    before = store.read(key), store.read(view_key)
    baked = Picture.open(io.BytesIO(picture_in(cover(gp, image_id, LEFT_HALF).text, store)))
    width, height = baked.size
    left = baked.crop((0, 0, width // 2 - 1, height)).getextrema()
    assert max(high for _, high in left) <= 12
    assert baked.crop((width // 2 + 8, 0, width, height)).getextrema()[0][1] > 60
    assert (store.read(key), store.read(view_key)) == before


def test_asking_about_another_picture_than_was_shown_sends_nothing(
    app: Flask, gp: Person, image_id: UUID, describer: FakeDescriber
) -> None:
    bare = shown_in(gp.get(f"/images/{image_id}/analyses/new", headers=HTMX).text)
    assert bare == ""
    cover(gp, image_id, LEFT_HALF)  # in another window
    answer = ask(gp, image_id, shown=bare)
    assert (answer.status_code, "has changed" in answer.text) == (409, True)
    run_due(app)
    assert describer.saw == []


def test_every_recipe_is_kept_and_the_latest_counts(
    app: Flask, gp: Person, image_id: UUID, store: FakeStore, describer: FakeDescriber
) -> None:
    first = shown_in(cover(gp, image_id, LEFT_HALF).text)
    assert shown_in(cover(gp, image_id, LEFT_HALF).text) == first  # the same again is no new one
    bare = cover(gp, image_id, [])
    assert (shown_in(bare.text), "Cover parts of it" in bare.text) == ("", True)
    db.session.rollback()
    assert [
        one.areas for one in db.session.scalars(select(Covering).order_by(Covering.made_at))
    ] == [
        LEFT_HALF,
        [],
    ]
    assert ask(gp, image_id, shown="").status_code == 201
    run_due(app)
    assert describer.saw[0].images[0].jpeg == store.read(f"derivatives/{image_id}/view")


def test_the_program_interface_sends_what_is_covered_too(
    app: Flask, gp: Person, image_id: UUID, store: FakeStore, describer: FakeDescriber
) -> None:
    preview = picture_in(cover(gp, image_id, LEFT_HALF).text, store)
    body = {"imageId": str(image_id), "consent": True}
    assert gp.post("/api/clinical-images/analyze", json=body).status_code == 202
    run_due(app)
    assert describer.saw[0].images[0].jpeg == preview


def test_other_bytes_in_the_store_than_were_shown_are_not_sent(
    app: Flask, gp: Person, image_id: UUID, store: FakeStore, describer: FakeDescriber
) -> None:
    shown = shown_in(cover(gp, image_id, LEFT_HALF).text)
    key = f"derivatives/{image_id}/covered-{shown}"
    view = store.read(f"derivatives/{image_id}/view")
    store.delete(key)
    store.write(key, view, "image/jpeg")
    ask(gp, image_id, shown=shown)
    run_due(app)
    assert (the_run().state, the_run().cost, describer.saw) == ("failed", 0, [])
    assert "not the image that was shown" in (the_run().message or "")


@pytest.mark.parametrize(
    "areas",
    [
        *("{", "[1]", "[[1,2,3]]", '[["a",0,1,1]]', "[[1e999,0,1,1]]", "7", "[[0,0,9,9]]" * 2),
        json.dumps([[0, 0, 9, 9]] * 51),
        "[" * 3000,
    ],
)
def test_what_is_no_recipe_is_refused(gp: Person, image_id: UUID, areas: str) -> None:
    assert cover(gp, image_id, areas).status_code == 422
    assert list(db.session.scalars(select(Covering))) == []


def test_areas_are_cut_to_the_image(gp: Person, image_id: UUID) -> None:
    cover(gp, image_id, [[-50, 9000, 100, 9000], [20_000, 0, 5, 5], [5, 5, -9, 3]])
    assert db.session.scalars(select(Covering.areas)).one() == [[0, 9000, 50, 1000]]


def test_in_the_trash_or_somebody_elses_nothing_is_covered(
    gp: Person, colleague: Person, image_id: UUID
) -> None:
    for one in (image_id, uuid4()):
        assert cover(colleague, one, LEFT_HALF).status_code == 404
    with transaction():
        db.session.get_one(Image, image_id).has_derivatives = False
    assert cover(gp, image_id, LEFT_HALF).status_code == 409
    assert list(db.session.scalars(select(Covering))) == []
