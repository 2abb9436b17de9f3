"""The stream of one run: the whole panel when what it shows changes, else the words alone."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from flask import Flask, Response, current_app, render_template
from flask_wtf.csrf import generate_csrf

from clinicpro.accounts.permissions import Actor
from clinicpro.accounts.queries import is_still_signed_in
from clinicpro.analyses.models import Analysis
from clinicpro.analyses.queries import analysis_for, shown_analysis
from clinicpro.images.showing import Asked
from clinicpro.live import event_stream

SENTENCES = {
    "queued": "The description waits its turn.",
    "running": "The description is being written.",
    "finished": "The description is ready to check.",
    "stopped": "The description was stopped.",
    "refused": "The model declined to describe this image.",
}


def watch(actor: Actor, analysis_id: UUID, asked: Asked) -> Response:
    """Events `analysis`, `draft` and `status` until the run has ended, then `closed`.

    `asked` is of one time, so that the links stay the same.
    """
    topic = analysis_for(actor, analysis_id).topic
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    token = generate_csrf()  # the forms at the end are drawn outside of any session
    drawn: set[tuple[str, bool]] = set()

    def look(_fired: set[str]) -> Iterator[tuple[str, str]]:
        analysis = analysis_for(actor, analysis_id)
        looks = analysis.state, bool(analysis.text)
        if looks in drawn:  # only the words grew: they come up to twelve times a second
            yield "draft", _draw(app, "analyses/_findings.html", analysis=analysis)
            return
        drawn.add(looks)
        shown = shown_analysis(actor, analysis, asked)
        yield (
            "analysis",
            _draw(app, "analyses/_analysis.html", analysis=shown, csrf_token=lambda: token),
        )
        yield "status", sentence_of(analysis)
        if not analysis.is_open:
            yield "closed", ""

    return event_stream((topic,), look, lambda: is_still_signed_in(actor.sign_in_id, "image.view"))


def _draw(app: Flask, template: str, **context: object) -> str:
    with app.test_request_context("/"):  # links in a fragment need a request to stand in
        return render_template(template, **context)


def sentence_of(analysis: Analysis) -> str:
    """What a screen reader hears of a run; not every word, but every change."""
    if analysis.state == "running" and not analysis.text:
        return "The image is being looked at."
    return SENTENCES.get(analysis.state, "The description ended early. It can't be accepted.")
