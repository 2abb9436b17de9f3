"""The stream of one run: the whole panel when what it shows changes, else the words alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import UUID

from flask import Flask, Response, current_app, render_template
from flask_wtf.csrf import generate_csrf

from clinicpro.accounts.permissions import Actor
from clinicpro.accounts.queries import is_still_signed_in
from clinicpro.analyses.growing import Grown, growing
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
    drawn: set[str] = set()
    said: set[str] = set()
    words = app.jinja_env.get_template("analyses/_findings.html")

    def look(_fired: set[str]) -> Iterator[tuple[str, str]]:
        grown = growing().latest(analysis_id)
        analysis: Analysis | Grown
        if grown is not None and grown.state in drawn:
            analysis = grown  # only the words grew: they come up to twelve times a second
            yield "draft", words.render(analysis=analysis)
        else:
            analysis = analysis_for(actor, analysis_id)
            drawn.add(analysis.state)
            with app.test_request_context("/"):  # links need a request to stand in
                shown = shown_analysis(actor, analysis, asked)
                panel = {"analysis": shown, "csrf_token": lambda: token}
                yield "analysis", render_template("analyses/_analysis.html", **panel)
        sentence = sentence_of(analysis)
        if sentence not in said:
            if analysis is grown and analysis.text:
                yield "progress", "Writing"
            said.add(sentence)
            yield "status", sentence
        if not analysis.is_open:
            yield "closed", ""

    return event_stream((topic,), look, _MayRead(actor))


class _MayRead:
    """Whether the reader is still signed in; a yes holds for a second, not for one word."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._good_until = 0.0  # monotonic

    def __call__(self) -> bool:
        if time.monotonic() < self._good_until:
            return True
        may = is_still_signed_in(self._actor.sign_in_id, "image.view")
        self._good_until = time.monotonic() + 1 if may else 0.0
        return may


def sentence_of(analysis: Analysis | Grown) -> str:
    """What a screen reader hears of a run; not every word, but every change."""
    if analysis.state == "running" and not analysis.text:
        return "The image is being looked at."
    return SENTENCES.get(analysis.state, "The description ended early. It can't be accepted.")
