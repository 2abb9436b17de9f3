"""Ask for a description, stop it, reject it. The run itself is in running.py."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.analyses.capping import check_caps, most_it_costs
from clinicpro.analyses.choosing import fitting, prompt_meant
from clinicpro.analyses.comparing import check_pair
from clinicpro.analyses.ending import UNSENT, Ending, end
from clinicpro.analyses.facts import facts_of
from clinicpro.analyses.going import LONGEST_CONTEXT, LONGEST_QUESTION
from clinicpro.analyses.models import QUEUED, STOPPED, AiPolicy, Analysis, SendConsent
from clinicpro.analyses.prompts import Prompt
from clinicpro.analyses.queries import (
    analysis_for,
    locked_policy,
    open_analysis,
)
from clinicpro.analyses.stopping import stop_topic
from clinicpro.analyses.wording import SYSTEM, SYSTEM_VERSION, question_text
from clinicpro.answers import Refusal
from clinicpro.audit.operations import record
from clinicpro.db import db, transaction, utc_now
from clinicpro.gateways.plain_text import typed, visible
from clinicpro.images.covering import Covering, covering_of
from clinicpro.images.models import READY, Image
from clinicpro.images.queries import image_for
from clinicpro.images.vocabulary import place
from clinicpro.jobs import enqueue
from clinicpro.live import announce
from clinicpro.web import gateways

LONGEST_REASON = 200  # characters


class AlreadyRunning(Refusal):
    """The image is being described at this moment: `analysis_id` is that run."""

    def __init__(self, analysis_id: UUID) -> None:
        super().__init__(
            "This image is being described already",
            "Wait for that description, or stop it first. Nothing more was sent.",
            "running",
        )
        self.analysis_id = analysis_id


@dataclass(frozen=True)
class Ask:
    """What the GP chose, typed and saw.

    `has_consent` is the tick that the patient agreed; `has_scale` says that a ruler or coin is in
    view; `shown` is the id of the covering that the GP saw, empty for the bare view, None where
    nobody looked at a preview (the API); `earlier_shown` is the same of the earlier image, for a
    prompt that compares. An empty `prompt` is the one that is chosen beforehand for the image.
    """

    prompt: str
    question: str
    context: str
    has_consent: bool
    has_scale: bool = False
    shown: str | None = None
    earlier_image_id: UUID | None = None
    earlier_shown: str | None = None


def missing_setting() -> str | None:
    """What has to be set before the model can be asked, in a sentence, or None."""
    return gateways().describer.missing


def start_analysis(actor: Actor, image_id: UUID, ask: Ask) -> UUID:
    """Open a run over the actor's own image and have the worker do it; gives its id.

    An open run that asks the same is the answer to a second click. Raises AlreadyRunning for
    another question meanwhile, and Refusal: off, no key, no consent, view not made yet, cap.
    """
    authorize(actor, "analysis.run")
    question = _words(ask.question, LONGEST_QUESTION)
    context = _words(ask.context, LONGEST_CONTEXT)
    with transaction():
        current = locked_policy()  # one ask at a time, so that caps and "one per image" hold
        image = image_for(actor, image_id)
        earlier = image_for(actor, ask.earlier_image_id) if ask.earlier_image_id else None
        images = [image] if earlier is None else [image, earlier]
        meant = prompt_meant(actor, ask.prompt, image, ask.earlier_image_id)
        running = open_analysis(image_id)
        if running is not None:
            if meant and _asks_the_same(running, meant, earlier, question, context):
                return running.id
            raise AlreadyRunning(running.id)
        _check_may_send(current, ask)
        prompt = fitting(meant, earlier)
        for one in images:
            _check_image(one)
        if earlier is not None:
            check_pair(earlier, image)
        coverings = [covering_of(one.id) for one in images]
        for seen, covering in zip((ask.shown, ask.earlier_shown), coverings, strict=False):
            _check_shown(seen, covering)
        where = place(image.body_site, image.laterality)
        words = question_text(prompt.text, facts_of(image, context), where, question)
        pixels = sum(one.view_pixels for one in images)
        cost = most_it_costs(current, pixels, len(SYSTEM) + len(words))
        check_caps(actor, current, cost)
        ids = [covering.id if covering else None for covering in coverings]
        analysis = Analysis(
            image_id=image_id,
            owner_id=actor.id,
            prompt_slug=prompt.slug,
            prompt_version=prompt.version,
            prompt_title=prompt.title,
            prompt_words=words,
            system_version=SYSTEM_VERSION,
            question=question,
            context=context,
            covering_id=ids[0],
            earlier_image_id=earlier.id if earlier else None,
            earlier_covering_id=ids[1] if earlier else None,
            has_scale=ask.has_scale,
            cost=cost,
        )
        db.session.add(analysis)
        db.session.flush()
        db.session.add_all(
            SendConsent(
                analysis_id=analysis.id,
                image_id=one.id,
                wording=current.consent_wording,
                recorded_by=actor.id,
            )
            for one in images
        )
        enqueue("describe", str(analysis.id))
        record(
            "analysis.ask",
            actor,
            objects=[analysis.id, *(one.id for one in images)],
            subject=image.consultation_id,
            details={"prompt": f"{prompt.slug} v{prompt.version}", "consent": "yes"},
        )
        announce(analysis.topic)
        return analysis.id


def _asks_the_same(
    running: Analysis, prompt: Prompt, earlier: Image | None, question: str, context: str
) -> bool:
    asked = (running.prompt_slug, running.earlier_image_id, running.question, running.context)
    return asked == (prompt.slug, earlier.id if earlier else None, question, context)


def _words(text: str, longest: int) -> str:
    text = typed(text)
    if len(text) > longest:
        raise Refusal(
            f"Words for the model take up to {longest} letters", "Shorten them.", "too-long", 422
        )
    return text


def check_is_on(current: AiPolicy) -> None:
    """Raises Refusal when the model can't be asked in this practice."""
    if not current.is_on:
        raise Refusal(
            "Descriptions are off in this practice",
            "A practice manager can turn them on under Practice. Nothing was sent.",
            "off",
        )
    if current.paused_at is not None:
        raise Refusal(
            "Descriptions are paused: the key was refused",
            "A practice manager can put a working key in and let them go on. Nothing was sent.",
            "paused",
        )
    missing = missing_setting()
    if missing:
        raise Refusal("The model can’t be asked yet", missing, "no-key")


