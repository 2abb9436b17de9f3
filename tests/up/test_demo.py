"""The demonstration: it answers by itself, says so, and touches nothing real."""

import json
import shutil
import sqlite3
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.instance import Instance

pytestmark = pytest.mark.faults


class Demonstration(Instance):
    command = ("demo",)

    def hear(self, words: str) -> str:
        """The line with `words`, among those not waited for yet."""
        return self._wait_for(words, 5)


@pytest.fixture(scope="module")
def demonstration():
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    real = {
        "ANTHROPIC_API_KEY": "a-real-key",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
        "DATABASE_URL": "postgresql://127.0.0.1:9/real",
        "STORE": "external",
    }
    with Demonstration(folder, **real) as running:
        yield running
        running.assert_alive()
    shutil.rmtree(folder)


def patiently(request: urllib.request.Request) -> bytes:
    """Its answer, as soon as it answers at all."""
    for _ in range(200):
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.read()
        except urllib.error.URLError:
            time.sleep(0.05)
    raise AssertionError("the stand-in model does not answer")


def test_its_model_says_that_it_is_a_demonstration(demonstration):
    port = json.loads((demonstration.data / "runtime.json").read_text())["DEMO_MODEL_PORT"]
    question = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "?"}]}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/messages",
        data=json.dumps(question).encode(),
        headers={"Content-Type": "application/json"},
    )
    text = json.loads(patiently(request))["content"][0]["text"]
    assert text.startswith("Demonstration, not a description of this image.")


def test_nothing_real_reaches_it(demonstration):
    (worker,) = demonstration.children("clinicpro worker")
    environment = Path(f"/proc/{worker}/environ").read_text()
    assert "ANTHROPIC_API_KEY=demo\0" in environment
    assert "real" not in environment
    assert ":9\0" not in environment
    assert demonstration.children("/weed ")


def test_it_shows_two_patients_and_six_labelled_images(demonstration):
    with sqlite3.connect(demonstration.data / "clinicpro.sqlite3") as database:
        states = database.execute(
            "SELECT state FROM image WHERE body_site IS NOT NULL AND consultation_id IS NOT NULL"
        ).fetchall()
        patients = database.execute("SELECT nhi FROM patient").fetchall()
    assert states == [("ready",)] * 6
    assert len(patients) == 2
    assert all(nhi.startswith("ZZZ") for (nhi,) in patients)


def test_it_says_how_to_sign_in(demonstration):
    assert demonstration.setup_code is None
    told = demonstration.hear("Sign in: ")
    assert told.strip() == "Sign in: aroha@demo.example  password: demonstration only"
