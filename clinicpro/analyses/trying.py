"""The worker's side of a prompt's trial: ask about the drawing, watch for Stop, end in words."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from clinicpro.analyses.capping import MOST_TOKENS
from clinicpro.analyses.drafting import LONGEST_TEXT
from clinicpro.analyses.ending import (
    AFTER_RESTART,
    SWITCHED_OFF,
    UNEXPECTED,
    UNSENT,
    Ending,
    broken,
    end_trial,
    verdict,
)
from clinicpro.analyses.models import FAILED, INTERRUPTED, QUEUED, RUNNING, STOPPED
from clinicpro.analyses.prompts import STOPPING, PromptTrial
from clinicpro.analyses.queries import policy
from clinicpro.analyses.samples import images_of
from clinicpro.analyses.stopping import stop_event
from clinicpro.analyses.wording import SYSTEM
from clinicpro.audit.operations import SYSTEM as PROGRAM
from clinicpro.audit.operations import record
from clinicpro.db import db, transaction
from clinicpro.gateways import Answer, DescriberError, Gateways, Question
from clinicpro.web import app_settings, gateways

log = logging.getLogger(__name__)

PACE = 0.5  # seconds between two drafts


def run_trial_job(subject: str) -> None:
    """The worker's job: ask the model."""
    run_trial(UUID(subject), gateways(), app_settings().claude_model)


def give_up_trial_job(subject: str) -> None:
    """The worker died in the middle."""
    _end(UUID(subject), Ending(INTERRUPTED, AFTER_RESTART))


def run_trial(trial_id: UUID, doors: Gateways, model: str) -> None:
    """The row always ends in a last state; what nobody expected is raised again afterwards.

    Only a queued trial begins.
    """
    if not _begin(trial_id):
        return
    ending, text, is_sent = Ending(FAILED, UNEXPECTED), Text(), False
    try:
        question = _prepare(trial_id, model)
        is_sent = question is not None
        ending = _describe(trial_id, text, doors, question) if question else Ending(STOPPED, UNSENT)
    except DescriberError as error:
        ending = broken(error, text.words)
        log.warning("trial ended: %s", ending.kind, extra={"trial": trial_id})
    finally:
        _end(trial_id, ending, text.words, is_sent=is_sent)


@dataclass
class Text:
    """What has come so far; kept beside the call, so that a call that breaks leaves it."""

    words: str = ""
    kept_at: float = field(default_factory=time.monotonic)

    @property
    def is_full(self) -> bool:
        return len(self.words) == LONGEST_TEXT


def _begin(trial_id: UUID) -> bool:
    with transaction():
        trial = db.session.get_one(PromptTrial, trial_id, with_for_update=True)
        if trial.state != QUEUED:
            return False
        trial.state = RUNNING
        return True


def _prepare(trial_id: UUID, model: str) -> Question | None:
    """What to ask, audited before a byte is sent; None when Stop came first."""
    with transaction():
        if not policy().is_on:
            raise DescriberError(SWITCHED_OFF, "off")
        trial = db.session.get_one(PromptTrial, trial_id)
        if trial.state == STOPPING:
            return None
        images = images_of(trial)
        record(
            "prompt.send",
            PROGRAM,
            objects=[trial_id],
            details={
                "model": model,
                "system": f"v{trial.system_version}",
                "sample": trial.sample,
                "bytes": str(sum(len(one.jpeg) for one in images)),
            },
        )
        text = trial.prompt_words
    return Question(model, SYSTEM, text, images, MOST_TOKENS)


def _describe(trial_id: UUID, text: Text, doors: Gateways, question: Question) -> Ending:
    with stop_event(trial_id, lambda: _is_stop_wanted(trial_id)) as stop:
        answer = _listen(trial_id, text, doors, question, stop)
        is_stopped = stop.is_set()
    return verdict(answer, text.words, is_full=text.is_full, is_stopped=is_stopped)


def _is_stop_wanted(trial_id: UUID) -> bool:
    state = db.session.scalar(select(PromptTrial.state).where(PromptTrial.id == trial_id))
    return state == STOPPING


def _listen(
    trial_id: UUID, text: Text, doors: Gateways, question: Question, stop: threading.Event
) -> Answer | None:
    for piece in doors.describer.describe(question, stop):
        if isinstance(piece, Answer):
            return piece
        text.words = (text.words + piece)[:LONGEST_TEXT]
        if text.is_full:
            break
        if time.monotonic() - text.kept_at >= PACE:
            _keep(trial_id, text.words)
            text.kept_at = time.monotonic()
    return None


def _keep(trial_id: UUID, text: str) -> None:
    with suppress(OperationalError), transaction():  # busy: the next piece tries again
        db.session.get_one(PromptTrial, trial_id).answer = text


def _end(trial_id: UUID, ending: Ending, text: str | None = None, *, is_sent: bool = True) -> None:
    with transaction():
        trial = db.session.get_one(PromptTrial, trial_id, with_for_update=True)
        if trial.is_open:
            end_trial(trial, ending, text, is_sent=is_sent)
