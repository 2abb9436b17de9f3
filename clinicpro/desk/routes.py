"""The GP's screens: the desk, the viewer, the consultation."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Flask, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.local import LocalProxy

from clinicpro.accounts.guard import current_actor
from clinicpro.analyses.queries import analyses_in
from clinicpro.analyses.routes import panel_for
from clinicpro.consultations.current import current
from clinicpro.consultations.forms import StartForm
from clinicpro.consultations.queries import (
    consultation_for,
    recent_consultations,
)
from clinicpro.images import operations
from clinicpro.images.forms import DetailsForm
from clinicpro.images.operations import record_view
from clinicpro.images.queries import (
    gallery_page,
    has_images,
    image_for,
    images_in,
    shown_for,
    siblings_of,
    unassigned_count,
)
from clinicpro.images.routes import Undo, asked, asked_filters
from clinicpro.images.showing import Shown
from clinicpro.images.vocabulary import site_choices
from clinicpro.notes.queries import note_for
from clinicpro.phones.queries import live_pairings
from clinicpro.phones.routes import ghost_phones
from clinicpro.phones.showing import show_phones
from clinicpro.web import background, fragment_or_redirect, page_or, path_for

bp = Blueprint("desk", __name__)


def install(app: Flask) -> None:
    """Let every page know the current consultation and what is current in the top bar."""
    consultation = LocalProxy(current)
    app.context_processor(lambda: {"consultation": consultation, "here": ""})


@bp.get("/")
def index() -> ResponseReturnValue:
    actor = current_actor()
    if not actor.is_clinical:
        return "", 303, {"Location": path_for("practice.index")}
    filters = asked_filters()
    page = gallery_page(actor, filters, asked(), request.args.get("cursor"))
    record_view(actor, "gallery.view", [one.id for one in page.images])
    return render_template(
        "desk/images.html",
        groups=page.groups,
        next_cursor=page.next_cursor,
        since=page.since,
        gone=page.gone,
        filters=filters,
        form=StartForm(),
        body_sites=site_choices(),
        unassigned_count=unassigned_count(actor),
        phones=show_phones(live_pairings(actor.id)),
        is_first_run=not page.images and not filters.query and not has_images(actor),
    )


@dataclass(frozen=True)
class Neighbours:
    """The images of the same consultation, newest first, and those next to the shown one."""

    siblings: list[Shown]
    newer: Shown | None
    older: Shown | None


def _neighbours(siblings: list[Shown], image_id: UUID) -> Neighbours:
    ids = [one.id for one in siblings]
    if image_id not in ids:
        return Neighbours(siblings, None, None)
    at = ids.index(image_id)
    newer = siblings[at - 1] if at > 0 else None
    older = siblings[at + 1] if at + 1 < len(siblings) else None
    return Neighbours(siblings, newer, older)


@bp.get("/images/<uuid:image_id>")
def image(image_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    row = image_for(actor, image_id)
    look = asked()
    shown = shown_for(actor, image_id, look)
    siblings = siblings_of(actor, row, look)
    details_form = DetailsForm(formdata=None, obj=row)
    targets = [one for one in recent_consultations(actor) if one.id != row.consultation_id]
    panel = panel_for(actor, shown)
    record_view(actor, "image.view", [image_id], row.consultation_id)
    return page_or(
        "desk/_viewer.html",
        page="desk/image.html",
        image=shown,
        neighbours=_neighbours(siblings, image_id),
        details_form=details_form,
        targets=targets,
        ghost_phones=ghost_phones(image_id),
        analysis=panel.analysis,
        form=panel.form,
        offer=panel.offer,
    )


@bp.get("/images/<uuid:image_id>/stage")
@background
def stage(image_id: UUID) -> ResponseReturnValue:
    """What a viewer that shows the thumbnail asks for until there is more to show."""
    actor = current_actor()
    row = image_for(actor, image_id)
    if row.is_preparing:
        return "", 204
    look = asked()
    siblings = siblings_of(actor, row, look)
    shown = shown_for(actor, image_id, look)
    record_view(actor, "image.view", [image_id], row.consultation_id)
    page = render_template(
        "images/_stage.html", image=shown, neighbours=_neighbours(siblings, image_id)
    )
    return page, 200, {"HX-Trigger": "prepared"}


@bp.post("/images/<uuid:image_id>/move")
def move(image_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    wanted = request.form.get("consultation_id", "")
    before = operations.move(actor, image_id, _uuid(wanted))
    undo = Undo(path_for("desk.move", image_id=image_id), consultation_id=str(before or ""))
    return fragment_or_redirect(
        "_toast.html",
        to=path_for("desk.image", image_id=image_id),
        icon="move",
        message="Image moved",
        undo=undo,
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@bp.get("/consultations/<uuid:consultation_id>")
def consultation(consultation_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    consultation_for(actor, consultation_id)
    look = asked()
    images = images_in(actor, consultation_id, look)
    record_view(actor, "gallery.view", [one.id for one in images], consultation_id)
    return render_template(
        "desk/consultation.html",
        note=note_for(actor, consultation_id, look),
        images=images,
        analyses=analyses_in(actor, consultation_id, look),
        here="note",
    )
