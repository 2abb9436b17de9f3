"""A prompt tried on a drawing of our own before it is saved: no patient's image, no note."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.analyses.capping import MOST_TOKENS, check_caps, most_it_costs
from clinicpro.analyses.drafting import LONGEST_TEXT
from clinicpro.analyses.editing import Words
from clinicpro.analyses.ending import (
    AFTER_RESTART,
    SWITCHED_OFF,
    UNEXPECTED,
    Ending,
    broken,
    cost_of,
    verdict,
)
from clinicpro.analyses.library import Shelf, prompt_on
from clinicpro.analyses.models import FAILED, INTERRUPTED, OPEN, QUEUED, RUNNING
from clinicpro.analyses.operations import check_is_on
from clinicpro.analyses.prompts import PromptTrial
from clinicpro.analyses.queries import locked_policy, policy
from clinicpro.analyses.switching import pause
from clinicpro.analyses.wording import SYSTEM, SYSTEM_VERSION, question_text
from clinicpro.answers import NotHere, Refusal
from clinicpro.audit.operations import SYSTEM as PROGRAM
from clinicpro.audit.operations import record
from clinicpro.db import db, transaction, utc_now
from clinicpro.gateways import Answer, DescriberError, Gateways, LabelledJpeg, Question
from clinicpro.jobs import enqueue
from clinicpro.web import ROOT, app_settings, gateways

log = logging.getLogger(__name__)

STATIC = ROOT / "static"
PACE = 0.5  # seconds between two drafts
PIXELS = 800 * 600  # of a sample


@dataclass(frozen=True)
class Sample:
    """A drawing and what a GP would have labelled it with."""

    slug: str
    label: str
    site: str
    side: str
    view: str
    history: str

    @property
    def known(self) -> dict[str, str]:
        """Every variable, of nobody."""
        return {
            "site": self.site,
            "side": self.side,
            "view": self.view,
            "history": self.history,
            "age": "47",
        }

    @property
    def place(self) -> str:
        return f"{self.side} {self.site}".strip().capitalize()


_MOLE = ("back", "left", "close-up", "Has grown over a year.")
SAMPLES = {
    one.slug: one
    for one in (
        Sample("mole", "A mole on the back", *_MOLE),
        Sample(
            "ring", "A ring-shaped rash", "forearm", "right", "regional", "Itchy for two weeks."
        ),
        Sample("graze", "A graze", "knee", "left", "close-up", "Fell on gravel yesterday."),
        Sample("ulcer", "A leg ulcer", "lower leg", "left", "regional", "Open for two weeks."),
        Sample("burn", "A burn", "hand", "right", "close-up", "Hot oil this morning."),
    )
}
COMPARED = "mole"  # the one that was drawn twice
DATED = (
    "Image 1 of 2, the earlier one, of 3 May 2025:",
    "Image 2 of 2, the later one, of 3 May 2026:",
)


def start_trial(
    actor: Actor, shelf: Shelf, words: Words, sample: str, prompt_id: UUID | None
) -> UUID:
    """Have the worker ask the model about a sample; gives the trial's id.

    A trial under way that asks the same is the answer to a second click. Raises BadWords, and
    Refusal: off, no key, cap, another trial under way.
    """
    authorize(actor, shelf.permission)
    words = words.checked()
    drawn = SAMPLES[COMPARED] if words.is_comparing else SAMPLES.get(sample)
    if drawn is None:
        raise Refusal("There is no such sample", "Choose one of the list.", "invalid", 422)
    if prompt_id is not None:
        prompt_on(shelf, prompt_id)
    with transaction():
        current = locked_policy()
        running = _open_trial(actor)
        if running is not None:
            if (running.text, running.sample) == (words.text, drawn.slug):
                return running.id
            raise Refusal("Another prompt is being tried", "Wait until it has ended.", "running")
        check_is_on(current)
        words_sent = question_text(words.text, drawn.known, drawn.place, "")
        count = 2 if words.is_comparing else 1
        cost = most_it_costs(current, count * PIXELS, len(SYSTEM) + len(words_sent))
        check_caps(actor, current, cost)
        trial = PromptTrial(
            owner_id=actor.id,
            prompt_id=prompt_id,
            title=words.title,
            text=words.text,
            is_comparing=words.is_comparing,
            sample=drawn.slug,
            prompt_words=words_sent,
            cost=cost,
            system_version=SYSTEM_VERSION,
        )
        db.session.add(trial)
        db.session.flush()
        enqueue("try", str(trial.id))
        record("prompt.try", actor, objects=[trial.id], details={"sample": drawn.slug})
        return trial.id


def why_not() -> str:
    """Why nothing can be tried now, in sentences; empty when it can."""
    try:
        check_is_on(policy())
    except Refusal as refusal:
        return f"{refusal.title}. {refusal.advice}"
    return ""


def _open_trial(actor: Actor) -> PromptTrial | None:
    return db.session.scalar(
        select(PromptTrial)
        .where(PromptTrial.owner_id == actor.id, PromptTrial.state.in_(OPEN))
        .limit(1)
    )


def trial_for(actor: Actor, trial_id: UUID) -> PromptTrial:
    """The actor's own trial; anything else is the 404 of an unknown id."""
    trial = db.session.get(PromptTrial, trial_id)
    if trial is None or trial.owner_id != actor.id:
        raise NotHere
    return trial


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
    ending, text, question = Ending(FAILED, UNEXPECTED), "", None
    try:
        question = _prepare(trial_id, model)
        answer = None
        kept_at = time.monotonic()
        for piece in doors.describer.describe(question, threading.Event()):
            if isinstance(piece, Answer):
                answer = piece
                break
            text = (text + piece)[:LONGEST_TEXT]
            if len(text) == LONGEST_TEXT:
                break
            if time.monotonic() - kept_at >= PACE:
                _keep(trial_id, text)
                kept_at = time.monotonic()
        is_full = len(text) == LONGEST_TEXT
        ending = verdict(answer, text, is_full=is_full, is_stopped=False)
    except DescriberError as error:
        ending = broken(error, text)
        log.warning("trial ended: %s", ending.kind, extra={"trial": trial_id})
    finally:
        _end(trial_id, ending, text, is_sent=question is not None)


