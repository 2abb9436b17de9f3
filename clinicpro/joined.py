"""Many small stylesheets and scripts sent as one: a request each costs more than its bytes."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

# In this order. tokens.css fixes the layers; an element may use those before it.
SHEETS = (
    "tokens reset base layout icon button field badge alert toast progress topbar current dialog "
    "panel facts empty upload segments filters grid card viewer stage analysis covering pair "
    "prompts note lesson pairing utilities"
)
SCRIPTS = (
    "refusal asking notices request-errors session-guard live-stream toast-note alert-note "
    "elapsed-time dialog-opener modal-slot copy-text save-text print-page kept-text "
    "cover-areas file-facts store-put one-sending sending-queue sending-card image-upload "
    "card-merge unseen-count arrivals image-grid image-dialog zoom-stage note-editor "
    "code-countdown hot-keys"
)
# The phone's page has its own two: no framework, and nothing of the desk's that it does not use.
PHONE_SHEETS = (
    "tokens reset base icon button field alert progress phone/capture phone/queue phone/preview "
    "phone/ghost utilities"
)
PHONE_SCRIPTS = (
    "refusal file-facts store-put phone/server phone/vault phone/shots phone/code phone/pairing "
    "phone/ghost phone/ghost-card phone/ghost-over phone/shot-way phone/sender phone/quality "
    "phone/shot-taking phone/shot-list phone/shot-preview phone/shot-queue phone/phone-page"
)
JOINED = {
    "css/all.css": [f"css/{name}.css" for name in SHEETS.split()],
    "js/all.js": [f"js/{name}.js" for name in SCRIPTS.split()],
    "css/phone.css": [f"css/{name}.css" for name in PHONE_SHEETS.split()],
    "js/phone.js": [f"js/{name}.js" for name in PHONE_SCRIPTS.split()],
}


def content(folder: Path, path: str) -> bytes:
    """The bytes under `path` of the static `folder`; FileNotFoundError where there are none."""
    return b"\n".join((folder / part).read_bytes() for part in JOINED.get(path, [path]))


def install(app: Flask) -> None:
    """Let the static route answer the joined files too, with the same headers."""
    plain = app.view_functions["static"]

    def static(filename: str) -> ResponseReturnValue:
        if filename not in JOINED:
            return app.ensure_sync(plain)(filename=filename)  # type: ignore[no-any-return]
        kind = "text/css" if filename.endswith(".css") else "text/javascript"
        answer = Response(content(Path(app.static_folder or ""), filename), mimetype=kind)
        answer.add_etag()
        answer.make_conditional(request)
        return answer

    app.view_functions["static"] = static
