"""One call to the model, for a run or a trial: its words go into a draft, until it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID

from clinicpro.analyses.drafting import Draft
from clinicpro.analyses.ending import Ending, verdict
from clinicpro.analyses.stopping import stop_event
from clinicpro.gateways import Answer, Gateways, Question


def hear(
    run_id: UUID,
    draft: Draft,
    doors: Gateways,
    question: Question,
    is_stop_wanted: Callable[[], bool],
) -> Ending:
    """Ask, and add what comes to the draft; how it ended.

    `is_stop_wanted` looks in the database whether somebody asked to stop. Raises DescriberError.
    """
    with stop_event(run_id, is_stop_wanted) as stop:
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
