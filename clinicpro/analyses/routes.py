"""The analysis panel: ask, watch, stop, reject."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from clinicpro.accounts.guard import current_actor
from clinicpro.accounts.permissions import Actor
from clinicpro.accounts.queries import is_still_signed_in
from clinicpro.analyses import operations
from clinicpro.analyses.forms import AskForm
from clinicpro.analyses.operations import AlreadyRunning, Ask, missing_setting
from clinicpro.analyses.queries import (
    ShownAnalysis,
    analysis_for,
    policy,
    runs_of,
    runs_today,
    shown_analysis,
)
from clinicpro.formats import megabytes
from clinicpro.images.queries import image_for, shown_for
from clinicpro.images.routes import asked
from clinicpro.images.showing import Shown
from clinicpro.live import event_stream
from clinicpro.web import (
    app_settings,
    background,
    is_htmx,
    path_for,
)

bp = Blueprint("analyses", __name__)


@dataclass(frozen=True)
class Offer:
    """What asking would mean: whether it can be done, what is sent, to whom, what is left."""

    is_on: bool
    is_waiting: bool
    title: str
    advice: str
    sent: str
    recipient: str
    budget: str


@dataclass(frozen=True)
class Panel:
    """The viewer's panel: the latest run or the form to ask."""

    analysis: ShownAnalysis | None
    form: AskForm
    offer: Offer


def panel_for(actor: Actor, image: Shown) -> Panel:
    runs = runs_of(image.id)
    latest = ShownAnalysis(runs[0], image, runs[1:]) if runs else None
    return Panel(latest, AskForm(formdata=None), offer_for(actor, image))


def offer_for(actor: Actor, image: Shown) -> Offer:
    current, missing = policy(), missing_setting()
    title, advice = "", ""
    if not actor.may("analysis.run"):
        title = "Your role doesn’t include descriptions"
        advice = "A practice manager can give you the role GP."
    elif not current.is_on:
        title = "Descriptions are off in this practice"
        advice = "A practice manager can turn them on under Practice. Nothing is sent until then."
    elif missing:
        title, advice = "The model can’t be asked yet", missing
    elif image.is_preparing:
        title = "This image is still being prepared"
        advice = "It can be described in a few seconds."
    elif image.row.reason:
        title, advice = "This image can’t be described", image.row.reason
    row = image.row
    sent = f"This image at {max(row.view_width or 0, row.view_height or 0)} px"
    sent += f" ({megabytes(row.view_size or 0)}) without its metadata"
    budget = f"{runs_today(actor.id)} of {current.daily_runs} runs used today"
    is_waiting = bool(title) and image.is_preparing
    return Offer(not title, is_waiting, title, advice, sent, recipient(), budget)


def recipient() -> str:
    """Who the image goes to, in words."""
    settings = app_settings()
    if settings.is_demo:
        return "a stand-in on this machine (demonstration)"
    if settings.anthropic_base_url:
        return f"the model server at {urlsplit(settings.anthropic_base_url).hostname}"
    return "Anthropic, outside New Zealand"


@bp.get("/images/<uuid:image_id>/analyses/new")
def new(image_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    shown = shown_for(actor, image_id, asked())
    return _ask(actor, shown, AskForm(formdata=None))


def _ask(actor: Actor, shown: Shown, form: AskForm, status: int = 200) -> ResponseReturnValue:
    offer = offer_for(actor, shown)
    page = render_template("analyses/_ask.html", image=shown, form=form, offer=offer)
    return page, status


@bp.post("/images/<uuid:image_id>/analyses")
def create(image_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    image_for(actor, image_id)
    form = AskForm()
    if not form.validate_on_submit():
        return _ask(actor, shown_for(actor, image_id, asked()), form, 422)
    ask = Ask(
        form.prompt.data, form.question.data or "", form.context.data or "", form.consent.data
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


@bp.get("/analyses/<uuid:analysis_id>/stream")
@background
def stream(analysis_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    topic = analysis_for(actor, analysis_id).topic
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    look_of = asked()  # of one time, so that the links stay the same
    said: list[str] = []

    def look(_fired: set[str]) -> Iterator[tuple[str, str]]:
        analysis = analysis_for(actor, analysis_id)
        shown = shown_analysis(actor, analysis, look_of)
        with app.test_request_context("/"):  # links in the fragment need a request to stand in
            yield "analysis", render_template("analyses/_analysis.html", analysis=shown)
        sentence = sentence_of(analysis.state, bool(analysis.text))
        if sentence not in said:
            said.append(sentence)
            yield "status", sentence
        if not analysis.is_open:
            yield "closed", ""

    return event_stream((topic,), look, lambda: is_still_signed_in(actor.sign_in_id, "image.view"))


SENTENCES = {
    "queued": "The description waits its turn.",
    "running": "The description is being written.",
    "finished": "The description is ready to check.",
    "stopped": "The description was stopped.",
    "refused": "The model declined to describe this image.",
}


def sentence_of(state: str, has_text: bool) -> str:
    """What a screen reader hears of a run; not every word, but every change."""
    if state == "running" and not has_text:
        return "The image is being looked at."
    return SENTENCES.get(state, "The description ended early. It can't be accepted.")
