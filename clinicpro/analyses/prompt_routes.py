"""The prompt screens: a person's own shelf, the practice's, the editor, a trial."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from clinicpro.accounts.guard import current_actor
from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.analyses import editing
from clinicpro.analyses.editing import BadWords
from clinicpro.analyses.forms import PromptForm
from clinicpro.analyses.library import (
    PRACTICE_SHELF,
    Shelf,
    ShownVersion,
    own_shelf,
    prompt_on,
    shelf_of,
    shown_shelf,
    versions_of,
)
from clinicpro.analyses.prompts import KINDS, PRACTICE, Prompt, PromptTrial
from clinicpro.analyses.samples import SAMPLES, Sample
from clinicpro.analyses.trials import start_trial, stop_trial, trial_for, why_not
from clinicpro.analyses.wording import VARIABLES
from clinicpro.web import background, is_htmx, page_or, path_for

bp = Blueprint("prompts", __name__, url_prefix="/prompts")
FIRST = {f"first-{kind.slug}": kind.slug for kind in KINDS}  # the fields of the first choices


@dataclass(frozen=True)
class Editor:
    """One prompt being written: new, or the next version of `prompt`.

    `cannot` says why nothing can be tried now.
    """

    is_practice: bool
    prompt: Prompt | None
    versions: list[ShownVersion]
    cannot: str

    @property
    def samples(self) -> list[Sample]:
        return list(SAMPLES.values())

    @property
    def variables(self) -> dict[str, str]:
        return VARIABLES


@bp.get("")
def index() -> ResponseReturnValue:
    actor = current_actor()
    if not actor.may("prompt.manage_own"):
        return "", 303, {"Location": _home(PRACTICE_SHELF)}
    return page_or(
        "analyses/_prompts.html",
        page="analyses/prompts.html",
        shelf=shown_shelf(actor, own_shelf(actor)),
    )


@bp.get("/new")
def new() -> ResponseReturnValue:
    shelf = _shelf_asked_for(current_actor())
    return _editor(current_actor(), shelf, None, PromptForm(formdata=None))


@bp.post("")
def create() -> ResponseReturnValue:
    actor, form = current_actor(), PromptForm()
    shelf = _shelf_asked_for(actor)
    try:
        editing.create_prompt(actor, shelf, form.words)
    except BadWords as error:
        return _again(actor, shelf, None, form, error)
    return "", 303, {"Location": _home(shelf)}


@bp.get("/<uuid:prompt_id>")
def show(prompt_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    shelf = shelf_of(actor, prompt_id)
    prompt = prompt_on(shelf, prompt_id)
    return _editor(actor, shelf, prompt, PromptForm(formdata=None, obj=prompt))


@bp.post("/<uuid:prompt_id>")
def update(prompt_id: UUID) -> ResponseReturnValue:
    actor, form = current_actor(), PromptForm()
    shelf = shelf_of(actor, prompt_id)
    try:
        editing.change_prompt(actor, shelf, prompt_id, form.words, form.version.data or 0)
    except BadWords as error:
        return _again(actor, shelf, prompt_on(shelf, prompt_id), form, error)
    return "", 303, {"Location": _home(shelf)}


@bp.post("/<uuid:prompt_id>/retirement")
def retire(prompt_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    shelf = shelf_of(actor, prompt_id)
    editing.retire_prompt(actor, shelf, prompt_id)
    return _shelf(actor, shelf)


@bp.post("/<uuid:prompt_id>/restoration")
def restore(prompt_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    shelf = shelf_of(actor, prompt_id)
    editing.restore_prompt(actor, shelf, prompt_id)
    return _shelf(actor, shelf)


@bp.post("/<uuid:prompt_id>/position")
def move(prompt_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    shelf = shelf_of(actor, prompt_id)
    editing.move_prompt(actor, shelf, prompt_id, 1 if request.form.get("to") == "down" else -1)
    return _shelf(actor, shelf)


@bp.post("/first-choices")
def choose() -> ResponseReturnValue:
    actor = current_actor()
    shelf = _shelf_asked_for(actor)
    given = {FIRST[name]: value for name, value in request.form.items() if value and name in FIRST}
    chosen = {kind: _uuid(value) for kind, value in given.items()}
    editing.set_defaults(actor, shelf, chosen)
    return _shelf(actor, shelf)


@bp.post("/trials")
def try_out() -> ResponseReturnValue:
    actor, form = current_actor(), PromptForm()
    prompt_id = _uuid(form.prompt.data or "")
    shelf = shelf_of(actor, prompt_id) if prompt_id else _shelf_asked_for(actor)
    try:
        trial_id = start_trial(actor, shelf, form.words, form.sample.data or "", prompt_id)
    except BadWords as error:
        if is_htmx():
            return _trial(None, error.advice), 422
        prompt = prompt_on(shelf, prompt_id) if prompt_id else None
        return _again(actor, shelf, prompt, form, error)
    if is_htmx():
        return _trial(trial_for(actor, trial_id)), 201
    return _to_trial(trial_id, shelf)


def _to_trial(trial_id: UUID, shelf: Shelf) -> ResponseReturnValue:
    named = PRACTICE if shelf.is_practice else None
    return "", 303, {"Location": path_for("prompts.trial", trial_id=trial_id, shelf=named)}


@bp.post("/trials/<uuid:trial_id>/stop")
def stop_trying(trial_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    stop_trial(actor, trial_id)
    row = trial_for(actor, trial_id)
    return _trial(row) if is_htmx() else _to_trial(trial_id, _shelf_of_trial(actor, row))


@bp.get("/trials/<uuid:trial_id>")
@background
def trial(trial_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    row = trial_for(actor, trial_id)
    if is_htmx():
        return _trial(row)
    shelf = _shelf_of_trial(actor, row)
    prompt = prompt_on(shelf, row.prompt_id) if row.prompt_id else None
    form = PromptForm(formdata=None, obj=row)
    form.version.data = prompt.version if prompt else None
    return _editor(actor, shelf, prompt, form, row)


def _trial(trial: PromptTrial | None, fault: str = "") -> str:
    named = request.values.get("shelf", "")
    return render_template("analyses/_trial.html", trial=trial, fault=fault, shelf=named)


def _shelf_of_trial(actor: Actor, trial: PromptTrial) -> Shelf:
    return shelf_of(actor, trial.prompt_id) if trial.prompt_id else _shelf_asked_for(actor)


def _shelf(actor: Actor, shelf: Shelf) -> ResponseReturnValue:
    """After a change: the shelf as it is now."""
    if not is_htmx():
        return "", 303, {"Location": _home(shelf)}
    return render_template("analyses/_prompts.html", shelf=shown_shelf(actor, shelf))


def _home(shelf: Shelf) -> str:
    if shelf.is_practice:
        return path_for("practice.index", _anchor="prompts")
    return path_for("prompts.index")


def _editor(
    actor: Actor,
    shelf: Shelf,
    prompt: Prompt | None,
    form: PromptForm,
    trial: PromptTrial | None = None,
) -> str:
    authorize(actor, shelf.permission)
    versions = versions_of(prompt) if prompt else []
    return render_template(
        "analyses/prompt.html",
        editor=Editor(shelf.is_practice, prompt, versions, why_not()),
        form=form,
        trial=trial,
        fault="",
        shelf=PRACTICE if shelf.is_practice else "",
        here="practice" if shelf.is_practice else "account",
    )


def _again(
    actor: Actor, shelf: Shelf, prompt: Prompt | None, form: PromptForm, error: BadWords
) -> ResponseReturnValue:
    form[error.field].errors = [error.advice]
    return _editor(actor, shelf, prompt, form), 422


def _shelf_asked_for(actor: Actor) -> Shelf:
    """The practice's where it says so, and for who has none of their own."""
    if request.values.get("shelf") == PRACTICE or not actor.may("prompt.manage_own"):
        return PRACTICE_SHELF
    return own_shelf(actor)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
