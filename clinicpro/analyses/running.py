"""The worker's side of a run: begin, write what comes, watch for Stop, end in words."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from flask import current_app
from sqlalchemy.exc import OperationalError

from clinicpro.analyses.models import (
    FAILED,
    FINISHED,
    INCOMPLETE,
    INTERRUPTED,
    QUEUED,
    REFUSED,
    RUNNING,
    STOPPED,
    Analysis,
)
from clinicpro.analyses.prompts import PROMPTS, SYSTEM, question_text
from clinicpro.analyses.queries import policy, stop_requested_at
from clinicpro.audit.operations import SYSTEM as PROGRAM
from clinicpro.audit.operations import record
from clinicpro.db import db, transaction, utc_now
from clinicpro.gateways import (
    Answer,
    DescriberError,
    Gateways,
    LabelledJpeg,
    Question,
    StorageError,
)
from clinicpro.images.models import Image
from clinicpro.images.queries import topic as images_topic
from clinicpro.images.vocabulary import place
from clinicpro.live import announce, bus, wake
from clinicpro.web import app_settings, gateways

log = logging.getLogger(__name__)

PACE = 0.1  # seconds between two drafts, which the panel shows
LOOK = 1.0  # seconds between looks at the Stop flag without a wake-up: the net under it
MOST_TOKENS = 1000
LONGEST_TEXT = 20_000  # characters
UNEXPECTED = "Something went wrong here. Your image is safe. Try again."
NO_FULL_STOP = "The answer ended before it was complete. Half a description can’t be accepted."
TOO_LONG = "The answer grew longer than a description may be and was cut. Ask for less at once."
NO_WORDS = "The model sent no words. Try again."
DECLINED = "Nothing went into the note. Try other words, or describe it yourself."
UNSENT = "It had not been sent yet."
PARTLY = "Nothing went into the note. You can copy what had arrived."
AFTER_RESTART = "The server was restarted while it ran. Nothing went into the note. Try again."
SWITCHED_OFF = "Descriptions were turned off before it was sent. Nothing was sent."
IN_THE_TRASH = "The image was moved to the trash before it was sent. Nothing was sent."


@dataclass(frozen=True)
class Ending:
    """How a run ended: its last state, and words for the GP where they are needed."""

    state: str
    message: str | None = None
    answer: Answer | None = None


def run_analysis_job(subject: str) -> None:
    """The worker's job: run the analysis with this id."""
    run_analysis(UUID(subject), gateways(), app_settings().claude_model)


def give_up_job(subject: str) -> None:
    """The worker died in the middle: the run is interrupted, and says so."""
    _end(UUID(subject), Ending(INTERRUPTED, AFTER_RESTART))


def run_analysis(analysis_id: UUID, doors: Gateways, model: str) -> None:
    """Have the image described, piece by piece; the row always ends in a last state.

    Only a queued run begins. What nobody expected is raised again, after the row has ended.
    """
    if not _begin(analysis_id):
        return
    draft = Draft(analysis_id)
    ending = Ending(FAILED, UNEXPECTED)
    try:
        question = _prepare(analysis_id, doors, model)
        ending = _describe(draft, doors, question) if question else Ending(STOPPED, UNSENT)
    except (DescriberError, StorageError) as error:
        ending = Ending(INCOMPLETE if draft.text else FAILED, error.advice)
        kind = getattr(error, "kind", "store")
        log.warning("analysis ended: %s", kind, extra={"analysis": analysis_id})
    finally:
        _end(analysis_id, ending, draft.text)


def _begin(analysis_id: UUID) -> bool:
    with transaction():
        analysis = db.session.get_one(Analysis, analysis_id, with_for_update=True)
        if analysis.state != QUEUED:
            return False
        analysis.state, analysis.started_at = RUNNING, utc_now()
        wake(analysis.topic)
        return True


def _prepare(analysis_id: UUID, doors: Gateways, model: str) -> Question | None:
    """What to ask, audited before a byte is sent; None when Stop came first."""
    analysis = db.session.get_one(Analysis, analysis_id)
    view_key = db.session.get_one(Image, analysis.image_id).view_key
    db.session.rollback()  # no connection is held while the store answers
    jpeg = doors.store.read(view_key)
    digest = hashlib.sha256(jpeg).hexdigest()
    with transaction():
        analysis = db.session.get_one(Analysis, analysis_id)
        image = db.session.get_one(Image, analysis.image_id)
        if analysis.stop_requested_at is not None:
            return None
        if not policy().is_on:
            raise DescriberError(SWITCHED_OFF, "off")
        if image.is_trashed:
            raise DescriberError(IN_THE_TRASH, "trashed")
        analysis.derivative_sha256 = digest
        record(
            "analysis.send",
            PROGRAM,
            objects=[analysis_id, image.id],
            subject=image.consultation_id,
            details={
                "model": model,
                "prompt": f"{analysis.prompt_slug} v{analysis.prompt_version}",
                "system": f"v{analysis.system_version}",
                "sha256": digest,
                "bytes": str(len(jpeg)),
            },
        )
        prompt = PROMPTS[analysis.prompt_slug]
        where = place(image.body_site, image.laterality)
        text = question_text(prompt, where, analysis.question, analysis.context)
    return Question(model, SYSTEM, text, (LabelledJpeg(jpeg),), MOST_TOKENS)


