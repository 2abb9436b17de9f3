"""Gallery fragments, one card, words, trash, the original."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from flask import Blueprint, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue

from clinicpro.accounts.guard import current_actor
from clinicpro.consultations.current import current
from clinicpro.db import utc_now
from clinicpro.images import operations
from clinicpro.images.filters import Filters
from clinicpro.images.forms import DetailsForm
from clinicpro.images.operations import Words, record_view
from clinicpro.images.queries import (
    GalleryPage,
    changes_since,
    gallery_page,
    image_for,
    shown_for,
)
from clinicpro.images.showing import Asked
from clinicpro.web import background, fragment_or_redirect, gateways, is_htmx, path_for

bp = Blueprint("images", __name__)


def asked() -> Asked:
    """Who looks, now."""
    consultation = current()
    return Asked(gateways().store, utc_now(), consultation.id if consultation else None)


def asked_filters() -> Filters:
    consultation = current()
    ids = (consultation.id, consultation.patient_id) if consultation else (None, None)
    return Filters.from_args(request.args, *ids)


def _cards(page: GalleryPage, filters: Filters) -> str:
    return render_template(
        "images/_cards.html",
        groups=page.groups,
        next_cursor=page.next_cursor,
        since=page.since,
        gone=page.gone,
        filters=filters,
    )


@bp.get("/images")
def index() -> ResponseReturnValue:
    actor = current_actor()
    filters = asked_filters()
    page = gallery_page(actor, filters, asked(), request.args.get("cursor"))
    record_view(actor, "gallery.view", [one.id for one in page.images])
    return _cards(page, filters)


@bp.get("/images/changes")
@background
def changes() -> ResponseReturnValue:
    actor = current_actor()
    filters = asked_filters()
    page = changes_since(actor, filters, asked(), _since())
    record_view(actor, "gallery.view", [one.id for one in page.images])
    return _cards(page, filters)


def _since() -> datetime:
    try:
        since = datetime.fromisoformat(request.args.get("since", ""))
    except ValueError:
        since = utc_now() - timedelta(hours=1)
    return since if since.tzinfo else utc_now() - timedelta(hours=1)


@bp.get("/images/<uuid:image_id>/card")
@background
def card(image_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    shown = shown_for(actor, image_id, asked())
    record_view(actor, "gallery.view", [image_id])
    return render_template("images/_card.html", image=shown)


@bp.post("/images/<uuid:image_id>")
def update(image_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    image_for(actor, image_id)
    form = DetailsForm()
    status = 200
    if form.validate_on_submit():
        words = Words(
            form.body_site.data,
            form.laterality.data,
            form.view.data,
            (form.label.data or "").strip(),
            (form.remark.data or "").strip(),
        )
        operations.describe_image(actor, image_id, words)
        if not is_htmx():
            return "", 303, {"Location": path_for("desk.image", image_id=image_id)}
    else:
        status = 422
    shown = shown_for(actor, image_id, asked())
    page = render_template("images/_details.html", image=shown, details_form=form)
    return page, status


@bp.post("/images/<uuid:image_id>/trash")
def trash(image_id: UUID) -> ResponseReturnValue:
    operations.trash(current_actor(), image_id)
    undo = Undo(path_for("images.restore", image_id=image_id))
    return _toast("trash", "Image moved to the trash", undo)


@bp.post("/images/<uuid:image_id>/restore")
def restore(image_id: UUID) -> ResponseReturnValue:
    operations.restore(current_actor(), image_id)
    return _toast("retry", "Image restored", None)


@bp.get("/images/<uuid:image_id>/original")
def original(image_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    image = image_for(actor, image_id)
    if image.state != "ready":
        abort(404)
    link = gateways().store.presign_get(image.key, now=utc_now(), download_name=image.filename)
    record_view(actor, "image.original", [image_id], image.consultation_id)
    response = make_response("", 303)
    response.headers["Location"] = link
    return response


class Undo:
    """A toast's way back: a POST to `url` with `fields`."""

    def __init__(self, url: str, **fields: str) -> None:
        self.url = url
        self.fields = fields


def _toast(icon: str, message: str, undo: Undo | None) -> ResponseReturnValue:
    return fragment_or_redirect("_toast.html", to="/", icon=icon, message=message, undo=undo)
