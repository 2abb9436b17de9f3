"""What people do in front of the screen, in their words."""

from __future__ import annotations

from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.corpus import skin_jpeg
from tests.instance import Instance

MANAGER = "aroha@kowhai.example"
PASSWORD = "gravel kowhai teapot"
DAY = 86_400_000  # ms
IS_VISIBLE = "image => image.complete && image.naturalWidth > 0"


def set_up(window: Page, instance: Instance) -> None:
    """The first account, with the code from the server's console; ends on the desk."""
    window.goto(instance.url + "/")
    window.get_by_label("code").fill(instance.setup_code or "")
    window.get_by_label("Practice").fill("Kōwhai Street Medical")
    window.locator("#name").fill("Dr Aroha Ngata")
    window.get_by_label("E-mail").fill(MANAGER)
    window.get_by_label("Password").fill(PASSWORD)
    window.locator("[name=is_gp]").check()
    window.get_by_role("button", name="Create the account").click()
    expect(window.locator("#topbar")).to_be_visible()
    window.wait_for_load_state()  # its scripts have run


def sign_in(window: Page, instance: Instance, email: str) -> None:
    window.goto(instance.url + "/")
    window.get_by_label("E-mail").fill(email)
    window.get_by_label("Password").fill(PASSWORD)
    window.get_by_role("button", name="Sign in").click()
    expect(window.locator("#topbar")).to_be_visible()
    window.wait_for_load_state()  # its scripts have run


def set_wrong_clock(window: Page, days: int) -> None:
    """From the next page on its computer's clock is so many days ahead."""
    window.add_init_script(
        f"const right = Date.now; const off = {days * DAY};"
        "Date = class extends Date {"
        " constructor(...given) { super(...(given.length ? given : [right() + off])); }"
        " static now() { return right() + off; } };"
    )


def start_consultation(window: Page, nhi: str, name: str) -> None:
    with window.expect_response("**/consultations/lookup"):
        window.get_by_label("NHI", exact=True).fill(nhi)
        window.get_by_label("NHI", exact=True).press("Tab")
    form = window.locator("#start")
    form.get_by_label("Name").fill(name)
    form.get_by_label("Date of birth").fill("12/3/1979")
    form.get_by_role("button", name="Start").click()
    expect(window.locator("#topbar")).to_contain_text(name)


def photo(seed: int, width: int = 800, height: int = 600) -> FilePayload:
    content = skin_jpeg(width, height, seed=seed)
    return {"name": f"IMG_{seed:04}.jpg", "mimeType": "image/jpeg", "buffer": content}


def choose_photos(window: Page, *photos: FilePayload) -> None:
    with window.expect_file_chooser() as chooser:
        window.get_by_role("button", name="Choose images").click()
    chooser.value.set_files(list(photos))


def saved_cards(window: Page) -> Locator:
    return window.locator("#grid .card[data-state=ready]")


def wait_until_shown(image: Locator) -> None:
    """Returns when the image has pixels on the screen."""
    image.scroll_into_view_if_needed()
    window = image.page
    window.wait_for_function(IS_VISIBLE, arg=image.element_handle())


def open_image(window: Page, card: Locator) -> Locator:
    """Open the card's image; returns the viewer with the image in it."""
    card.locator("a").first.click()
    viewer = window.locator("#viewer")
    wait_until_shown(viewer.locator(".stage__image"))
    return viewer


def describe(viewer: Locator, context: str) -> None:
    """Ask for a description, with the patient's consent."""
    viewer.get_by_label("Clinical context").fill(context)
    viewer.get_by_label("The patient has agreed to this").check()
    viewer.get_by_role("button", name="Describe").click()
