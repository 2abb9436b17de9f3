"""The worker's side of a run: begin, write what comes, watch for Stop, end in words."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from clinicpro.analyses.capping import MOST_TOKENS
from clinicpro.analyses.comparing import is_a_pair, labels_of
from clinicpro.analyses.drafting import drafts
from clinicpro.analyses.ending import (
    AFTER_RESTART,
    IN_THE_TRASH,
    NO_PAIR,
    NOT_AS_SHOWN,
    SWITCHED_OFF,
    UNEXPECTED,
    UNSENT,
    Ending,
    broken,
    end,
)
from clinicpro.analyses.hearing import hear
from clinicpro.analyses.models import (
    FAILED,
    INTERRUPTED,
    QUEUED,
    RUNNING,
    STOPPED,
    Analysis,
)
from clinicpro.analyses.queries import policy, stop_requested_at
from clinicpro.analyses.wording import SYSTEM, SYSTEM_VERSION
from clinicpro.audit.operations import SYSTEM as PROGRAM
from clinicpro.audit.operations import record
from clinicpro.db import db, transaction, utc_now
from clinicpro.gateways import (
    DescriberError,
    Gateways,
    LabelledJpeg,
    Question,
    StorageError,
)
from clinicpro.images.covering import Covering
from clinicpro.images.models import Image
from clinicpro.live import wake
from clinicpro.web import app_settings, gateways

log = logging.getLogger(__name__)


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
            ending = (
                hear(analysis_id, draft, doors, question, partial(_is_stop_wanted, analysis_id))
                if question
                else Ending(STOPPED, UNSENT)
            )
        except (DescriberError, StorageError) as error:
            ending = broken(error, draft.text)
            log.warning("analysis ended: %s", ending.kind, extra={"analysis": analysis_id})
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
    outgoing = _outgoing(analysis_id)
    db.session.rollback()  # no connection is held while the store answers
    for one in outgoing:
        one.jpeg = doors.store.read(one.key)
        if one.promised not in (None, one.sha256):
            raise DescriberError(NOT_AS_SHOWN, "changed")
    with transaction():
        analysis = db.session.get_one(Analysis, analysis_id)
        images = [db.session.get_one(Image, one.image_id) for one in outgoing]
        if analysis.stop_requested_at is not None:
            return None
        _check_may_go(images)
        labels = labels_of(*images) if len(images) == 2 else ("",)
        analysis.system_version = SYSTEM_VERSION
        _record_sending(analysis, images[-1], outgoing, model)
        text = analysis.prompt_words
    sent = [LabelledJpeg(one.jpeg, label) for one, label in zip(outgoing, labels, strict=True)]
    return Question(model, SYSTEM, text, tuple(sent), MOST_TOKENS)


@dataclass
class Outgoing:
    """What goes of one image: its view, or the covered one with the hash that was promised."""

    image_id: UUID
    key: str
    promised: str | None
    covered: int
    jpeg: bytes = b""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.jpeg).hexdigest()


def _outgoing(analysis_id: UUID) -> list[Outgoing]:
    found = []
    for image_id, covering_id in db.session.get_one(Analysis, analysis_id).sources:
        if covering_id is None:
            key = db.session.get_one(Image, image_id).view_key
            found.append(Outgoing(image_id, key, None, 0))
        else:
            covering = db.session.get_one(Covering, covering_id)
            count = len(covering.areas)
            found.append(Outgoing(image_id, covering.key, covering.sha256, count))
    return found


def _check_may_go(images: list[Image]) -> None:
    """What was so when it was asked for may have changed meanwhile. Raises DescriberError."""
    if not policy().is_on:
        raise DescriberError(SWITCHED_OFF, "off")
    if any(image.is_trashed for image in images):
        raise DescriberError(IN_THE_TRASH, "trashed")
    if len(images) == 2 and not is_a_pair(*images):
        raise DescriberError(NO_PAIR, "pair")


def _record_sending(analysis: Analysis, image: Image, outgoing: list[Outgoing], model: str) -> None:
    """On the run and in the audit: which bytes go, of each image."""
    *earlier, later = outgoing
    analysis.derivative_sha256 = later.sha256
    details = {
        "model": model,
        "prompt": f"{analysis.prompt_slug} v{analysis.prompt_version}",
        "system": f"v{analysis.system_version}",
        "sha256": later.sha256,
        "bytes": str(len(later.jpeg)),
        "covered": str(later.covered),
        "region": _region(),
    }
    for one in earlier:
        analysis.earlier_sha256 = one.sha256
        details |= {
            "earlier_sha256": one.sha256,
            "earlier_bytes": str(len(one.jpeg)),
            "earlier_covered": str(one.covered),
        }
    record(
        "analysis.send",
        PROGRAM,
        objects=[analysis.id, image.id, *(one.image_id for one in earlier)],
        subject=image.consultation_id,
        details=details,
    )


def _region() -> str:
    settings = app_settings()
    return "own server" if settings.anthropic_base_url else settings.claude_region or "default"


def _is_stop_wanted(analysis_id: UUID) -> bool:
    return stop_requested_at(analysis_id) is not None


def _end(analysis_id: UUID, ending: Ending, text: str | None = None) -> None:
    """End an open run; one that has ended stays as it is. `text` None leaves its words."""
    with transaction():
        analysis = db.session.get_one(Analysis, analysis_id, with_for_update=True)
        if analysis.is_open:
            end(analysis, ending, text)
