"""The desk's side: make a code, confirm the phone, see what it does, end it."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from clinicpro.accounts.guard import current_actor
from clinicpro.consultations.current import current
from clinicpro.images.queries import image_for
from clinicpro.phones import ghosts, operations
from clinicpro.phones.asking import ask_first
from clinicpro.phones.codes import code_of, phone_origin
from clinicpro.phones.models import CODE_GOOD_FOR
from clinicpro.phones.operations import TooManyCodes
from clinicpro.phones.queries import earlier_pairings, live_pairings, pairing_for
from clinicpro.phones.showing import ShownPhone, show_phone, show_phones
from clinicpro.problems import problem
from clinicpro.web import (
    app_settings,
    background,
    fragment_or_redirect,
    is_htmx,
    page_or,
    path_for,
)

bp = Blueprint("phones", __name__)
bp.before_app_request(ask_first)


@bp.get("/pairings")
@background
def index() -> ResponseReturnValue:
    actor = current_actor()
    return page_or(
        "phones/_phones.html",
        page="phones/index.html",
        phones=show_phones(live_pairings(actor.id)),
        earlier=show_phones(earlier_pairings(actor)),
    )


@bp.post("/pairings")
def create() -> ResponseReturnValue:
    consultation, settings = current(), app_settings()
    target = consultation if consultation is not None and consultation.is_open else None
    who, target_id = (target.patient.name, target.id) if target else (None, None)
    try:
        pairing_id, secret = operations.offer_pairing(current_actor(), target_id)
    except TooManyCodes as error:
        words = ("Too many codes were made", f"Wait {error.seconds} seconds, then make a new one.")
        return problem(429, *words, "wait", {"Retry-After": str(error.seconds)})
    return page_or(
        "phones/_code.html",
        page="phones/code.html",
        pairing_id=pairing_id,
        code=code_of(f"{phone_origin()}/m#{secret}"),
        address=f"{phone_origin()}/m",
        is_reachable=settings.is_on_network,
        is_untrusted=settings.certificate == "own",
        seconds=int(CODE_GOOD_FOR.total_seconds()),
        who=who,
    )


@bp.get("/pairings/<uuid:pairing_id>")
@background
def show(pairing_id: UUID) -> ResponseReturnValue:
    phone = show_phone(pairing_for(current_actor(), pairing_id))
    if is_htmx() and not phone.over and not phone.is_scanned:
        return "", 204  # the code stays as it is: it cannot be drawn again
    return page_or("phones/_pairing.html", page="phones/pairing.html", phone=phone)


@bp.post("/pairings/<uuid:pairing_id>/confirmation")
def confirm(pairing_id: UUID) -> ResponseReturnValue:
    operations.confirm_pairing(current_actor(), pairing_id)
    return _after(pairing_id)


@bp.post("/pairings/<uuid:pairing_id>/end")
def end(pairing_id: UUID) -> ResponseReturnValue:
    operations.end_pairing(current_actor(), pairing_id)
    return _after(pairing_id)


def _after(pairing_id: UUID) -> ResponseReturnValue:
    return fragment_or_redirect(
        "phones/_pairing.html",
        to=path_for("phones.show", pairing_id=pairing_id),
        phone=show_phone(pairing_for(current_actor(), pairing_id)),
    )


@bp.get("/images/<uuid:image_id>/ghosts")
@background
def ghost_offer(image_id: UUID) -> ResponseReturnValue:
    """What the viewer offers: the phones that the image may be shown on."""
    offered = ghost_phones(image_id)
    return render_template("phones/_ghosts.html", image_id=image_id, ghost_phones=offered)


def ghost_phones(image_id: UUID) -> list[ShownPhone]:
    actor = current_actor()
    return show_phones(ghosts.phones_for(actor, image_for(actor, image_id)))


@bp.post("/pairings/<uuid:pairing_id>/ghosts/<uuid:image_id>")
def show_ghost(pairing_id: UUID, image_id: UUID) -> ResponseReturnValue:
    ghosts.show_ghost(current_actor(), pairing_id, image_id)
    return _after_ghost(image_id)


@bp.post("/pairings/<uuid:pairing_id>/ghosts/<uuid:image_id>/end")
def end_ghost(pairing_id: UUID, image_id: UUID) -> ResponseReturnValue:
    ghosts.withdraw_ghost(current_actor(), pairing_id, image_id)
    return _after_ghost(image_id)


def _after_ghost(image_id: UUID) -> ResponseReturnValue:
    return fragment_or_redirect(
        "phones/_ghosts.html",
        to=path_for("desk.image", image_id=image_id),
        image_id=image_id,
        ghost_phones=ghost_phones(image_id),
    )
