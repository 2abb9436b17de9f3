"""Between Saved and prepared: the viewer shows the thumbnail, and turns by itself."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import Flask

from clinicpro.analyses.switching import set_policy
from clinicpro.audit.operations import SYSTEM
from clinicpro.db import db
from clinicpro.gateways import Decoded, Derivatives, Gateways, ImageRejected
from clinicpro.gateways.fakes import FakeStore
from clinicpro.images.models import Image
from clinicpro.images.receiving import derive
from clinicpro.jobs import do, take
from clinicpro.worker import handlers, run_due
from tests.factories import Person, make_consultation, send_image

TOO_MUCH = "The image needs too much memory. Send a smaller copy."
WAITS = "This image is still being prepared"


class SmallReader:
    """Reads at thumbnail scale alone, as the sandbox does with what needs too much memory."""

    def thumb(self, content: bytes) -> Decoded:
        raise AssertionError("not asked for")

    def derivatives(self, content: bytes) -> Derivatives:
        raise ImageRejected(TOO_MUCH)


def saved(person: Person, store: FakeStore) -> str:
    set_policy(SYSTEM, is_on=True, basis="Assessed on 1 November")
    return send_image(person, store, sessionId=str(make_consultation(person)))


def test_the_viewer_asks_until_the_image_is_prepared(
    app: Flask, gp: Person, store: FakeStore
) -> None:
    image_id = saved(gp, store)
    page = gp.get(f"/images/{image_id}").text
    assert f'hx-get="/images/{image_id}/stage" hx-trigger="every 2s"' in page
    assert WAITS in page
    assert 'hx-trigger="prepared from:document"' in page
    assert gp.get(f"/images/{image_id}/stage").status_code == 204

    run_due(app)
    stage = gp.get(f"/images/{image_id}/stage")
    assert stage.headers["HX-Trigger"] == "prepared"
    assert "every 2s" not in stage.text
    assert f"derivatives/{image_id}/view" in stage.text
    panel = gp.get(f"/images/{image_id}/analyses/new").text
    assert "Clinical context" in panel
    assert "prepared from:document" not in panel


def test_what_no_try_could_prepare_says_so_too(app: Flask, gp: Person, store: FakeStore) -> None:
    image_id = saved(gp, store)
    derive_job = handlers()["derive"]
    with app.app_context():
        taken = take(["derive"], "test")
        assert taken is not None
        do(replace(taken, tries=derive_job.most_tries + 1), derive_job)  # its last try died
    db.session.rollback()
    page = gp.get(f"/images/{image_id}").text
    assert "It could not be prepared" in page
    assert WAITS not in page


def test_what_can_only_be_read_small_says_so_and_stays(
    app: Flask, gp: Person, store: FakeStore
) -> None:
    image_id = saved(gp, store)
    gateways: Gateways = replace(app.extensions["gateways"], decoder=SmallReader())
    derive(UUID(image_id), gateways)
    derive(UUID(image_id), gateways)
    image = db.session.get_one(Image, UUID(image_id))
    assert (image.state, image.has_derivatives, image.reason) == ("ready", False, TOO_MUCH)
    page = gp.get(f"/images/{image_id}").text
    assert TOO_MUCH in page
    assert "small view only" in page
    assert WAITS not in page
    assert "every 2s" not in page
    assert f'id="image-{image_id}"' in gp.get("/images").text
