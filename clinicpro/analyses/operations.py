"""Ask for a description, run it in the worker, stop it, reject it; the practice's switch."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from flask import current_app

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.analyses.models import (
    FAILED,
    FINISHED,
    INCOMPLETE,
    INTERRUPTED,
    QUEUED,
    REFUSED,
    RUNNING,
    STOPPED,
    AiPolicy,
    Analysis,
)
from clinicpro.analyses.prompts import PROMPTS, SYSTEM, SYSTEM_VERSION, question_text
from clinicpro.analyses.queries import (
    analysis_for,
    open_analysis,
    policy,
    runs_this_month,
    runs_today,
    stop_requested_at,
)
from clinicpro.answers import Refusal
from clinicpro.audit.operations import SYSTEM as PROGRAM
from clinicpro.audit.operations import By, record
from clinicpro.db import db, transaction, utc_now
from clinicpro.gateways import Answer, DescriberError, Gateways, Question, StorageError
from clinicpro.images.models import READY, Image
from clinicpro.images.queries import image_for
from clinicpro.images.queries import topic as images_topic
from clinicpro.images.vocabulary import place
from clinicpro.jobs import enqueue
from clinicpro.live import announce, bus, wake
from clinicpro.web import app_settings, gateways

log = logging.getLogger(__name__)

PACE = 0.1  # seconds between two looks of the panel at the growing text
MOST_TOKENS = 1000
UNEXPECTED = "Something went wrong here. Your image is safe. Try again."
NO_FULL_STOP = "The answer ended before it was complete. Half a description can't be accepted."
DECLINED = "Nothing went into the note. Try other words, or describe it yourself."
AFTER_RESTART = "The server was restarted while it ran. Nothing went into the note. Try again."


@dataclass(frozen=True)
class Ask:
    """What the GP chose and typed; `has_consent` is the tick that the patient agreed."""

    prompt: str
    question: str
    context: str
    has_consent: bool


def missing_setting() -> str | None:
    """What has to be set before the model can be asked, in a sentence, or None."""
    settings = app_settings()
    if settings.anthropic_api_key or settings.anthropic_base_url:
        return None
    return (
        "Set ANTHROPIC_API_KEY (or ANTHROPIC_BASE_URL for a model server of your own) and start "
        "again."
    )


def start_analysis(actor: Actor, image_id: UUID, ask: Ask) -> UUID:
    """Open a run over the actor's own image and have the worker do it; gives its id.

    A run that is open already is the answer to a second click. Raises Refusal: off, no key, no
    consent, view not made yet, cap reached.
    """
    authorize(actor, "analysis.run")
    with transaction():
        image = image_for(actor, image_id)
        running = open_analysis(image_id)
        if running is not None:
            return running.id
        _check(actor, image, ask)
        prompt = PROMPTS[ask.prompt]
        analysis = Analysis(
            image_id=image_id,
            owner_id=actor.id,
            prompt_slug=prompt.slug,
            prompt_version=prompt.version,
            prompt_title=prompt.title,
            system_version=SYSTEM_VERSION,
            question=ask.question,
            context=ask.context,
        )
        db.session.add(analysis)
        db.session.flush()
        enqueue("describe", str(analysis.id))
        record(
            "analysis.ask",
            actor,
            objects=[analysis.id, image_id],
            subject=image.consultation_id,
            details={"prompt": f"{prompt.slug} v{prompt.version}", "consent": "yes"},
        )
        announce(analysis.topic)
        return analysis.id


def _check(actor: Actor, image: Image, ask: Ask) -> None:
    current, missing = policy(), missing_setting()
    if not current.is_on:
        raise Refusal(
            "Descriptions are off in this practice",
            "A practice manager can turn them on under Practice. Nothing was sent.",
            "off",
        )
    if missing:
        raise Refusal("The model can't be asked yet", missing, "no-key")
    if not ask.has_consent:
        raise Refusal("The patient's consent is missing", "Tick it first.", "consent")
    if ask.prompt not in PROMPTS:
        raise Refusal("There is no such prompt", "Choose one of the list.", "prompt", 422)
    if image.state != READY or image.is_trashed or not image.has_derivatives:
        raise Refusal(
            "This image is still being prepared", "Try again in a few seconds.", "not-ready"
        )
    if runs_today(actor.id) >= current.daily_runs or runs_this_month() >= current.monthly_runs:
        raise Refusal(
            "The practice's limit of descriptions is reached",
            "A practice manager can raise it under Practice. Nothing was sent.",
            "cap",
        )


def run_analysis_job(subject: str) -> None:
    """The worker's job: run the analysis with this id."""
    run_analysis(UUID(subject), gateways(), app_settings().claude_model)


