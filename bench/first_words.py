"""From the model server's first word to the screen: alone in Chromium, and 50 runs at once.

Beside it, in the same minutes, what a plain client needs for the same stream. Run by hand:
python -m bench.first_words [runs alone] [runs at once].
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import FLAGS
from tests.corpus import skin_jpeg
from tests.instance import ROOT, Instance, command_line, free_port
from tests.visitor import EMAIL, PASSWORD, Visitor, settings_of

GOALS = {"alone": 100, "at once": 250, "later": 150}  # ms
WATCH = """() => {
  window.seen = [];
  new MutationObserver(() => requestAnimationFrame(() => {
    const words = document.querySelector('#analysis-panel .findings');
    const length = words ? words.textContent.replace(/\\s/g, '').length : 0;
    if (length) window.seen.push([Date.now() / 1000, length]);
  })).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""
TICK = os.sysconf("SC_CLK_TCK")


class Model:
    """The stand-in in a process of its own; `said` gives when each word of its last runs left."""

    def __init__(self) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "tests.model_server", "--scenario", "paced"]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port)], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert self.process.stdout
        self.process.stdout.readline()
        self.url = f"http://127.0.0.1:{self.port}"

    def said(self) -> list[tuple[str, list[float]]]:
        """Of each run so far the SHA-256 of its image and the times, in seconds since 1970."""
        connection = HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", "/requests")
        requests = json.loads(connection.getresponse().read())["requests"]
        offset = time.time() - time.monotonic()
        return [
            (digest_in(one["body"]), [at + offset for at in one["said_at"]]) for one in requests
        ]

    def read_plainly(self) -> float:
        """Seconds from a word's leaving to a plain client that reads the same stream."""
        connection = HTTPConnection("127.0.0.1", self.port)
        body = {"model": "x", "max_tokens": 9, "stream": True}
        body["messages"] = [{"role": "user", "content": "a"}]  # type: ignore[assignment]
        headers = {"x-api-key": "k", "anthropic-version": "2023-06-01"}
        connection.request("POST", "/v1/messages", json.dumps(body), headers)
        response = connection.getresponse()
        while b"text_delta" not in response.readline():
            pass
        heard = time.time()
        response.read()
        return heard - self.said()[-1][1][0]


def digest_in(body: dict[str, Any]) -> str:
    """The SHA-256 of the image in a request to the model, in hex; empty where there is none."""
    content = body["messages"][0]["content"]
    for block in content if isinstance(content, list) else ():
        if block["type"] == "image":
            return hashlib.sha256(base64.b64decode(block["source"]["data"])).hexdigest()
    return ""


class Heard:
    """What one reader of a stream saw: when, and how many letters there were by then.

    Frames are read as they come and understood afterwards: fifty readers share one interpreter,
    and what one does with its words the others would wait for.
    """

    def __init__(self) -> None:
        self._frames: list[tuple[float, bytes]] = []

    def read(self, visitor: Visitor, analysis_id: str) -> None:
        with visitor.open("GET", f"/analyses/{analysis_id}/stream") as response:
            lines: list[bytes] = []
            while line := response.readline():
                lines.append(line)
                if line == b"\n":
                    self._frames.append((time.time(), b"".join(lines)))
                    lines = []

    @property
    def seen(self) -> list[tuple[float, int]]:
        counted = ((at, letters_in(frame.decode())) for at, frame in self._frames)
        return [(at, letters) for at, letters in counted if letters]


def letters_in(frame: str) -> int:
    found = re.search(r'class="findings.*?>(.*?)</div>', frame, re.DOTALL)
    return len(re.sub(r"<[^>]*>|data: |\s", "", found[1])) if found else 0


def delays(seen: list[tuple[float, int]], said: list[float]) -> list[float]:
    """Milliseconds from each word's leaving until it was seen; the words are `word0`, `word1` …"""
    found, length, at = [], 0, 0
    for number, left in enumerate(said):
        length += len(f"word{number}")
        while at < len(seen) and seen[at][1] < length:
            at += 1
        if at == len(seen):
            break
        found.append((seen[at][0] - left) * 1000)
    return found


def cpu(instance: Instance) -> dict[str, float]:
    """Seconds of CPU so far, by program."""
    used: dict[str, float] = {}
    for pid in instance.children():
        line = command_line(pid)
        names = ("gunicorn", "clinicpro worker", "caddy", "weed", "decoder")
        name = next((one for one in names if one in line), "other")
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        used[name] = used.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / TICK
    return used


def wait_for_views(visitor: Visitor, images: list[str]) -> None:
    """The worker makes them one by one."""
    for image_id in images:
        while b'id="sending"' not in visitor.get(f"/images/{image_id}/analyses/new").content:
            time.sleep(0.5)


def ask_in(window: Page, url: str, image_id: str) -> None:
    window.goto(f"{url}/images/{image_id}")
    window.evaluate(WATCH)
    window.locator("[name=consent]").check()
    window.get_by_role("button", name="Describe", exact=False).last.click()


