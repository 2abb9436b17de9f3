"""The desk's one stream: says that something changed; the page then looks."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint
from flask.typing import ResponseReturnValue

from clinicpro.accounts.guard import current_actor
from clinicpro.accounts.queries import is_still_signed_in
from clinicpro.consultations import queries as consultations
from clinicpro.images import queries as images
from clinicpro.live import event_stream
from clinicpro.phones import queries as pairings
from clinicpro.web import background

bp = Blueprint("live", __name__)


@bp.get("/live")
@background
def stream() -> ResponseReturnValue:
    actor = current_actor()
    names = {
        images.topic(actor.id): "images-changed",
        consultations.topic(actor.id): "consultation-changed",
        pairings.topic(actor.id): "pairings-changed",
    }

    def look(fired: set[str]) -> Iterator[tuple[str, str]]:
        for topic in sorted(fired & names.keys()):
            yield names[topic], ""

    return event_stream(
        tuple(names), look, lambda: is_still_signed_in(actor.sign_in_id, "image.view")
    )
