"""Stop, asked of a web process and obeyed by the worker: the model's server sees it in a second."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.corpus import skin_jpeg
from tests.instance import Instance
from tests.model_server import ModelServer
from tests.visitor import Visitor

pytestmark = pytest.mark.faults
ON = {
    "is_on": "y",
    "basis": "Assessed",
    "daily_runs": "99",
    "monthly_runs": "99",
    "daily_money": "9",
    "monthly_money": "9",
}


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with ModelServer("endless-slow") as server:
        yield server


@pytest.fixture
def gp(model: ModelServer) -> Iterator[Visitor]:
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    settings = {"ANTHROPIC_API_KEY": "test", "ANTHROPIC_BASE_URL": model.url}
    with Instance(folder, **settings) as instance, Visitor(instance.url) as visitor:
        visitor.set_up(instance.setup_code or "")
        assert visitor.post_form("/practice/ai", ON).status == 303
        yield visitor
    shutil.rmtree(folder)


def test_stop_reaches_the_model_within_a_second(gp: Visitor, model: ModelServer) -> None:
    image_id = gp.save(skin_jpeg(400, 300))
    form = f"/images/{image_id}/analyses/new"
    wait_until(lambda: b'id="sending"' in gp.get(form).content)
    for number in range(6):  # whichever of the web processes takes the click
        body = {"imageId": image_id, "consent": True}
        analysis = gp.post_json("/api/clinical-images/analyze", body).json()["analysis"]
        assert isinstance(analysis, dict)
        path = f"/api/analyses/{analysis['id']}"
        wait_until(lambda path=path: row(gp, path)["text"])  # type: ignore[misc]
        clicked = time.monotonic()
        assert gp.send("POST", f"{path}/stop").status == 200
        seen = model.requests[number]
        assert seen.ended.wait(2)
        assert seen.hung_up_at is not None
        assert seen.hung_up_at - clicked < 1
        wait_until(lambda path=path: row(gp, path)["state"] == "stopped")  # type: ignore[misc]
        assert time.monotonic() - clicked < 2
    assert len(model.requests) == 6


def test_stop_of_a_trial_reaches_the_model_within_a_second(gp: Visitor, model: ModelServer) -> None:
    words = urlencode({"title": "Mole", "text": "Describe the mole.", "sample": "mole"}).encode()
    kind = {"HX-Request": "true", "Content-Type": "application/x-www-form-urlencoded"}
    for number in range(6):
        tried = gp.send("POST", "/prompts/trials", words, kind)
        found = re.search(r"/prompts/trials/[-0-9a-f]{36}", tried.content.decode())
        assert found
        path = found[0]
        wait_until(lambda path=path: b"Writing" in gp.get(path).content)  # type: ignore[misc]
        clicked = time.monotonic()
        assert gp.post_form(f"{path}/stop", {}).status == 303
        seen = model.requests[number]
        assert seen.ended.wait(2)
        assert seen.hung_up_at is not None
        assert seen.hung_up_at - clicked < 1
        wait_until(lambda path=path: b"You stopped it" in gp.get(path).content)  # type: ignore[misc]
        assert time.monotonic() - clicked < 2
    assert len(model.requests) == 6


def row(gp: Visitor, path: str) -> dict[str, object]:
    analysis = gp.get(path).json()["analysis"]
    assert isinstance(analysis, dict)
    return analysis


def wait_until(happens: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
