"""How a run ends: its last state, the words for the GP, and who hears of it."""

from __future__ import annotations

from dataclasses import dataclass

from clinicpro.analyses.models import FAILED, FINISHED, INCOMPLETE, REFUSED, STOPPED, Analysis
from clinicpro.analyses.pricing import price_of
from clinicpro.analyses.prompts import PromptTrial
from clinicpro.analyses.queries import policy
from clinicpro.analyses.switching import pause
from clinicpro.audit.operations import SYSTEM as PROGRAM
from clinicpro.audit.operations import record
from clinicpro.db import db, utc_now
from clinicpro.gateways import Answer, DescriberError, GatewayError
from clinicpro.gateways.refusals import MayTryAgain
from clinicpro.images.models import Image
from clinicpro.images.queries import topic as images_topic
from clinicpro.live import announce
from clinicpro.web import app_settings

UNEXPECTED = "Something went wrong here. Your image is safe. Try again."
NO_FULL_STOP = "The answer ended before it was complete. Half a description can’t be accepted."
TOO_LONG = "The answer grew longer than a description may be and was cut. Ask for less at once."
NO_WORDS = "The model sent no words. Try again."
DECLINED = "Nothing went into the note. Try other words, or describe it yourself."
UNSENT = "It had not been sent yet."
PARTLY = "Nothing went into the note. You can copy what had arrived."
AFTER_RESTART = "The server was restarted while it ran. Nothing went into the note. Try again."
SWITCHED_OFF = "Descriptions were turned off before it was sent. Nothing was sent."
NO_PAIR = "The two images are no longer of one patient. Nothing was sent."
NOT_AS_SHOWN = "What is in the store is not the image that was shown. Nothing was sent."
IN_THE_TRASH = "The image was moved to the trash before it was sent. Nothing was sent."

FREE = {"key", "refused_request", "too_large", "unreachable"}  # kinds of refusals, never billed


@dataclass(frozen=True)
class Ending:
    """How a run ended: its last state, and words for the GP where they are needed."""

    state: str
    message: str | None = None
    answer: Answer | None = None
    kind: str | None = None  # of what went wrong, as the gateway names it
    is_free: bool = False  # the model can't have begun, so nothing is to be paid


def verdict(answer: Answer | None, text: str, *, is_full: bool, is_stopped: bool) -> Ending:
    """What became of a call that raised nothing; only a whole answer is `finished`."""
    has_words = bool(text.strip())
    if is_full:
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


def broken(error: GatewayError, text: str) -> Ending:
    """What became of a call that raised, after `text` had come."""
    kind = error.kind if isinstance(error, DescriberError) else "store"
    is_free = kind in FREE or isinstance(error, MayTryAgain)
    return Ending(INCOMPLETE if text else FAILED, error.advice, kind=kind, is_free=is_free)


def end(analysis: Analysis, ending: Ending, text: str | None = None) -> None:
    """In the caller's transaction: end an open run. `text` None leaves its words."""
    if text is not None:
        analysis.text = text
    answer = ending.answer
    if answer is not None:
        analysis.request_id, analysis.stop_reason = answer.request_id, answer.stop_reason
    _close(analysis, ending, is_sent=analysis.derivative_sha256 is not None)
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
        details=_told(analysis),
    )
    announce(analysis.topic)


def end_trial(
    trial: PromptTrial, ending: Ending, text: str | None = None, *, is_sent: bool
) -> None:
    """In the caller's transaction: end an open trial. `text` None leaves its words."""
    if text is not None:
        trial.answer = text
    _close(trial, ending, is_sent=is_sent)
    details = _told(trial)
    record("prompt.end", PROGRAM, objects=[trial.id], outcome=ending.state, details=details)


def _close(run: Analysis | PromptTrial, ending: Ending, *, is_sent: bool) -> None:
    run.state, run.message, run.ended_at = ending.state, ending.message, utc_now()
    answer = ending.answer
    if answer is not None:
        run.model = answer.model
        run.tokens_in, run.tokens_out = answer.tokens_in, answer.tokens_out
    run.cost = _cost_of(run, ending, is_sent=is_sent)
    if ending.kind == "key":
        pause()


def _told(run: Analysis | PromptTrial) -> dict[str, str]:
    return {"model": run.model or "none", "cost": str(run.cost or 0)}


def _cost_of(run: Analysis | PromptTrial, ending: Ending, *, is_sent: bool) -> int:
    """Millionths of a dollar: what it was where the model said so, else the most it can be."""
    if ending.is_free or not is_sent:
        return 0
    if run.tokens_in is not None and run.tokens_out is not None:
        return price_of(app_settings(), policy()).of(run.tokens_in, run.tokens_out)
    return run.cost or 0
