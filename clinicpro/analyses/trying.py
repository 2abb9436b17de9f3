"""The worker's side of a prompt's trial: ask about the drawing, watch for Stop, end in words."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from clinicpro.analyses.capping import MOST_TOKENS
from clinicpro.analyses.drafting import Draft
from clinicpro.analyses.ending import (
    AFTER_RESTART,
    SWITCHED_OFF,
    UNEXPECTED,
    UNSENT,
    Ending,
    broken,
    end_trial,
)
from clinicpro.analyses.hearing import hear
from clinicpro.analyses.models import FAILED, INTERRUPTED, QUEUED, RUNNING, STOPPED
from clinicpro.analyses.prompts import STOPPING, PromptTrial
from clinicpro.analyses.queries import policy
from clinicpro.analyses.samples import images_of
from clinicpro.analyses.wording import SYSTEM
from clinicpro.audit.operations import SYSTEM as PROGRAM
from clinicpro.audit.operations import record
from clinicpro.db import db, transaction
from clinicpro.gateways import DescriberError, Gateways, Question
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
    ending, draft, is_sent = Ending(FAILED, UNEXPECTED), Draft(_keeping(trial_id)), False
    try:
        question = _prepare(trial_id, model)
        is_sent = question is not None
        ending = (
            hear(trial_id, draft, doors, question, partial(_is_stop_wanted, trial_id))
            if question
            else Ending(STOPPED, UNSENT)
        )
    except DescriberError as error:
        ending = broken(error, draft.text)
        log.warning("trial ended: %s", ending.kind, extra={"trial": trial_id})
    finally:
        _end(trial_id, ending, draft.text, is_sent=is_sent)


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


def _is_stop_wanted(trial_id: UUID) -> bool:
    state = db.session.scalar(select(PromptTrial.state).where(PromptTrial.id == trial_id))
    return state == STOPPING


def _keeping(trial_id: UUID) -> Callable[[str], None]:
    """Keeps the words now and then; the end writes the last."""
    kept_at = time.monotonic()

    def keep(text: str) -> None:
        nonlocal kept_at
        if time.monotonic() - kept_at < PACE:
            return
        with suppress(OperationalError), transaction():  # busy: the next piece tries again
            db.session.get_one(PromptTrial, trial_id).answer = text
        kept_at = time.monotonic()

    return keep


def _end(trial_id: UUID, ending: Ending, text: str | None = None, *, is_sent: bool = True) -> None:
    with transaction():
        trial = db.session.get_one(PromptTrial, trial_id, with_for_update=True)
        if trial.is_open:
            end_trial(trial, ending, text, is_sent=is_sent)
