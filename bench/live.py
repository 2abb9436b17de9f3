"""From the phone's receipt to the desk: events, cards, bursts, and what 200 open desks cost.

Run by hand: python -m bench.live [images]. A phone sends over HTTP; one desk is a bare reader of
the stream, another a real browser. Times are between a receipt's whole answer and what the desk
has; below zero means that the desk knew first. A stream's cost is what the web processes' share of
memory (PSS) grew by with 200 of them, after a busy hour's requests and past the first checks.
"""

from __future__ import annotations

import io
import re
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

from bench.memory import pss
from tests.browser.conftest import FLAGS
from tests.corpus import skin_jpeg
from tests.desks import Desks
from tests.instance import Instance
from tests.phones.phone import read_code
from tests.visitor import EMAIL, PASSWORD, Visitor, unlike

BURST, STREAMS, LOOKS = 10, 200, 60
EVENT, CARD, LAST = 20, 300, 500  # goals, ms: event p95, card p95, last of a burst
SLOWER, PER_STREAM = 1.5, 45  # goals: times an ordinary page, KB
# When each card came, by image id; the clock is the machine's, in ms.
WATCH = """() => {
  window.came = {};
  const look = () => {
    for (const card of document.querySelectorAll("#grid .card[data-state=ready]")) {
      const id = card.id.slice("image-".length);
      window.came[id] ||= Date.now();
    }
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
}"""


def phone_of(desk: Visitor) -> Visitor:
    """A phone, paired with the desk."""
    page = desk.send("POST", "/pairings", b"", {"HX-Request": "true"}).content.decode()
    pairing_id = re.findall(r'id="pairing-([0-9a-f-]{36})"', page)[0]
    phone = Visitor(desk.url)
    redeemed = phone.post_json("/m/redeem", {"secret": urlsplit(read_code(page)).fragment})
    assert redeemed.status == 200, redeemed.content
    assert desk.post_form(f"/pairings/{pairing_id}/confirmation", {}).status == 303
    phone._token = str(phone.get("/m/state").json()["csrfToken"])
    return phone


def receipt(phone: Visitor, image_id: str) -> float:
    """Send it; gives the moment at which the answer was there."""
    answer = phone.send("POST", f"/api/uploads/{image_id}/receipt")
    assert answer.status == 200, answer.content
    return time.time()


class Reader(threading.Thread):
    """A desk's stream: when each `images-changed` came."""

    def __init__(self, desk: Visitor) -> None:
        super().__init__(daemon=True)
        self.stream = desk.open("GET", "/live", headers={"Accept": "text/event-stream"})
        self.came: list[float] = []

    def run(self) -> None:
        with suppress(AttributeError, OSError, ValueError):  # closed under its hands
            for line in self.stream:
                if line.strip() == b"event: images-changed":
                    self.came.append(time.time())


def events(desk: Visitor, phone: Visitor, images: Sequence[bytes]) -> list[float]:
    with Visitor(desk.url) as watcher:
        watcher.sign_in()
        reader = Reader(watcher)
        reader.start()
        time.sleep(1)
        delays = []
        for content in images:
            image_id = phone.begin(content)
            time.sleep(0.2)
            reader.came.clear()
            answered = receipt(phone, image_id)
            deadline = time.time() + 5
            while not reader.came and time.time() < deadline:
                time.sleep(0.0005)
            delays.append((reader.came[0] - answered) * 1000)
        reader.stream.close()
    return delays


def cards(page: Page, phone: Visitor, images: Sequence[bytes]) -> list[float]:
    """One at a time: until the card is on the page."""
    delays = []
    for content in images:
        image_id = phone.begin(content)
        answered = receipt(phone, image_id)
        delays.append(came(page, [image_id])[image_id] - answered * 1000)
        time.sleep(0.3)
    return delays


def burst(page: Page, phone: Visitor, images: Sequence[bytes]) -> float:
    """All at once: until the last card is on the page, after the last answer."""
    ids = [phone.begin(content) for content in images]
    with ThreadPoolExecutor(len(ids)) as pool:
        answered = max(pool.map(lambda image_id: receipt(phone, image_id), ids))
    return max(came(page, ids).values()) - answered * 1000


def came(page: Page, ids: Sequence[str]) -> dict[str, float]:
    deadline = time.time() + 10
    while time.time() < deadline:
        found = page.evaluate("() => window.came")
        if all(image_id in found for image_id in ids):
            return {image_id: found[image_id] for image_id in ids}
        page.wait_for_timeout(20)
    raise AssertionError("a card never came")


def page_ms(desk: Visitor) -> float:
    """The median of an ordinary page."""
    times = []
    for _ in range(LOOKS):
        started = time.perf_counter()
        assert desk.get("/").status == 200
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def web_kilobytes(instance: Instance) -> float:
    """The web processes' share of memory (PSS)."""
    return 1000 * sum(pss(pid) for pid in instance.children("gunicorn"))


def desks(instance: Instance, desk: Visitor) -> tuple[float, float, float]:
    """An ordinary page without and with the open streams, and KB each of them holds."""
    with ThreadPoolExecutor(40) as pool:  # threads and connections that a busy hour would have
        list(pool.map(lambda _: desk.get("/").status, range(400)))
    alone, before = page_ms(desk), web_kilobytes(instance)
    with Desks(desk, STREAMS) as many:
        time.sleep(8)  # each was checked at least once
        crowded, after = page_ms(desk), web_kilobytes(instance)
        assert not many.closed, f"{len(many.closed)} streams were closed"
    return alone, crowded, (after - before) / STREAMS


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def with_browser(instance: Instance, measure: Callable[[Page], None]) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(instance.url + "/")
        page.get_by_label("E-mail").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.locator("#grid").wait_for(state="attached")
        page.wait_for_load_state()
        page.wait_for_timeout(1500)
        page.evaluate(WATCH)
        measure(page)
        browser.close()


def main(count: int) -> None:
    base = skin_jpeg(2000, 1500)
    images = iter([unlike(base, number) for number in range(2 * count + 6 * BURST + 1)])
    told = io.StringIO()
    folder = Path(tempfile.mkdtemp(dir="/tmp"))

    def some(number: int) -> list[bytes]:
        return [next(images) for _ in range(number)]

    with Instance(folder) as instance, Visitor(instance.url) as desk:
        desk.set_up(instance.setup_code or "")
        phone = phone_of(desk)
        receipt(phone, phone.begin(next(images)))
        delays = events(desk, phone, some(count))
        print(
            f"receipt to event   p50 {statistics.median(delays):6.1f} ms, "
            f"p95 {percentile(delays, 0.95):6.1f} ms (goal {EVENT})",
            file=told,
        )

        def browse(page: Page) -> None:
            delays = cards(page, phone, some(count))
            lasts = [burst(page, phone, some(BURST)) for _ in range(5)]
            print(
                f"receipt to card    p50 {statistics.median(delays):6.1f} ms, "
                f"p95 {percentile(delays, 0.95):6.1f} ms (goal {CARD})\n"
                f"last of {BURST} at once p50 {statistics.median(lasts):6.1f} ms, "
                f"most {max(lasts):6.1f} ms (goal {LAST})",
                file=told,
            )

        with_browser(instance, browse)
        alone, crowded, each = desks(instance, desk)
        phone.close()
    shutil.rmtree(folder)
    print(
        f"{STREAMS} desks open     pages {alone:.1f} ms alone, {crowded:.1f} ms, "
        f"{crowded / alone:.2f} times (goal {SLOWER})\n"
        f"one stream         {each:.1f} KB (goal {PER_STREAM})",
        file=told,
    )
    print(told.getvalue(), end="")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
