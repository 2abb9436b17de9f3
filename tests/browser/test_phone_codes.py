"""Codes that are worth nothing, and what a phone keeps, shows and weighs."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Response, expect

from clinicpro.joined import content
from clinicpro.web import ROOT
from tests.browser.handset import new_code
from tests.browser.test_axe import problems_of
from tests.browser.words import photo, start_consultation

pytestmark = pytest.mark.browser
LIGHT = 60_000  # bytes of the whole page
KEPT = """async () => {
  const rows = await vault.act(["bytes"], "readonly", (store) => store.getAll());
  const shots = await vault.act(["shots"], "readonly", (store) => store.getAll());
  const words = (one) => new TextDecoder("latin1").decode(one);
  const cached = [];
  for (const name of await caches.keys()) cached.push(...(await (await caches.open(name)).keys()));
  const sealed = [...rows, ...shots.flatMap(({ details, thumb }) => [details, thumb])];
  return {
    isReadable: (await vault.key()).extractable,
    sealed: sealed.map((one) => words(one.sealed)),
    pairing: words((await vault.read("pairing", "now")).sealed),
    plain: JSON.stringify(shots.map(({ details, thumb, ...rest }) => rest)),
    cached: cached.map(({ url }) => new URL(url).pathname),
    storage: { ...localStorage, ...sessionStorage },
  };
}"""


def test_a_code_is_good_once_and_the_phone_says_how_to_get_another(
    desk, handset, other_handset, watcher
):
    watcher.permit("status of 410")  # Chromium's own line
    secret = handset.scan(desk)
    expect(handset.window.locator("[data-match]")).to_have_text(re.compile(r"^\d\d$"))
    other_handset.open(secret)
    expect(other_handset.window.get_by_role("alert")).to_contain_text("already")
    expect(other_handset.window.get_by_text("Scan the code on the desk")).to_be_visible()
    other_handset.open("never-was-one")
    expect(other_handset.window.get_by_role("alert")).to_contain_text("run out")
    expect(other_handset.window.get_by_role("alert")).to_contain_text("new code")
    other_handset.window.reload()
    expect(other_handset.window.get_by_role("alert")).to_be_hidden()


def test_a_phone_with_another_number_stops_and_the_desk_says_so(desk, handset):
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    handset.scan(desk)
    handset.button("A different number? Stop").click()
    expect(desk.get_by_text("Stopped on the phone")).to_be_visible()
    expect(handset.window.get_by_text("Scan the code on the desk")).to_be_visible()
    expect(handset.window.get_by_role("alert")).to_be_hidden()
    handset.window.reload()  # its cookie is worth nothing
    expect(handset.window.get_by_text("The pairing of this phone has ended")).to_be_visible()


def test_where_the_desk_cannot_be_told_the_phone_stops_all_the_same(desk, handset, watcher):
    watcher.permit("status of 503")  # Chromium's own line
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    handset.scan(desk)
    handset.window.route("**/m/leave", lambda route: route.fulfill(status=503))
    handset.button("A different number? Stop").click()
    expect(handset.window.get_by_role("alert")).to_contain_text("Press No on the desk too")
    desk.get_by_role("button", name="Yes, confirm").click()  # the wrong button
    expect(desk.get_by_text("Connected. Photos from this phone")).to_be_visible()
    handset.window.evaluate("pairing.look()")
    expect(handset.window.get_by_text("Scan the code on the desk")).to_be_visible()


def test_neither_address_nor_history_nor_disk_tells_who_it_was(desk, handset):
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    secret = new_code(desk)
    asked: list[str] = []
    handset.window.on("request", lambda request: asked.append(request.url))
    handset.open(secret)
    expect(handset.window.locator("[data-match]")).to_have_text(re.compile(r"^\d\d$"))
    desk.get_by_role("button", name="Yes, confirm").click()
    expect(handset.shutter).to_be_visible()
    assert handset.window.url == f"{handset.origin}/m"
    assert handset.window.evaluate("document.title").startswith("Phone camera")
    handset.is_ready_for_no_network()
    handset.cut_off()
    handset.shoot(photo(81), "Close-up")
    expect(handset.rows).to_have_count(1)
    kept = handset.window.evaluate(KEPT)
    assert kept["isReadable"] is False
    assert kept["storage"] == {}
    assert len(kept["sealed"]) == 3
    for sealed in (*kept["sealed"], kept["pairing"], kept["plain"]):
        for word in ("\xff\xd8\xff", "JFIF", "IMG_", "M.T.", "0016", "close-up", secret):
            assert word not in sealed
    assert sorted(set(kept["cached"])) == [
        "/m",
        "/static/css/phone.css",
        "/static/img/icon.svg",
        "/static/js/phone.js",
    ]
    # The page's own address with the secret never leaves the phone; what is asked for has none.
    assert [url for url in asked if secret in url and "#" not in url] == []
    handset.connect()
    handset.shows_safe(1)
    handset.button("Next patient").click()
    expect(handset.window.get_by_text("Scan the code on the desk")).to_be_visible()
    assert handset.stored() == {"keys": 1, "pairing": 0, "shots": 0, "bytes": 0}


def test_axe_finds_nothing_on_any_screen(desk, handset):
    start_consultation(desk, "ZZZ0016", "Mere Tāmati")
    handset.open()
    expect(handset.window.get_by_text("Scan the code on the desk")).to_be_visible()
    assert problems_of(handset.window) == []
    handset.scan(desk)
    expect(handset.window.locator("[data-match]")).to_have_text(re.compile(r"^\d\d$"))
    assert problems_of(handset.window) == []
    desk.get_by_role("button", name="Yes, confirm").click()
    expect(handset.shutter).to_be_visible()
    assert problems_of(handset.window) == []
    handset.take(photo(82))
    assert problems_of(handset.window) == []
    handset.keep("Close-up", site="Forearm", side="Left")
    handset.shows_safe(1)
    handset.window.get_by_label("Shot list").select_option(label="Skin lesion")
    assert problems_of(handset.window) == []
    for width in (360, 390):
        handset.window.set_viewport_size({"width": width, "height": 740})
        assert handset.window.evaluate("document.documentElement.scrollWidth") == width


def test_the_whole_page_is_light(handset):
    answers: list[Response] = []
    handset.window.on("response", lambda answer: answers.append(answer))
    handset.open()
    expect(handset.window.get_by_text("Scan the code on the desk")).to_be_visible()
    weight = 0
    for answer in answers:
        sizes = answer.request.sizes()
        weight += sizes["responseHeadersSize"] + sizes["responseBodySize"]
    assert len(answers) >= 4  # the page, its stylesheet, its script, its state
    assert weight < LIGHT
    script = content(ROOT / "static", "js/phone.js")
    assert len(script) < LIGHT  # uncompressed, alone
    assert b"htmx" not in script