def give_up_job(subject: str) -> None:
    """The worker died in the middle: the run is interrupted, and says so."""
    _end(UUID(subject), INTERRUPTED, AFTER_RESTART)


def run_analysis(analysis_id: UUID, doors: Gateways, model: str) -> None:
    """Write findings piece by piece; the row always ends in one of its last states."""
    state = FAILED
    message: str | None = UNEXPECTED
    answer: Answer | None = None
    try:
        question = _begin(analysis_id, doors, model)
        if question is None:
            return
        with _stop_event(analysis_id) as stop:
            answer, text = _listen(analysis_id, doors, question, stop)
            state, message = _verdict(answer, text, stop)
    except (DescriberError, StorageError) as error:
        state = INCOMPLETE if _has_text(analysis_id) else FAILED
        message = error.advice
        log.warning(
            "analysis ended: %s", getattr(error, "kind", "store"), extra={"analysis": analysis_id}
        )
    finally:
        _end(analysis_id, state, message, answer)


def _begin(analysis_id: UUID, doors: Gateways, model: str) -> Question | None:
    analysis = db.session.get_one(Analysis, analysis_id)
    if analysis.state != QUEUED:
        return None
    image = db.session.get_one(Image, analysis.image_id)
    view_key = image.view_key
    db.session.rollback()
    jpeg = doors.store.read(view_key)
    digest = hashlib.sha256(jpeg).hexdigest()
    with transaction():
        analysis = db.session.get_one(Analysis, analysis_id)
        image = db.session.get_one(Image, analysis.image_id)
        if not policy().is_on:
            raise DescriberError("Descriptions were turned off. Nothing was sent.", "off")
        analysis.state, analysis.started_at = RUNNING, utc_now()
        analysis.derivative_sha256 = digest
        text = question_text(
            PROMPTS[analysis.prompt_slug],
            place(image.body_site, image.laterality),
            analysis.question,
            analysis.context,
        )
        record(
            "analysis.send",
            PROGRAM,
            objects=[analysis_id, analysis.image_id],
            subject=image.consultation_id,
            details={"model": model, "sha256": digest, "bytes": str(len(jpeg))},
        )
        wake(analysis.topic)
    return Question(model, SYSTEM, text, jpeg, MOST_TOKENS)


@contextmanager
def _stop_event(analysis_id: UUID) -> Iterator[threading.Event]:
    """An event that is set soon after somebody asks, in whichever process, to stop the run."""
    stop, is_over = threading.Event(), threading.Event()
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    heard = bus()

    def watch() -> None:
        with heard.listen(f"analysis:{analysis_id}") as woken:
            while not is_over.is_set():
                woken.wait(1.0)
                with app.app_context():
                    if stop_requested_at(analysis_id) is not None:
                        stop.set()
                        return

    watcher = threading.Thread(target=watch, name="stop-watch", daemon=True)
    watcher.start()
    try:
        yield stop
    finally:
        is_over.set()
        heard.fire(f"analysis:{analysis_id}")


