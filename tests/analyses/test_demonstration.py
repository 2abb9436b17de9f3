"""The demonstration's stand-in, asked by the same client: other address, nothing else."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask

from clinicpro.gateways.describer import ClaudeDescriber
from clinicpro.settings import Settings
from clinicpro.up.demo import ANSWERS
from tests.analyses.asking import HTMX, described, the_run
from tests.analyses.claude import IN_A_HURRY
from tests.factories import Person
from tests.gateways.conftest import free_port


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port, folder = free_port(), tmp_path_factory.mktemp("fakellm")
    program = Path(sys.executable).parent / "fakellm"
    command = [program, "serve", "--host", "127.0.0.1", "--port", str(port), "--config", ANSWERS]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture
def describer(settings: Settings, stand_in: str) -> ClaudeDescriber:
    return ClaudeDescriber(replace(settings, anthropic_base_url=stand_in), IN_A_HURRY)


def test_a_description_from_the_click_to_the_note(app: Flask, gp: Person, image_id: UUID) -> None:
    run_id = described(app, gp, image_id)
    run = the_run()
    assert run.state == "finished", run.message
    assert run.text.startswith("Demonstration, not a description of this image.")
    assert (run.model, run.cost is not None) == ("claude-sonnet-5-5", True)
    page = gp.get(f"/analyses/{run_id}", headers=HTMX).text
    assert "Accept into the note" in page
    form = {"findings": run.text}
    assert gp.post(f"/analyses/{run_id}/note-entry", data=form).status_code == 303


@pytest.mark.parametrize("model", ["claude-haiku-5-5", "claude-opus-5-5", "llava:13b"])
def test_another_model_is_configuration_only(
    app: Flask, gp: Person, image_id: UUID, model: str
) -> None:
    app.extensions["settings"] = replace(app.extensions["settings"], claude_model=model)
    described(app, gp, image_id)
    assert (the_run().state, the_run().model) == ("finished", model)
