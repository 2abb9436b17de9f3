"""The JSON routes; they only call the rooms' operations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from uuid import UUID

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, validate_csrf
from wtforms.validators import ValidationError

from clinicpro.accounts.guard import current_actor
from clinicpro.accounts.permissions import Actor, authorize
from clinicpro.accounts.queries import is_still_signed_in
from clinicpro.analyses.operations import Ask, start_analysis, stop_analysis
from clinicpro.analyses.queries import analysis_for
from clinicpro.answers import NotHere
from clinicpro.api import answers
from clinicpro.api.fields import ANALYZE, DOWNLOAD, LIST, PRESIGN, RECEIPT, Given, invalid
from clinicpro.api.openapi import document
from clinicpro.api.sending import sending_of
from clinicpro.consultations.queries import consultation_for
from clinicpro.db import utc_now
from clinicpro.gateways import ImageRejected
from clinicpro.gateways.links import GET_GOOD_FOR, half_hour
from clinicpro.images.expecting import expect_image
from clinicpro.images.filters import Filters
from clinicpro.images.models import READY, Image
from clinicpro.images.operations import record_view
from clinicpro.images.queries import PAGE, gallery_page, image_by_key, image_for, shown_for
from clinicpro.images.receiving import receive
from clinicpro.images.routes import asked
from clinicpro.live import event_stream
from clinicpro.phones.queries import image_sent_by
from clinicpro.phones.sending import note_use
from clinicpro.phones.throttling import TooManyTries
from clinicpro.problems import problem
from clinicpro.web import (
    app_settings,
    background,
    gateways,
    is_htmx,
    own_origin,
    path_for,
)

bp = Blueprint("api", __name__, url_prefix="/api")
MOST = 100  # images in one answer


@bp.get("/openapi.json")
def openapi() -> ResponseReturnValue:
    return jsonify(document())


@bp.get("/clinical-images/list")
def list_images() -> ResponseReturnValue:
    actor = current_actor()
    given = Given.of_request(LIST)
    limit = given.integer("limit")
    limit = PAGE if limit is None else limit
    if not 1 <= limit <= MOST:
        raise invalid(f"limit is from 1 to {MOST}.")
    page = gallery_page(actor, _filters(actor, given), asked(), given.text("cursor"), limit)
    record_view(actor, "gallery.view", [one.id for one in page.images])
    return jsonify(
        images=[answers.server_image(one) for one in page.images],
        count=len(page.images),
        nextCursor=page.next_cursor,
    )


def _filters(actor: Actor, given: Given) -> Filters:
    consultation_id, patient_id = given.uuid("sessionId"), given.uuid("patientId")
    scope = "everyone"
    if consultation_id is not None and patient_id is not None:
        raise invalid("Ask for one of sessionId and patientId.")
    if consultation_id is not None:
        consultation_for(actor, consultation_id)
        scope = "consultation"
    elif patient_id is not None:
        scope = "patient"
    return Filters(
        scope=scope,
        source=given.text("source") or "",
        body_site=given.text("bodySite") or "",
        analysed={True: "yes", False: "no", None: ""}[given.boolean("analysed")],
        q=(given.text("q") or "").strip(),
        consultation_id=consultation_id,
        patient_id=patient_id,
        since=given.date("from"),
        until=given.date("to"),
    )


@bp.route("/uploads/presign", methods=["GET", "POST"])
def presign() -> ResponseReturnValue:
    if request.method != "POST":
        _check_token()  # the one GET that does work
    actor, given = current_actor(), Given.of_request(PRESIGN)
    sending, waiting = sending_of(actor, given), given.integer("waiting")
    settings = app_settings()
    data = settings.data if settings.store == "bundled" or settings.is_sqlite else None
    expected = expect_image(actor, sending, gateways().store, data)
    note_use(actor, waiting, sending.pairing_id)
    return jsonify(answers.ticket(expected)), 200 if expected.is_duplicate else 201


@bp.errorhandler(TooManyTries)
def wait(error: TooManyTries) -> Response:
    words = ("Too many images at once", f"They go on in {error.seconds} seconds.")
    return problem(429, *words, "wait", {"Retry-After": str(error.seconds)})


def _check_token() -> None:
    try:
        validate_csrf(request.headers.get("X-CSRFToken"))
    except ValidationError as error:
        raise CSRFError(error.args[0]) from error


@bp.post("/uploads/<uuid:image_id>/receipt")
def receipt(image_id: UUID) -> ResponseReturnValue:
    actor, given = current_actor(), Given.of_request(RECEIPT)
    waiting, image = given.integer("waiting"), image_sent_by(actor, image_id)
    taken_under = image.pairing_id
    wants_card = is_htmx() and not actor.is_phone  # a card names the patient
    status = 200
    try:
        receive(actor, image_id, gateways())
    except ImageRejected as error:
        if not wants_card:
            return problem(422, "Not saved", error.reason, "rejected")
        status = 422
    finally:
        note_use(actor, waiting, taken_under)
    if actor.is_phone:
        return jsonify(image=answers.sent_image(image_for(actor, image_id)))
    shown = shown_for(actor, image_id, asked())
    if wants_card:
        return render_template("images/_card.html", image=shown), status
    return jsonify(image=answers.server_image(shown))


@bp.get("/uploads/download")
def download() -> ResponseReturnValue:
    actor = current_actor()
    authorize(actor, "image.export")
    given = Given.of_request(DOWNLOAD)
    image = _image(actor, given.uuid("id"), given.text("key"), "id and key")
    if image.state != READY:
        raise NotHere
    now, image_id, subject = utc_now(), image.id, image.consultation_id
    link = gateways().store.presign_get(image.key, now=now, download_name=image.filename)
    record_view(actor, "image.original", [image_id], subject)
    expires_at = half_hour(now) + GET_GOOD_FOR
    return jsonify(downloadUrl=own_origin() + link, expiresAt=expires_at.isoformat())


@bp.post("/clinical-images/analyze")
def analyze() -> ResponseReturnValue:
    actor = current_actor()
    given = Given.of_request(ANALYZE)
    image = _image(actor, given.uuid("imageId"), given.text("imageKey"), "imageId and imageKey")
    ask = Ask(
        prompt=given.text("promptId") or "",
        question=(given.text("prompt") or "").strip(),
        context=(given.text("context") or "").strip(),
        has_consent=given.boolean("consent") is True,
        earlier_image_id=given.uuid("earlierImageId"),
    )
    analysis_id = start_analysis(actor, image.id, ask)
    place = path_for("api.analysis", analysis_id=analysis_id)
    if "text/event-stream" in request.headers.get("Accept", ""):
        response = _stream(actor, analysis_id)
    else:
        response = _analysis(actor, analysis_id)
        response.status_code = 202
    response.headers["Location"] = place
    return response


def _stream(actor: Actor, analysis_id: UUID) -> Response:
    """The text so far at each change, then `end`; the run goes on without a listener."""

    def look(_fired: set[str]) -> Iterator[tuple[str, str]]:
        row = analysis_for(actor, analysis_id)
        if row.is_open:
            yield "text", json.dumps({"text": row.text})
        else:
            yield "end", json.dumps({"analysis": answers.server_analysis(row)})
            yield "closed", ""

    topic = analysis_for(actor, analysis_id).topic
    return event_stream((topic,), look, lambda: is_still_signed_in(actor.sign_in_id, "image.view"))


@bp.get("/analyses/<uuid:analysis_id>")
@background
def analysis(analysis_id: UUID) -> ResponseReturnValue:
    return _analysis(current_actor(), analysis_id)


@bp.post("/analyses/<uuid:analysis_id>/stop")
def stop(analysis_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    stop_analysis(actor, analysis_id)
    return _analysis(actor, analysis_id)


def _analysis(actor: Actor, analysis_id: UUID) -> Response:
    return jsonify(analysis=answers.server_analysis(analysis_for(actor, analysis_id)))


def _image(actor: Actor, image_id: UUID | None, key: str | None, names: str) -> Image:
    if image_id is not None and key is None:
        return image_for(actor, image_id)
    if key is not None and image_id is None:
        return image_by_key(actor, key)
    raise invalid(f"Give exactly one of {names}.")
