"""A phone before the desk's screen, in the words of the person who holds it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.phones.phone import IPHONE, read_code

PIXEL = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Mobile Safari/537.36"
)
# As Playwright's descriptors have them; the engine under both is Chromium.
PHONES = {
    "iphone": {"user_agent": IPHONE, "viewport": {"width": 390, "height": 844}},
    "pixel": {"user_agent": PIXEL, "viewport": {"width": 360, "height": 732}},
}
SAFE = "Safe to leave the room"
STORED = """async () => {
  const db = await vault.db();
  const counts = {};
  for (const name of db.objectStoreNames) {
    counts[name] = await vault.act([name], "readonly", (store) => store.count());
  }
  return counts;
}"""


@dataclass
class Handset:
    """`origin` is where this phone reaches the practice."""

    window: Page
    origin: str

    def scan(self, desk: Page) -> str:
        """Point the camera at a new code of the desk; returns the code's secret."""
        secret = new_code(desk)
        self.open(secret)
        return secret

    def open(self, secret: str = "") -> None:
        self.window.goto(f"{self.origin}/m" + (f"#{secret}" if secret else ""))

    def pair(self, desk: Page) -> None:
        """Scan, compare the numbers, confirm at the desk."""
        self.scan(desk)
        number = self.window.locator("[data-match]")
        expect(number).to_have_text(re.compile(r"^\d\d$"))
        expect(desk.locator(".pairing__digits")).to_have_text(number.inner_text())
        desk.get_by_role("button", name="Yes, confirm").click()
        expect(self.shutter).to_be_visible()
        desk.keyboard.press("Escape")

    @property
    def shutter(self) -> Locator:
        return self.window.get_by_role("button", name="Take photo")

    @property
    def rows(self) -> Locator:
        return self.window.locator(".queue__item")

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.window.get_by_role("button", name=name)

    def take(self, image: FilePayload) -> None:
        """Press the shutter; ends on the preview."""
        self._choose("Take photo", [image])

    def choose(self, *images: FilePayload) -> None:
        """Several from the library; ends on the preview of the first."""
        self._choose("From library", list(images))

    def _choose(self, name: str, images: list[FilePayload]) -> None:
        with self.window.expect_file_chooser() as chooser:
            self.button(name).click()
        chooser.value.set_files(images)
        expect(self.window.get_by_label("Body site")).to_be_visible()

    def keep(self, view: str = "", site: str = "", side: str = "") -> None:
        """Say what it shows, tick the consent, keep it."""
        if site:
            self.window.get_by_label("Body site").select_option(label=site)
        for choice in (side, view):
            if choice:
                self.window.get_by_label(choice, exact=True).check()
        self.window.get_by_role("checkbox").check()
        expect(self.window.locator("shot-preview[data-looked-at]")).to_be_visible()
        self.button(re.compile("^Keep")).click()

    def shoot(self, image: FilePayload, view: str = "") -> None:
        self.take(image)
        self.keep(view)

    def shows_safe(self, count: int) -> None:
        expect(self.window.get_by_role("heading", name=SAFE)).to_be_visible(timeout=30_000)
        said = "The photo is" if count == 1 else f"All {count} photos are"
        expect(self.window.locator(".safe")).to_contain_text(said)

    def cut_off(self) -> None:
        self.window.context.set_offline(True)

    def connect(self) -> None:
        self.window.context.set_offline(False)

    def is_ready_for_no_network(self) -> None:
        """Returns when the page is kept on the phone."""
        self.window.evaluate("navigator.serviceWorker.ready.then(() => true)")

    def stored(self) -> dict[str, int]:
        """How many of each kind this phone holds on its disk."""
        counts = self.window.evaluate(STORED)
        assert isinstance(counts, dict)
        return counts


def new_code(desk: Page) -> str:
    """The secret of a new code, read from the desk's screen as a camera would."""
    desk.get_by_role("button", name=re.compile("^(Pair phone|Pair another)")).first.click()
    code = desk.locator(".pairing__code svg")
    expect(code).to_be_visible()
    return urlsplit(read_code(str(code.evaluate("one => one.outerHTML")))).fragment