class Draft:
    """The growing text: kept at once for the first words, then ten times a second."""

    def __init__(self, analysis_id: UUID) -> None:
        self.analysis_id = analysis_id
        self.text = ""
        self._kept_at: float | None = None

    @property
    def is_full(self) -> bool:
        return len(self.text) >= LONGEST_TEXT

    def add(self, piece: str) -> None:
        self.text = (self.text + piece)[:LONGEST_TEXT]
        if self._kept_at is None or time.monotonic() - self._kept_at >= PACE:
            with suppress(OperationalError):  # the database is busy: the next piece tries again
                self._keep()
            self._kept_at = time.monotonic()

    def _keep(self) -> None:
        with transaction():
            analysis = db.session.get_one(Analysis, self.analysis_id)
            analysis.text = self.text
            wake(analysis.topic)


def _describe(draft: Draft, doors: Gateways, question: Question) -> Ending:
    with _stop_event(draft.analysis_id) as stop:
        answer = _listen(draft, doors, question, stop)
        return _verdict(answer, draft, stop.is_set())


def _listen(
    draft: Draft, doors: Gateways, question: Question, stop: threading.Event
) -> Answer | None:
    for piece in doors.describer.describe(question, stop):
        if isinstance(piece, Answer):
            return piece
        draft.add(piece)
        if draft.is_full:
            break
    return None


def _verdict(answer: Answer | None, draft: Draft, is_stopped: bool) -> Ending:
    has_words = bool(draft.text.strip())
    if draft.is_full:
        return Ending(INCOMPLETE, TOO_LONG, answer)
    if answer is None and is_stopped:
        return Ending(STOPPED, PARTLY if has_words else None)
    if answer is not None and answer.stop_reason == "refusal":
        return Ending(REFUSED, DECLINED, answer)
    if not has_words:
        return Ending(FAILED, NO_WORDS, answer)
    if answer is None or answer.stop_reason is None:
        return Ending(INCOMPLETE, NO_FULL_STOP, answer)
    if answer.stop_reason in ("end_turn", "stop_sequence"):
        return Ending(FINISHED, None, answer)
    return Ending(INCOMPLETE, TOO_LONG, answer)  # max_tokens, model_context_window_exceeded


@contextmanager
def _stop_event(analysis_id: UUID) -> Iterator[threading.Event]:
    """An event that is set soon after somebody asks, in whichever process, to stop the run."""
    stop, is_over = threading.Event(), threading.Event()
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    heard, topic = bus(), stop_topic(analysis_id)

    def watch() -> None:
        with heard.listen(topic) as woken:
            while not (is_over.is_set() or stop.is_set()):
                woken.wait(LOOK)
                with app.app_context(), suppress(OperationalError):
                    if not is_over.is_set() and stop_requested_at(analysis_id) is not None:
                        stop.set()

    watcher = threading.Thread(target=watch, name="stop-watch", daemon=True)
    watcher.start()
    try:
        yield stop
    finally:
        is_over.set()
        heard.fire(topic)
        watcher.join(timeout=5)


def stop_topic(analysis_id: UUID) -> str:
    """What fires when somebody wants the run to stop; apart from the drafts, which are many."""
    return f"analysis-stop:{analysis_id}"


def _end(analysis_id: UUID, ending: Ending, text: str | None = None) -> None:
    """End an open run; one that has ended stays as it is. `text` None leaves its words."""
    with transaction():
        analysis = db.session.get_one(Analysis, analysis_id, with_for_update=True)
        if analysis.is_open:
            end(analysis, ending, text)


def end(analysis: Analysis, ending: Ending, text: str | None = None) -> None:
    """In the caller's transaction: the run's last state, its words, and who has to hear of it."""
    analysis.state, analysis.message = ending.state, ending.message
    analysis.ended_at = utc_now()
    if text is not None:
        analysis.text = text
    answer = ending.answer
    if answer is not None:
        analysis.model, analysis.request_id = answer.model, answer.request_id
        analysis.stop_reason = answer.stop_reason
        analysis.tokens_in, analysis.tokens_out = answer.tokens_in, answer.tokens_out
    image = db.session.get_one(Image, analysis.image_id)
    if ending.state == FINISHED:
        image.analysed_at = utc_now()
        image.touch()
        announce(images_topic(image.owner_id))
    record(
        "analysis.end",
        PROGRAM,
        objects=[analysis.id, image.id],
        subject=image.consultation_id,
        outcome=ending.state,
        details={"model": analysis.model or "none"},
    )
    announce(analysis.topic)
