"""The worker's side of a run: begin, write what comes, watch for Stop, end in words."""

from __future__ import annotations

import hashlib
import logging
import threading
from uuid import UUID

from clinicpro.analyses.drafting import Draft, drafts
from clinicpro.analyses.ending import (
    AFTER_RESTART,
    IN_THE_TRASH,
    NOT_AS_SHOWN,
    SWITCHED_OFF,
    UNEXPECTED,
    UNSENT,
    Ending,
    end,
    verdict,
)
from clinicpro.analyses.models import (
    FAILED,
    INCOMPLETE,
    INTERRUPTED,
    QUEUED,
    RUNNING,
    STOPPED,
    Analysis,
)
from clinicpro.analyses.operations import MOST_TOKENS
from clinicpro.analyses.prompts import PROMPTS, SYSTEM, question_text
from clinicpro.analyses.queries import policy
from clinicpro.analyses.stopping import stop_event
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
from clinicpro.gateways.refusals import MayTryAgain
from clinicpro.images.covering import Covering
from clinicpro.images.models import Image
from clinicpro.images.vocabulary import place
from clinicpro.live import wake
from clinicpro.web import app_settings, gateways

log = logging.getLogger(__name__)

FREE = {"key", "refused_request", "too_large", "unreachable"}  # kinds of refusals, never billed


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
    ending = Ending(FAILED, UNEXPECTED)
    with drafts().draft(analysis_id) as draft:
        try:
            question = _prepare(analysis_id, doors, model)
            ending = _describe(draft, doors, question) if question else Ending(STOPPED, UNSENT)
        except (DescriberError, StorageError) as error:
            kind = getattr(error, "kind", "store")
            is_free = kind in FREE or isinstance(error, MayTryAgain)
            state = INCOMPLETE if draft.text else FAILED
            ending = Ending(state, error.advice, kind=kind, is_free=is_free)
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
    covering_id = analysis.covering_id
    covering = db.session.get_one(Covering, covering_id) if covering_id else None
    promised = covering.sha256 if covering else None
    key = covering.key if covering else db.session.get_one(Image, analysis.image_id).view_key
    db.session.rollback()  # no connection is held while the store answers
    jpeg = doors.store.read(key)
    digest = hashlib.sha256(jpeg).hexdigest()
    if promised not in (None, digest):
        raise DescriberError(NOT_AS_SHOWN, "changed")
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
                "covered": str(len(covering.areas) if covering else 0),
                "region": _region(),
            },
        )
        prompt = PROMPTS[analysis.prompt_slug]
        where = place(image.body_site, image.laterality)
        text = question_text(prompt, where, analysis.question, analysis.context)
    return Question(model, SYSTEM, text, (LabelledJpeg(jpeg),), MOST_TOKENS)


def _region() -> str:
    settings = app_settings()
    return "own server" if settings.anthropic_base_url else settings.claude_region or "default"


def _describe(draft: Draft, doors: Gateways, question: Question) -> Ending:
    with stop_event(draft.analysis_id) as stop:
        answer = _listen(draft, doors, question, stop)
        is_stopped = stop.is_set()
    return verdict(answer, draft.text, is_full=draft.is_full, is_stopped=is_stopped)


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


def _end(analysis_id: UUID, ending: Ending, text: str | None = None) -> None:
    """End an open run; one that has ended stays as it is. `text` None leaves its words."""
    with transaction():
        analysis = db.session.get_one(Analysis, analysis_id, with_for_update=True)
        if analysis.is_open:
            end(analysis, ending, text)
