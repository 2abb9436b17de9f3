"""The analysis panel: ask, watch, stop, reject."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from clinicpro.accounts.guard import current_actor
from clinicpro.accounts.permissions import Actor
from clinicpro.analyses import operations
from clinicpro.analyses.exporting import export_text
from clinicpro.analyses.forms import AskForm
from clinicpro.analyses.library import offered
from clinicpro.analyses.operations import AlreadyRunning, Ask
from clinicpro.analyses.queries import (
    ShownAnalysis,
    analysis_for,
    runs_of,
    shown_analysis,
    shown_with,
)
from clinicpro.analyses.sending import Offer, offer_for
from clinicpro.analyses.watching import watch
from clinicpro.images import covering
from clinicpro.images.covering import areas_from
from clinicpro.images.queries import image_for, shown_for
from clinicpro.images.routes import asked
from clinicpro.images.showing import Shown
from clinicpro.web import (
    background,
    gateways,
    is_htmx,
    path_for,
)

bp = Blueprint("analyses", __name__)


@dataclass(frozen=True)
class Panel:
    """The viewer's panel: the latest run or the form to ask."""

    analysis: ShownAnalysis | None
    form: AskForm
    offer: Offer


def panel_for(actor: Actor, image: Shown) -> Panel:
    runs = runs_of(image.id)
    latest = shown_with(actor, image, runs[0], runs) if runs else None
    offer = offer_for(actor, image)
    return Panel(latest, _empty_form(offer), offer)


def _empty_form(offer: Offer) -> AskForm:
    slug = offer.going.prompt.slug if offer.going.prompt else ""
    form = AskForm(formdata=None, data={"prompt": slug})
    form.offer(offer.going.prompts)
    return form


@bp.get("/images/<uuid:image_id>/analyses/new")
def new(image_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    shown = shown_for(actor, image_id, asked())
    offer = offer_for(actor, shown)
    form = _empty_form(offer)
    return render_template("analyses/_ask.html", image=shown, form=form, offer=offer)


def _ask(actor: Actor, shown: Shown, form: AskForm, status: int = 200) -> ResponseReturnValue:
    offer = offer_for(actor, shown, form.prompt.data or "", form.earlier.data or "")
    page = render_template("analyses/_ask.html", image=shown, form=form, offer=offer)
    return page, status


@bp.get("/images/<uuid:image_id>/analyses/words")
def words(image_id: UUID) -> ResponseReturnValue:
    """What goes with the prompt that is being chosen; what was typed stays out of addresses."""
    actor = current_actor()
    shown = shown_for(actor, image_id, asked())
    offer = offer_for(actor, shown, *_chosen())
    return render_template("analyses/_choice.html", errors=[], image=shown, offer=offer)


def _chosen() -> tuple[str, str]:
    """The prompt and the earlier image, as the form has them at this moment."""
    return request.values.get("prompt", ""), request.values.get("earlier", "")


@bp.post("/images/<uuid:image_id>/covering")
def cover(image_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    covering.cover(actor, image_id, areas_from(request.form.get("areas", "")), gateways())
    shown = shown_for(actor, image_id, asked())
    offer = offer_for(actor, shown, *_chosen())
    return render_template("analyses/_sending.html", image=shown, offer=offer)


@bp.post("/images/<uuid:image_id>/analyses")
def create(image_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    image_for(actor, image_id)
    form = AskForm()
    form.offer(offered(actor))
    if not form.validate_on_submit():
        return _ask(actor, shown_for(actor, image_id, asked()), form, 422)
    ask = Ask(
        prompt=form.prompt.data,
        question=form.question.data or "",
        context=form.context.data or "",
        has_consent=form.consent.data,
        has_scale=form.scale.data,
        shown=form.shown.data,
        earlier_image_id=form.earlier_id,
        earlier_shown=form.earlier_shown.data,
    )
    try:
        analysis_id = operations.start_analysis(actor, image_id, ask)
    except AlreadyRunning as running:  # a second click, or a second tab
        return _panel(actor, running.analysis_id)
    return _panel(actor, analysis_id, 201)


def _panel(actor: Actor, analysis_id: UUID, status: int = 200) -> ResponseReturnValue:
    analysis = analysis_for(actor, analysis_id)
    if not is_htmx():
        return "", 303, {"Location": path_for("desk.image", image_id=analysis.image_id)}
    shown = shown_analysis(actor, analysis, asked())
    return render_template("analyses/_panel.html", analysis=shown), status


@bp.get("/analyses/<uuid:analysis_id>")
def show(analysis_id: UUID) -> ResponseReturnValue:
    return _panel(current_actor(), analysis_id)


@bp.post("/analyses/<uuid:analysis_id>/stop")
def stop(analysis_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    operations.stop_analysis(actor, analysis_id)
    return _panel(actor, analysis_id)


@bp.post("/analyses/<uuid:analysis_id>/reject")
def reject(analysis_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    operations.reject_analysis(actor, analysis_id, request.form.get("reason", ""))
    return _analysis(actor, analysis_id)


def _analysis(actor: Actor, analysis_id: UUID) -> ResponseReturnValue:
    analysis = analysis_for(actor, analysis_id)
    if not is_htmx():
        return "", 303, {"Location": path_for("desk.image", image_id=analysis.image_id)}
    shown = shown_analysis(actor, analysis, asked())
    return render_template("analyses/_analysis.html", analysis=shown)


@bp.get("/analyses/<uuid:analysis_id>/text")
def text(analysis_id: UUID) -> ResponseReturnValue:
    return _file(current_actor(), analysis_id)


@bp.post("/analyses/<uuid:analysis_id>/text")
def typed_text(analysis_id: UUID) -> ResponseReturnValue:
    """Of a draft as it stands on the screen; what was typed stays out of addresses."""
    return _file(current_actor(), analysis_id, request.form.get("findings"))


def _file(actor: Actor, analysis_id: UUID, typed: str | None = None) -> Response:
    words = export_text(actor, analysis_id, typed)
    name = f"ai-description-{analysis_id}.txt"  # ids alone: it lies about in folders
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(words, mimetype="text/plain", headers=headers)


@bp.get("/analyses/<uuid:analysis_id>/stream")
@background
def stream(analysis_id: UUID) -> ResponseReturnValue:
    return watch(current_actor(), analysis_id, asked())
