"""What a log line holds: our words, ids, and of a fault its type and place."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from clinicpro.logs import JsonLines, what
from tests.instance import ROOT

NAME = "Mere Tāmati"


@pytest.fixture
def lines() -> Iterator[list[dict[str, str]]]:
    """What is logged from here on, as it would stand in the log."""
    found: list[dict[str, str]] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(json.loads(self.format(record)))

    keeper = Keeper()
    keeper.setFormatter(JsonLines())
    logging.getLogger().addHandler(keeper)
    yield found
    logging.getLogger().removeHandler(keeper)


def fail() -> None:
    raise ValueError(f"cannot read '{NAME}'")


def test_our_words_stand_in_full_with_the_ids_that_may(lines: list[dict[str, str]]) -> None:
    facts = {"request": "AB-12", "job": 7, "patient": NAME}
    logging.getLogger("clinicpro.jobs").warning("job %s is late", "derive", extra=facts)
    (line,) = lines
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "warning",
        "logger": "clinicpro.jobs",
        "said": "job derive is late",
        "request": "AB-12",
        "job": "7",
    }


@pytest.mark.parametrize("arguments", [("Error handling %s", NAME), (f"Error handling {NAME}",)])
def test_of_a_library_there_is_no_word_about_whom(
    lines: list[dict[str, str]], arguments: tuple[str, ...]
) -> None:
    try:
        fail()
    except ValueError:
        logging.getLogger("gunicorn.error").exception(*arguments)
    (line,) = lines
    assert "test_lines:" in line["said"]
    assert line["error"].startswith("ValueError at test_lines.py:")
    assert "Mere" not in json.dumps(line)


def test_a_fault_is_its_type_and_places() -> None:
    with pytest.raises(ValueError, match="cannot read") as caught:
        fail()
    words = what(caught.value)
    assert words.startswith("ValueError at ")
    assert words.count("test_lines.py:") == 2
    assert "Mere" not in words


ENDS = """
import threading, warnings
from clinicpro import logs
from clinicpro.settings import SettingsError
logs.install()
def fail(): raise {kind}("Mere")
{how}
"""


@pytest.mark.parametrize(
    ("kind", "how", "is_said"),
    [
        ("ValueError", "fail()", False),
        ("ValueError", "threading.Thread(target=fail).start()", False),
        ("ValueError", "warnings.warn('Mere', stacklevel=1)", False),
        ("SettingsError", "fail()", True),
    ],
)
def test_last_words_of_a_process_are_no_different(kind: str, how: str, is_said: bool) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ENDS.format(kind=kind, how=how)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ("Mere" in ended.stderr) is is_said
    assert is_said or json.loads(ended.stderr.splitlines()[-1])["said"]
