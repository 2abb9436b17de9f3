"""The desk's side of a phone: the code, the number, the photos, the question, the end."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenWindow
from tests.browser.words import photo, saved_cards, sign_in, start_consultation, wait_until_shown
from tests.instance import Instance
from tests.visitor import Visitor

pytestmark = pytest.mark.browser
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)


class Phone(Visitor):
    """A phone that scans what a screen shows, and speaks the phone's own routes."""

    def scan(self, desk: Page) -> str:
        """Read the code off the screen and take it; gives the number to compare."""
        expect(desk.locator(".pairing__code svg")).to_be_visible()
        screen = Image.open(io.BytesIO(desk.screenshot()))
        (code,) = zxingcpp.read_barcodes(screen)
        address = urlsplit(code.text)
        assert address.scheme == "https"
        assert address.path == "/m"
        kind = {"Content-Type": "application/json", "User-Agent": IPHONE}
        body = json.dumps({"secret": address.fragment}).encode()
        answer = self.send("POST", "/m/redeem", body, kind)
        assert answer.status == 200, answer.content
        return str(answer.json()["match"])

    def state(self) -> dict[str, object]:
        found = self.get("/m/state").json()
        self._token = str(found["csrfToken"])
        return found

    def announces(self, content: bytes, waiting: int) -> dict[str, object]:
        self.state()
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        body = {"filename": "IMG_1.jpg", "mimeType": "image/jpeg", "size": len(content)}
        answer = self.post_json(
            "/api/uploads/presign", {**body, "sha256": digest, "waiting": waiting}
        )
        assert answer.status == 201, answer.content
        return answer.json()

    def shoots(self, content: bytes, waiting: int = 0) -> None:
        ticket = self.announces(content, waiting + 1)
        assert self.put(ticket, content) == 200
        body = {"waiting": waiting}
        answer = self.post_json(f"/api/uploads/{ticket['imageId']}/receipt", body)
        assert answer.status == 200, answer.content


@pytest.fixture
def phone(practice: Instance) -> Iterator[Phone]:
    with Phone(practice.url) as phone:
        yield phone


def pair(desk: Page, phone: Phone) -> None:
    desk.get_by_role("button", name="Pair phone").click()
    match = phone.scan(desk)
    expect(desk.locator(".pairing__digits")).to_have_text(match)
    desk.get_by_role("button", name="Yes, confirm").click()
    expect(desk.get_by_text("Connected. Photos from this phone")).to_be_visible()
    desk.get_by_role("button", name="Done").click()


def test_a_phone_is_paired_and_its_photos_slide_in(desk: Page, phone: Phone) -> None:
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    pair(desk, phone)
    phones = desk.locator("#phones")
    expect(phones).to_contain_text("iPhone, Safari")
    expect(phones).to_contain_text("Adds to Mere Tāmati")
    assert phone.state()["patient"] == {"initials": "M.T.", "nhiTail": "0016"}

    phone.shoots(photo(81)["buffer"], waiting=1)
    card = saved_cards(desk).filter(has_text="Phone")
    expect(card).to_have_count(1)
    wait_until_shown(card.locator("img"))
    expect(desk.locator("#news")).to_contain_text(
        "1 image just arrived from the phone for Mere Tāmati"
    )
    expect(desk).to_have_title("(1) Images · ClinicPro Clinical Images")
    expect(phones).to_contain_text("1 photo saved · 1 still on the phone")
    phone.shoots(photo(82)["buffer"], waiting=0)
    expect(desk.locator("#news")).to_contain_text(
        "2 images just arrived from the phone for Mere Tāmati"
    )
    expect(desk).to_have_title("(2) Images · ClinicPro Clinical Images")
    desk.get_by_role("button", name="Show them").click()
    expect(desk).to_have_title("Images · ClinicPro Clinical Images")
    expect(saved_cards(desk).first.locator("a").first).to_be_focused()
    phone.shoots(photo(83)["buffer"], waiting=0)
    expect(desk.locator("#news")).to_contain_text("1 image just arrived")


def test_a_phone_with_another_number_is_turned_away(desk: Page, phone: Phone) -> None:
    start_consultation(desk, "ZZZ0032", "Hana Wiremu")
    desk.get_by_role("button", name="Pair phone").click()
    phone.scan(desk)
    desk.get_by_role("button", name="No", exact=True).click()
    expect(desk.get_by_text("The phone was turned away")).to_be_visible()
    assert phone.state()["state"] == "ended"
    desk.get_by_role("button", name="New code").click()
    expect(desk.locator(".pairing__code svg")).to_be_visible()
    expect(desk.locator("[data-left]")).to_have_text("1:58")


def test_finish_and_switch_say_what_is_still_on_the_phone(desk: Page, phone: Phone) -> None:
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    pair(desk, phone)
    phone.announces(photo(82)["buffer"], waiting=2)
    expect(desk.locator("#phones")).to_contain_text("2 still on the phone")

    desk.get_by_role("button", name="Finish").click()
    question = desk.get_by_role("dialog", name="2 still on the phone")
    expect(question).to_be_visible()
    question.get_by_role("button", name="Wait").click()
    expect(desk.locator("#topbar")).to_contain_text("Mere Tāmati")

    desk.get_by_role("link", name="Switch", exact=True).click()
    form = desk.locator("#start")
    with desk.expect_response("**/consultations/lookup"):
        form.get_by_label("NHI").fill("ZZZ0032")
        form.get_by_label("NHI").press("Tab")
    form = desk.locator("#start")
    form.get_by_label("Name").fill("Hana Wiremu")
    form.get_by_role("button", name="Start").click()
    question = desk.get_by_role("dialog", name="2 still on the phone")
    question.get_by_role("button", name="Switch now").click()
    expect(desk.locator("#topbar")).to_contain_text("Hana Wiremu")
    expect(desk.locator("#phones")).to_contain_text("Adds to Mere Tāmati")
    expect(desk.locator("#phones")).to_contain_text("Not the current patient")
    assert phone.state()["patient"] == {"initials": "M.T.", "nhiTail": "0016"}


def test_the_desk_revokes_a_phone(desk: Page, phone: Phone) -> None:
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    pair(desk, phone)
    desk.locator("#phones").get_by_role("button", name="Revoke").click()
    expect(desk.locator("#phones")).not_to_contain_text("iPhone")
    assert phone.state()["state"] == "ended"


def test_two_windows_of_a_gp_show_the_same_phones(
    desk: Page, phone: Phone, practice: Instance, open_window: OpenWindow, gp: str
) -> None:
    other = open_window(practice)
    sign_in(other, practice, gp)
    pair(desk, phone)
    expect(other.locator("#phones")).to_contain_text("iPhone, Safari")
    expect(other.locator("#phones")).to_contain_text("your unassigned tray")
