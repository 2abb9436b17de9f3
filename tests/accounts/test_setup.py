"""The first account: made once, with the console's code."""

from __future__ import annotations

from clinicpro.settings import Settings
from clinicpro.up.place import Place
from clinicpro.up.secrets import new_setup_code
from tests.factories import PASSWORD, Person, user_named


def typed(code: str, **changes: str) -> dict[str, str]:
    return {
        "code": code,
        "practice_name": "Kōwhai Street Medical",
        "name": "Dr Aroha Ngata",
        "email": "Aroha@kowhai.example",
        "password": PASSWORD,
        "is_gp": "y",
        **changes,
    }


def test_before_there_is_an_account_every_page_leads_to_the_setup(nobody: Person) -> None:
    assert nobody.get("/").headers["Location"] == "/setup"
    assert nobody.get("/login").headers["Location"] == "/setup"
    assert nobody.get("/setup").status_code == 200


def test_the_code_makes_the_first_manager_and_then_is_void(
    settings: Settings, nobody: Person
) -> None:
    code = new_setup_code(Place(settings.data))
    assert nobody.post("/setup", data=typed(code.lower().replace("-", " "))).status_code == 303
    assert user_named("aroha@kowhai.example").roles == {"manager", "gp"}
    page = nobody.get("/practice")
    assert page.status_code == 200
    assert "Kōwhai Street Medical" in page.text
    again = nobody.post("/setup", data=typed(code, email="second@kowhai.example"))
    assert again.status_code == 422
    assert not (settings.data / "setup-code").exists()
    assert nobody.get("/setup").headers["Location"] == "/login"


def test_a_wrong_code_makes_nobody(settings: Settings, nobody: Person) -> None:
    new_setup_code(Place(settings.data))
    answer = nobody.post("/setup", data=typed("AAAA-BBBB-CCCC"))
    assert answer.status_code == 422
    assert "That is not the code" in answer.text
    assert PASSWORD not in answer.text
    assert nobody.get("/login").headers["Location"] == "/setup"


def test_without_a_code_on_the_console_none_is_right(nobody: Person) -> None:
    for code in ("", "AAAA-BBBB-CCCC"):
        assert nobody.post("/setup", data=typed(code)).status_code == 422
