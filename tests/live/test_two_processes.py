"""What one process commits wakes the listeners of another, on either database."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from clinicpro.db import db
from clinicpro.live import Wake, bus
from clinicpro.settings import Settings
from tests.instance import ROOT
from tests.postgres import Postgres

SOON = 5  # seconds; a busy machine is no failure
Speak = Callable[[str], None]


@pytest.fixture
def speak(settings: Settings, app: Flask) -> Iterator[Speak]:
    """Have another process announce a topic; returns when it has committed."""
    where = (settings.data, settings.runtime, settings.database_url)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.live.speaker", *map(str, where)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        words, answers = process.stdin, process.stdout

        def say(topic: str) -> None:
            words.write(f"{topic}\n")
            words.flush()
            assert answers.readline() == "announced\n"

        yield say
        words.close()


def wait_until(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON
    while not happens():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def drain(wake: Wake) -> None:
    """Past the first look, and past the one that comes with the connection."""
    while wake.wait(0.7):
        pass


def hears(settings: Settings) -> bool:
    """Whether this process is connected to what the others say."""
    return any(settings.wake_folder.glob("*.sock")) if settings.is_sqlite else bool(listeners())


def test_another_process_wakes_the_listener_of_its_topic_alone(
    app: Flask, speak: Speak, settings: Settings
) -> None:
    with bus().listen("images:1") as mine, bus().listen("images:2") as theirs:
        wait_until(lambda: hears(settings))
        drain(mine)
        drain(theirs)
        speak("images:1")
        assert mine.wait(SOON) == {"images:1"}
        assert theirs.wait(0.3) == set()


def listeners() -> list[int]:
    """The server's processes that listen for us."""
    asked = text(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
        "AND query LIKE 'LISTEN%'"
    )
    with db.engine.connect() as connection:
        return list(connection.scalars(asked))


@pytest.mark.postgres
def test_a_lost_connection_is_made_anew_and_nothing_is_missed(
    app: Flask, speak: Speak, settings: Settings, postgres: Postgres
) -> None:
    if settings.is_sqlite:
        pytest.skip("datagrams have no connection")
    with bus().listen("images:1") as wake:
        wait_until(lambda: len(listeners()) == 1)
        drain(wake)
        (pid,) = listeners()
        with db.engine.begin() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        speak("images:1")  # while nobody listens
        assert wake.wait(SOON) == {"images:1"}
        wait_until(lambda: listeners() not in ([], [pid]))
        drain(wake)
        speak("images:1")
        assert wake.wait(SOON) == {"images:1"}
