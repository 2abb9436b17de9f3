"""Before a consultation is left: what its phones still hold."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue

from clinicpro.accounts.guard import current_actor
from clinicpro.consultations.current import current
from clinicpro.phones.queries import live_pairings
from clinicpro.phones.showing import show_phones
from clinicpro.web import is_htmx

FINISH = "consultations.finish"
LEAVING = {FINISH, "consultations.switch", "consultations.create"}
TO_DIALOG = {
    "HX-Retarget": "#dialog-slot",
    "HX-Reswap": "innerHTML",
    "HX-Reselect": "#still",
    "HX-Push-Url": "false",
}


@dataclass(frozen=True)
class Deed:
    """What was asked for, to be asked for again by who is sure."""

    path: str
    fields: dict[str, str]
    is_finish: bool


def ask_first() -> ResponseReturnValue | None:
    """Answer with the question instead of the deed while phones hold images for its patient."""
    if request.method != "POST" or request.endpoint not in LEAVING or "sure" in request.form:
        return None
    left = _left()
    phones = show_phones(
        one
        for one in live_pairings(current_actor().id)
        if left is not None and one.consultation_id == left and one.waiting
    )
    if not phones:
        return None
    fields = {name: value for name, value in request.form.items() if name != "csrf_token"}
    question = {
        "phones": phones,
        "waiting": sum(one.waiting for one in phones),
        "deed": Deed(request.path, {**fields, "sure": "yes"}, request.endpoint == FINISH),
    }
    if is_htmx():
        answer = make_response(render_template("phones/_still.html", **question))
        answer.headers.update(TO_DIALOG)
        return answer
    return render_template("phones/still.html", **question)


def _left() -> UUID | None:
    """The consultation that would be left."""
    named: UUID | None = (request.view_args or {}).get("consultation_id")
    if request.endpoint == FINISH:
        return named
    consultation = current()
    return consultation.id if consultation is not None and consultation.id != named else None
