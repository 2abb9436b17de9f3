"""Errors in words: the one form of each, for whoever asked."""

from __future__ import annotations

import logging

from flask import Flask, Response, g, jsonify, make_response, render_template
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from clinicpro.answers import NotHere, Refusal
from clinicpro.db import db
from clinicpro.gateways import GatewayError
from clinicpro.logs import what
from clinicpro.web import is_htmx, wants_json

log = logging.getLogger(__name__)

WORDS = {
    400: ("That request can't be read", "Go back and try again."),
    403: ("That is not allowed", "Nothing was changed."),
    404: ("Not here", "It may have been moved to the trash, or the address is not quite right."),
    405: ("That can't be done this way", "Use the buttons on the page."),
    413: ("That is too large", "Text fields take up to a page; images go by Choose images."),
    415: ("That kind of content can't be read", "Use the buttons on the page."),
    503: ("The record is busy for a moment", "Nothing was lost. Try again in a few seconds."),
}


def install(app: Flask) -> None:
    """Give `app` its answers to what goes wrong."""
    for kind, answer in (
        (Refusal, _on_refusal),
        (NotHere, _on_not_here),
        (GatewayError, _on_gateway),
        (OperationalError, _on_busy_database),
        (HTTPException, _on_http),
        (Exception, _on_unexpected),
    ):
        app.register_error_handler(kind, answer)


def problem(
    status: int, title: str, advice: str, code: str, headers: dict[str, str] | None = None
) -> Response:
    """One problem, in the form that fits who asked: JSON, an alert for htmx, or a page."""
    reference = g.get("request_id", "")
    if wants_json():
        response = jsonify(error=f"{title}. {advice}", code=code, requestId=reference)
    else:
        kind = "danger" if status >= 500 else "warn"
        template = "_alert.html" if is_htmx() else "errors/error.html"
        response = make_response(
            render_template(template, kind=kind, title=title, text=advice, reference=reference)
        )
    response.status_code = status
    response.headers.update(headers or {})
    response.vary.add("HX-Request")
    return response


def _on_refusal(error: Refusal) -> Response:
    return problem(error.status, error.title, error.advice, error.code)


def _on_not_here(error: NotHere) -> Response:
    return problem(404, *WORDS[404], "not-found")


def _on_gateway(error: GatewayError) -> Response:
    log.warning("gateway: %s", type(error).__name__, extra={"request": g.get("request_id")})
    title, _, advice = error.advice.partition(". ")
    return problem(502, title.rstrip("."), advice, "gateway", {"Retry-After": "5"})


def _on_busy_database(error: OperationalError) -> Response:
    db.session.rollback()
    log.warning("database busy or away", extra={"request": g.get("request_id")})
    return problem(503, *WORDS[503], "busy", {"Retry-After": "2"})


def _on_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status in (301, 302, 303, 307, 308):
        redirect = error.get_response()
        assert isinstance(redirect, Response)  # noqa: S101  (tells mypy)
        return redirect
    title, advice = WORDS.get(status, ("That did not work", "Go back and try again."))
    return problem(status, title, advice, error.name.lower().replace(" ", "-"))


def _on_unexpected(error: Exception) -> Response:
    """Log where it happened, not what it said: messages may quote what people typed."""
    db.session.rollback()
    log.error("unexpected %s", what(error), extra={"request": g.get("request_id")})
    return problem(500, "Something went wrong here", "Nothing was changed. Try again.", "error")
