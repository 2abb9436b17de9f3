"""Off means off: nothing the web or the worker does opens a connection to the model's server."""

from __future__ import annotations

from uuid import UUID, uuid4

from flask import Flask

from clinicpro.accounts.permissions import ROUTES
from clinicpro.analyses.switching import set_policy
from clinicpro.audit.operations import SYSTEM
from clinicpro.worker import handlers, run_due
from tests.analyses.asking import HTMX, ask, described, the_run
from tests.analyses.claude import describer, model
from tests.factories import Person
from tests.model_server import ModelServer

__all__ = ["describer", "model"]
ROOMS = ("analyses.", "notes.", "api.", "desk.", "practice.", "images.")


def test_every_route_and_the_worker_leave_the_model_alone(
    app: Flask, gp: Person, manager: Person, image_id: UUID, model: ModelServer
) -> None:
    run_id = described(app, gp, image_id)  # on: a finished run to walk over
    assert model.connections == 1
    ask(gp, image_id)  # one that waits when the switch goes off
    set_policy(SYSTEM, is_on=False, basis="")
    ids = {"image_id": image_id, "analysis_id": run_id}
    walked = 0
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith(ROOMS) or rule.endpoint not in ROUTES:
            continue
        path = rule.rule
        for name in rule.arguments:
            path = path.replace(f"<uuid:{name}>", str(ids.get(name, uuid4())))
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            for person in (gp, manager):
                form = {"prompt": "general", "consent": "y", "context": "x", "is_on": ""}
                person.send(method, path, data=form, headers=HTMX).close()
                walked += 1
    run_due(app)
    body = {"imageId": str(image_id), "consent": True}
    assert gp.post("/api/clinical-images/analyze", json=body).status_code == 409
    with app.app_context():
        for handler in handlers().values():
            if handler.every is not None:
                handler.run("")
    assert walked > 60
    assert (model.connections, len(model.requests)) == (1, 1)


def test_turned_off_while_it_waits_nothing_is_sent(
    app: Flask, gp: Person, image_id: UUID, model: ModelServer
) -> None:
    ask(gp, image_id)
    set_policy(SYSTEM, is_on=False, basis="")
    run_due(app)
    assert (the_run().state, the_run().cost, model.connections) == ("failed", 0, 0)