def _check_may_send(current: AiPolicy, ask: Ask) -> None:
    check_is_on(current)
    if not ask.has_consent:
        raise Refusal("The patient’s consent is missing", "Tick it first.", "consent")


def _check_image(image: Image) -> None:
    if image.is_trashed:
        raise Refusal("The image is in the trash", "Restore it to describe it.", "trashed")
    if image.state != READY or not image.has_derivatives:
        raise Refusal(
            "This image is still being prepared", "Try again in a few seconds.", "not-ready"
        )


def _check_shown(seen: str | None, covering: Covering | None) -> None:
    """What goes is what the GP saw; somebody may have covered more of it meanwhile."""
    if seen is not None and seen != (str(covering.id) if covering else ""):
        raise Refusal(
            "What would be sent has changed",
            "Look at it again, then describe. Nothing was sent.",
            "changed",
        )


def stop_analysis(actor: Actor, analysis_id: UUID) -> None:
    """Ask the run to end: a queued one ends here, a running one within a second."""
    authorize(actor, "analysis.run")
    with transaction():
        analysis = analysis_for(actor, analysis_id, is_locked=True)
        if not analysis.is_open:
            return
        is_first = analysis.stop_requested_at is None
        analysis.stop_requested_at = analysis.stop_requested_at or utc_now()
        if is_first:
            record("analysis.stop", actor, objects=[analysis_id, analysis.image_id])
        announce(stop_topic(analysis_id))
        if analysis.state == QUEUED:
            end(analysis, Ending(STOPPED, UNSENT))


def reject_analysis(actor: Actor, analysis_id: UUID, reason: str = "") -> None:
    """Set a run aside: it is kept, and goes into no note. Raises Refusal when it is in one."""
    authorize(actor, "analysis.run")
    with transaction():
        analysis = analysis_for(actor, analysis_id, is_locked=True)
        if analysis.accepted_at is not None:
            raise Refusal(
                "This description is in the note", "Take it out of the note first.", "accepted"
            )
        if analysis.is_open or analysis.rejected_at is not None:
            return
        given = visible(reason).replace("\n", " ").strip()[:LONGEST_REASON]
        analysis.rejected_at, analysis.rejection_reason = utc_now(), given or None
        record(
            "analysis.reject",
            actor,
            objects=[analysis_id, analysis.image_id],
            details={"reason": "given" if given else "none"},
        )
        announce(analysis.topic)
