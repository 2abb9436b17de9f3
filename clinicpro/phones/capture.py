"""The phone's own routes: the page, the code, the state, and leaving."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify, render_template, request
from flask import send_from_directory as send_file
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from clinicpro.accounts.guard import current_actor
from clinicpro.accounts.queries import practice_name
from clinicpro.phones import cookies, operations
from clinicpro.phones.devices import device_words
from clinicpro.phones.ghosts import look_at_ghost
from clinicpro.phones.operations import CodeGone
from clinicpro.phones.sending import note_seen
from clinicpro.phones.state import state_of
from clinicpro.phones.throttling import TooManyTries
from clinicpro.problems import problem
from clinicpro.web import ROOT, app_settings, background, csrf

bp = Blueprint("capture", __name__, url_prefix="/m")
NEW_CODE = "Make a new code at the desk and scan that."
GONE = {
    "used": ("This code has been used already", NEW_CODE),
    "expired": ("This code has run out", NEW_CODE),
}


@bp.get("")
def show() -> ResponseReturnValue:
    operations.burn(word for pair in request.args.items(multi=True) for word in pair)
    return render_template("phones/capture.html")


@bp.get("/sw.js")
def service_worker() -> ResponseReturnValue:
    answer = send_file(ROOT / "static" / "js" / "phone", "sw.js", mimetype="text/javascript")
    answer.headers["Service-Worker-Allowed"] = "/m"
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@bp.get("/state")
@background
def state() -> Response:
    pairing = cookies.pairing_of_request()
    ghost = None
    if pairing is not None:
        note_seen(pairing)
        ghost = look_at_ghost(pairing)
    practice = practice_name(app_settings().practice_name)
    return jsonify(state_of(pairing, generate_csrf(), practice, ghost))


@bp.post("/redeem")
def redeem() -> ResponseReturnValue:
    body = request.get_json() if request.is_json else abort(415)
    secret = body.get("secret") if isinstance(body, dict) else None
    if not isinstance(secret, str) or not secret or len(secret) > 200:
        abort(422)
    said = body.get("device")
    device = device_words(request.user_agent.string, said if isinstance(said, str) else "")
    address = request.remote_addr or ""
    try:
        redeemed = operations.redeem(secret, device, address, cookies.token_of_request())
    except CodeGone as error:
        return problem(410, *GONE[error.code], error.code)
    except TooManyTries as error:
        words = ("Too many codes were tried", f"Wait {error.seconds} seconds, then scan again.")
        return problem(429, *words, "wait", {"Retry-After": str(error.seconds)})
    answer = jsonify(
        state="redeemed",
        pairingId=str(redeemed.pairing_id),
        match=redeemed.match,
        csrfToken=generate_csrf(),
    )
    cookies.carry(answer, redeemed.token)
    return answer


csrf.exempt(redeem)  # no token yet: JSON alone and Sec-Fetch-Site keep other sites out


@bp.post("/leave")
def leave() -> ResponseReturnValue:
    operations.leave(current_actor())
    return "", 204
