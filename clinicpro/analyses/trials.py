"""A prompt tried before it is saved: ask and stop. The worker's side is in trying.py."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.analyses.capping import check_caps, most_it_costs
from clinicpro.analyses.editing import Words
from clinicpro.analyses.ending import UNSENT, Ending, end_trial
from clinicpro.analyses.library import Shelf, prompt_on
from clinicpro.analyses.models import QUEUED, STOPPED
from clinicpro.analyses.operations import check_is_on
from clinicpro.analyses.prompts import OPEN_TRIAL, STOPPING, PromptTrial
from clinicpro.analyses.queries import locked_policy, policy
from clinicpro.analyses.samples import COMPARED, PIXELS, SAMPLES
from clinicpro.analyses.stopping import stop_topic
from clinicpro.analyses.wording import SYSTEM, SYSTEM_VERSION, question_text
from clinicpro.answers import NotHere, Refusal
from clinicpro.audit.operations import record
from clinicpro.db import db, transaction
from clinicpro.jobs import enqueue
from clinicpro.live import announce


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
            raise Refusal(
                "Another prompt is being tried", "Wait until it has ended, or stop it.", "running"
            )
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


def stop_trial(actor: Actor, trial_id: UUID) -> None:
    """Ask the trial to end: a queued one ends here, a running one within a second."""
    authorize(actor, "prompt.keep")
    with transaction():
        trial = trial_for(actor, trial_id, is_locked=True)
        if not trial.is_open or trial.state == STOPPING:
            return
        was_queued, trial.state = trial.state == QUEUED, STOPPING
        record("prompt.stop", actor, objects=[trial_id])
        announce(stop_topic(trial_id))
        if was_queued:
            end_trial(trial, Ending(STOPPED, UNSENT), is_sent=False)


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
        .where(PromptTrial.owner_id == actor.id, PromptTrial.state.in_(OPEN_TRIAL))
        .limit(1)
    )


def trial_for(actor: Actor, trial_id: UUID, *, is_locked: bool = False) -> PromptTrial:
    """The actor's own trial; anything else is the 404 of an unknown id.

    `is_locked`: nobody else changes it until the caller's transaction ends.
    """
    trial = db.session.get(
        PromptTrial, trial_id, with_for_update=is_locked, populate_existing=is_locked
    )
    if trial is None or trial.owner_id != actor.id:
        raise NotHere
    return trial
