"""NHI numbers of both forms (HISO 10046)."""

from __future__ import annotations

import pytest

from clinicpro.patients.nhi import clean, problem

VALID = [
    *("ZAC5361", "JBX3656", "WLD9413", "EPT6335", "CGC2720", "AAA1116", "BBB2221", "ZZZ0016"),
    *("ZZA0070", "ZBN77VL", "ABC12DS", "ABC12AY", "AAA11AU", "ZZZ00AC", "ZVB97XQ", "ZZA00PY"),
    "ZAD96LF",
]
INVALID = ["ZAC3561", "ZZZ0044", "DAB8233", "ZZZ00AA", "ZAD96LT", "ZVB97XR"]
NOT_ONE = [
    *("", "ZZZ001", "ZZZ00166", "ZZI0016", "ZZO0016", "ZZZ001A", "ZZZ00A1", "ŽZZ0016"),
    *("ZZZ００16", "ZZZ0016\n", "0016ZZZ", "ZZZ00IO"),
]


@pytest.mark.parametrize("nhi", VALID)
def test_valid(nhi: str) -> None:
    assert problem(nhi) is None


@pytest.mark.parametrize("nhi", INVALID)
def test_a_wrong_check_character_is_named(nhi: str) -> None:
    assert "last character" in (problem(nhi) or "")


@pytest.mark.parametrize("text", NOT_ONE)
def test_what_is_no_nhi_at_all_is_told_the_form(text: str) -> None:
    assert "three letters" in (problem(text) or "")


@pytest.mark.parametrize("nhi", VALID)
def test_any_other_last_character_is_refused(nhi: str) -> None:
    letters = "0123456789" if nhi[-1].isdigit() else "ABCDEFGHJKLMNPQRSTUVWXYZ"
    fitting = [nhi[:6] + last for last in letters if problem(nhi[:6] + last) is None]
    assert fitting == [nhi]


def test_it_may_be_typed_small_and_with_blanks() -> None:
    assert clean(" zzz 0016 ") == "ZZZ0016"