def _listen(
    analysis_id: UUID, doors: Gateways, question: Question, stop: threading.Event
) -> tuple[Answer | None, str]:
    """Keep what comes, at once for the first words and then ten times a second."""
    text, kept, kept_at = "", "", 0.0
    try:
        for piece in doors.describer.describe(question, stop):
            if isinstance(piece, Answer):
                return piece, text
            text += piece
            if time.monotonic() - kept_at >= PACE:
                _keep(analysis_id, text)
                kept, kept_at = text, time.monotonic()
    finally:
        if text != kept:
            _keep(analysis_id, text)
    return None, text


def _keep(analysis_id: UUID, text: str) -> None:
    with transaction():
        analysis = db.session.get_one(Analysis, analysis_id)
        analysis.text = text
        wake(analysis.topic)


def _has_text(analysis_id: UUID) -> bool:
    return bool(db.session.get_one(Analysis, analysis_id).text)


def _verdict(answer: Answer | None, text: str, stop: threading.Event) -> tuple[str, str | None]:
    if answer is None:
        if stop.is_set():
            return STOPPED, "Nothing went into the note. You can copy what had arrived."
        return INCOMPLETE, NO_FULL_STOP
    if answer.stop_reason == "refusal":
        return REFUSED, DECLINED
    if answer.stop_reason in ("end_turn", "stop_sequence") and text.strip():
        return FINISHED, None
    return INCOMPLETE, NO_FULL_STOP


def _end(analysis_id: UUID, state: str, message: str | None, answer: Answer | None = None) -> None:
    with transaction():
        analysis = db.session.get_one(Analysis, analysis_id)
        if not analysis.is_open:
            return
        analysis.state, analysis.message, analysis.ended_at = state, message, utc_now()
        if answer is not None:
            analysis.model, analysis.request_id = answer.model, answer.request_id
            analysis.stop_reason = answer.stop_reason
            analysis.tokens_in, analysis.tokens_out = answer.tokens_in, answer.tokens_out
        image = db.session.get_one(Image, analysis.image_id)
        if state == FINISHED:
            image.analysed_at = utc_now()
            image.touch()
            announce(images_topic(image.owner_id))
        record(
            "analysis.end",
            PROGRAM,
            objects=[analysis_id, image.id],
            subject=image.consultation_id,
            outcome=state,
            details={"model": analysis.model or "none"},
        )
        announce(analysis.topic)


def stop_analysis(actor: Actor, analysis_id: UUID) -> None:
    """Ask the run to end; a queued one ends here, a running one within a second."""
    authorize(actor, "analysis.run")
    is_queued = False
    with transaction():
        analysis = analysis_for(actor, analysis_id)
        if not analysis.is_open:
            return
        is_queued = analysis.state == QUEUED
        analysis.stop_requested_at = utc_now()
        record("analysis.stop", actor, objects=[analysis_id])
        announce(analysis.topic)
    if is_queued:
        _end(analysis_id, STOPPED, "It had not been sent yet.")


def reject_analysis(actor: Actor, analysis_id: UUID, reason: str = "") -> None:
    """Set a run aside: it is kept, and goes into no note."""
    authorize(actor, "analysis.run")
    with transaction():
        analysis = analysis_for(actor, analysis_id)
        if analysis.is_open or analysis.accepted_at or analysis.rejected_at:
            return
        analysis.rejected_at = utc_now()
        record("analysis.reject", actor, objects=[analysis_id], reason=reason[:200] or None)
        announce(analysis.topic)


def set_policy(
    by: By, *, is_on: bool, basis: str, daily_runs: int = 50, monthly_runs: int = 1000
) -> None:
    """Turn descriptions on, with the recorded basis, or off. Raises Refusal without a basis."""
    basis = basis.strip()
    if is_on and not basis:
        raise Refusal("A basis is needed", "Record why the practice may do this.", "basis", 422)
    with transaction():
        row = db.session.get(AiPolicy, 1) or AiPolicy(id=1)
        row.is_on, row.basis = is_on, basis or row.basis or ""
        row.recorded_by, row.recorded_at = by.id, utc_now()
        row.daily_runs, row.monthly_runs = daily_runs, monthly_runs
        db.session.add(row)
        record("ai.switch", by, details={"on": "yes" if is_on else "no"})