def seen_in(window: Page) -> list[tuple[float, int]]:
    window.get_by_text("Draft description").wait_for(timeout=60_000)
    return [(at, length) for at, length in window.evaluate("window.seen")]


@contextmanager
def running(model: Model) -> Iterator[tuple[Instance, Visitor]]:
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        settings = {"ANTHROPIC_API_KEY": "test", "ANTHROPIC_BASE_URL": model.url}
        with Instance(folder, **settings) as instance, Visitor(instance.url) as visitor:
            visitor.set_up(instance.setup_code or "")
            form = {"is_on": "y", "basis": "Bench", "daily_runs": "10000", "monthly_runs": "100000"}
            form |= {"daily_money": "1000", "monthly_money": "1000"}
            assert visitor.post_form("/practice/ai", form).status == 303
            yield instance, visitor
    finally:
        shutil.rmtree(folder)


def hashes(instance: Instance) -> dict[str, str]:
    """By image, the SHA-256 of what was sent of it, in hex."""
    database = settings_of(instance).database_url.removeprefix("sqlite:///")
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    rows = connection.execute("SELECT image_id, derivative_sha256 FROM analysis").fetchall()
    connection.close()
    return {str(UUID(image_id)): sha256 for image_id, sha256 in rows}


def report(name: str, times: list[float], goal: int | None = None) -> None:
    times = sorted(times)
    words = f" (goal {goal})" if goal else ""
    worst = times[min(len(times) - 1, int(len(times) * 0.95))]
    print(
        f"{name:34} median {statistics.median(times):6.0f} ms, 95 % {worst:6.0f}, "
        f"most {times[-1]:6.0f}{words}",
        flush=True,
    )


def alone(window: Page, instance: Instance, model: Model, images: list[str]) -> None:
    first, later, plain = [], [], []
    for image_id in images:
        ask_in(window, instance.url, image_id)
        seen = seen_in(window)
        found = delays(seen, model.said()[-1][1])
        first.append(found[0])
        later += found[1:]
        plain.append(model.read_plainly() * 1000)
    report("plain client, first word", plain)
    report("alone, first words on screen", first, GOALS["alone"])
    report("alone, later words on screen", later, GOALS["later"])


def at_once(
    window: Page, instance: Instance, visitor: Visitor, model: Model, images: list[str]
) -> None:
    before, known = cpu(instance), len(model.said())
    heard: dict[str, Heard] = {}
    go = threading.Barrier(len(images) - 1)

    def run(image_id: str) -> None:
        go.wait()
        body = {"imageId": image_id, "consent": True}
        answer = visitor.post_json("/api/clinical-images/analyze", body)
        assert answer.status == 202, answer.content
        analysis = answer.json()["analysis"]
        assert isinstance(analysis, dict)
        heard[image_id] = Heard()
        heard[image_id].read(visitor, str(analysis["id"]))

    with ThreadPoolExecutor(len(images)) as pool:
        done = [pool.submit(run, one) for one in images[1:]]
        ask_in(window, instance.url, images[0])
        on_screen = seen_in(window)
        for one in done:
            one.result()
    after = cpu(instance)
    said = dict(model.said()[known:])
    assert len(said) == len(images)
    seen = {image_id: one.seen for image_id, one in heard.items()} | {images[0]: on_screen}
    sent = hashes(instance)
    found = [delays(seen[image_id], said[sent[image_id]]) for image_id in images]
    mine = found[0]
    report(f"{len(images)} at once, first words", [one[0] for one in found], GOALS["at once"])
    report(
        f"{len(images)} at once, later words", [d for one in found for d in one[1:]], GOALS["later"]
    )
    print(f"{'of them the one in Chromium':34} first {mine[0]:7.0f} ms", flush=True)
    spent = {name: after[name] - before.get(name, 0) for name in after}
    whole = sum(spent.values()) / len(images) * 1000
    parts = ", ".join(f"{name} {s / len(images) * 1000:.0f}" for name, s in spent.items() if s)
    print(f"CPU an analysis of 100 words: {whole:.0f} ms ({parts})", flush=True)


def main(runs: int, many: int) -> None:
    model = Model()
    try:
        with running(model) as (instance, visitor), sync_playwright() as playwright:
            images = [visitor.save(skin_jpeg(400 + n, 300, seed=n)) for n in range(runs + many)]
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=FLAGS
            )
            window = browser.new_page()
            window.goto(instance.url + "/")
            window.get_by_label("E-mail").fill(EMAIL)
            window.get_by_label("Password").fill(PASSWORD)
            window.get_by_role("button", name="Sign in").click()
            window.locator("#topbar").wait_for()
            wait_for_views(visitor, images)
            alone(window, instance, model, images[:runs])
            at_once(window, instance, visitor, model, images[runs:])
            browser.close()
    finally:
        model.process.terminate()


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:]]
    main(*(numbers + [10, 50][len(numbers) :]))
