"""What a phone is called at the desk."""

from __future__ import annotations

import pytest

from clinicpro.phones.devices import device_words
from tests.phones.phone import IPHONE

ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Mobile Safari/537.36"
)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (IPHONE, "iPhone, Safari"),
        (IPHONE.replace("Version/18.1", "CriOS/131.0"), "iPhone, Chrome"),
        (ANDROID, "Android, Chrome"),
        (ANDROID.replace("Chrome/", "SamsungBrowser/27.0 Chrome/"), "Android, Samsung Internet"),
        (ANDROID + " EdgA/131.0", "Android, Edge"),
        (
            "Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0",
            "Android, Firefox",
        ),
        ("", "Phone"),
        ("\r\nX-Evil: 1", "Phone"),
    ],
)
def test_the_user_agent_in_short_words(agent: str, words: str) -> None:
    assert device_words(agent) == words


def test_what_a_stranger_says_of_itself_is_cleaned() -> None:
    said = "<script>Dr Ngata’s\u202e\n phone</script>" + "x" * 200
    assert device_words("", said) == "scriptDr Ngata’s phonescript" + "x" * 12