def _begin(trial_id: UUID) -> bool:
    with transaction():
        trial = db.session.get_one(PromptTrial, trial_id, with_for_update=True)
        if trial.state != QUEUED:
            return False
        trial.state = RUNNING
        return True


def _prepare(trial_id: UUID, model: str) -> Question:
    """What to ask, audited before a byte is sent."""
    with transaction():
        if not policy().is_on:
            raise DescriberError(SWITCHED_OFF, "off")
        trial = db.session.get_one(PromptTrial, trial_id)
        images = _images(trial)
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


def _images(trial: PromptTrial) -> tuple[LabelledJpeg, ...]:
    jpegs = [(STATIC / path).read_bytes() for path in trial.drawings]
    labels = DATED if trial.is_comparing else ("",)
    return tuple(map(LabelledJpeg, jpegs, labels))


def _keep(trial_id: UUID, text: str) -> None:
    with suppress(OperationalError), transaction():  # busy: the next piece tries again
        db.session.get_one(PromptTrial, trial_id).answer = text


def _end(trial_id: UUID, ending: Ending, text: str | None = None, *, is_sent: bool = True) -> None:
    with transaction():
        trial = db.session.get_one(PromptTrial, trial_id, with_for_update=True)
        if not trial.is_open:
            return
        trial.state, trial.message, trial.ended_at = ending.state, ending.message, utc_now()
        if text is not None:
            trial.answer = text
        if ending.answer is not None:
            trial.model = ending.answer.model
            trial.tokens_in = ending.answer.tokens_in
            trial.tokens_out = ending.answer.tokens_out
        trial.cost = cost_of(trial, ending, is_sent=is_sent)
        if ending.kind == "key":
            pause()
        details = {"model": trial.model or "none"}
        record("prompt.end", PROGRAM, objects=[trial_id], outcome=ending.state, details=details)
