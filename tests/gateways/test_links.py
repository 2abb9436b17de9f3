"""Names for downloads come from people: nothing in them may reach the header's own grammar."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from clinicpro.gateways.links import attachment


def name_in(header: str) -> str:
    return unquote(header.rpartition("filename*=UTF-8''")[2])


@pytest.mark.parametrize(
    ("asked", "saved"),
    [
        ("2026-01-31_left-forearm_close-up_1.jpg", "2026-01-31_left-forearm_close-up_1.jpg"),
        ("Whangārei.jpg", "Whangārei.jpg"),
        ("arm.jpg\r\nSet-Cookie: x=1", "arm.jpgSet-Cookie x=1"),
        ('a"; filename="b.exe', "a filename=b.exe"),
        ("../../etc/passwd", "etcpasswd"),
        ("C:\\con|<>*?.jpg", "Ccon.jpg"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("nul\x00byte.jpg", "nulbyte.jpg"),
        ("zero\u200bwidth.jpg", "zerowidth.jpg"),
        ("\ud800.jpg", "jpg"),
        ("...", "image"),
        ("", "image"),
        ("写真.jpg", "写真.jpg"),
    ],
)
def test_a_name_is_made_safe(asked: str, saved: str) -> None:
    header = attachment(asked)
    assert name_in(header) == saved
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2


def test_a_long_name_keeps_its_ending() -> None:
    name = name_in(attachment("ā" * 4000 + ".jpeg"))
    assert len(name) == 120
    assert name.endswith("ā.jpeg")


def test_letters_without_a_plain_form_leave_a_plain_name() -> None:
    assert 'filename="jpg"' in attachment("写真.jpg")
    assert 'filename="image"' in attachment("写真")
