"""How soon a paired phone's page can take a photo when it is opened again on a slow network.

A processor four times slower and "slow 3G" (2 s from request to answer, 50 kB/s), page and
service worker alike: the network stands between the browser and the server, not in the browser.
Run by hand: python -m bench.phone_page [openings].
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.conftest import FLAGS
from tests.browser.handset import PHONES, Handset
from tests.browser.words import set_up, start_consultation
from tests.instance import Instance

GOAL = 1000  # ms
SLOWER = 4  # times
LATENCY, PER_SECOND = 2.0, 50_000  # seconds, bytes
USABLE = """() => {
  const shutter = document.querySelector("[data-act=take]");
  return shutter && shutter.checkVisibility() && customElements.get("shot-taking")
    ? performance.now() : 0;
}"""


class SlowNetwork:
    """Between a browser and the port of an instance; `is_slow` from the next bytes on."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.is_slow = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            inside, _ = self.listener.accept()
            outside = socket.create_connection(("127.0.0.1", self.target))
            for here, there, delay in ((inside, outside, LATENCY), (outside, inside, 0.0)):
                threading.Thread(target=self._carry, args=(here, there, delay), daemon=True).start()

    def _carry(self, here: socket.socket, there: socket.socket, delay: float) -> None:
        with contextlib.suppress(OSError), here, there:
            while content := here.recv(4096):
                if self.is_slow:
                    time.sleep(delay or len(content) / PER_SECOND)
                there.sendall(content)


def usable_ms(page: Page, address: str) -> float:
    """From the start of the navigation until the shutter is there and works."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address, wait_until="commit")
    found = page.wait_for_function(USABLE, polling="raf").json_value()
    assert isinstance(found, int | float)
    return float(found)


def main(openings: int) -> None:
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        with Instance(folder) as instance, sync_playwright() as playwright:
            network = SlowNetwork(instance.port)
            rules = f"MAP localhost:{instance.port} 127.0.0.1:{network.port}"
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=[*FLAGS, f"--host-resolver-rules={rules}"],
            )
            office = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=FLAGS
            )
            desk = office.new_page()
            set_up(desk, instance)
            start_consultation(desk, "ZZZ0016", "Mere Tāmati")
            context = browser.new_context(**PHONES["pixel"], is_mobile=True, has_touch=True)
            phone = Handset(context.new_page(), instance.url)
            phone.pair(desk)
            phone.is_ready_for_no_network()
            phone.window.close()
            office.close()
            network.is_slow = True
            times = []
            for _ in range(openings):
                page = context.new_page()
                times.append(usable_ms(page, f"{instance.url}/m"))
                expect(page.get_by_role("heading", level=1)).to_contain_text("M.T.")
                page.close()
            said = f"median {statistics.median(times):.0f}, slowest {max(times):.0f}"
            print(f"usable after {said} ms (goal {GOAL})")
            browser.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
