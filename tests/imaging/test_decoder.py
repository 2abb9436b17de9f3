"""The decoder as a process: it outlives its forks, keeps its turns, and ends when told."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from clinicpro.gateways import DecoderDown, ImageRejected
from clinicpro.imaging import wire
from clinicpro.imaging.decoder import LONGEST_PAUSE
from tests import corpus, hostile
from tests.imaging.conftest import DecoderProcess, running_decoder, start


def children(running: DecoderProcess) -> list[psutil.Process]:
    return psutil.Process(running.process.pid).children()


def wait_for(what: Callable[[], object], seconds: float = 5.0) -> None:
    ends_at = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < ends_at
        time.sleep(0.005)


def test_what_costs_too_much_dies_and_the_decoder_goes_on() -> None:
    with running_decoder(cpu_seconds=1) as running:
        with pytest.raises(ImageRejected, match="too complex to be read safely"):
            running.client.derivatives(hostile.slow())
        assert running.client.thumb(corpus.skin_jpeg()).width == 800


def test_a_fork_killed_from_outside_is_no_verdict_on_the_image() -> None:
    with running_decoder() as running, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(running.client.derivatives, hostile.slow())
        wait_for(lambda: children(running))
        children(running)[0].kill()
        with pytest.raises(DecoderDown, match="Nothing is lost"):
            asked.result(10)
        assert running.client.thumb(corpus.skin_jpeg()).width == 800


def test_a_fork_that_waits_for_ever_is_ended() -> None:
    with running_decoder(wall_seconds=0.5) as running:
        with socket.socket(socket.AF_UNIX) as silent:
            silent.settimeout(5)
            silent.connect(str(running.path))
            silent.send(wire.Request("thumb", 1000).line() + b"and then nothing")
            assert b"Nothing is lost" in silent.recv(1000)
        assert running.client.thumb(corpus.skin_jpeg()).width == 800


def test_twenty_at_once_are_all_answered(decoder_process: DecoderProcess) -> None:
    contents = [corpus.skin_jpeg(seed=number) for number in range(4)] * 5
    most = 0

    def watch(over: threading.Event) -> None:
        nonlocal most
        while not over.wait(0.002):
            most = max(most, len(children(decoder_process)))

    over = threading.Event()
    watcher = threading.Thread(target=watch, args=(over,))
    watcher.start()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(decoder_process.client.thumb, contents))
    over.set()
    watcher.join()
    assert [answers[at].thumb for at in range(4)] * 5 == [answer.thumb for answer in answers]
    assert len({answer.thumb for answer in answers}) == 4
    assert most <= 2


def test_a_thumb_does_not_wait_for_the_work_nobody_waits_for() -> None:
    with running_decoder() as running, ThreadPoolExecutor(3) as pool:
        long = [pool.submit(running.client.derivatives, hostile.slow()) for _ in range(3)]
        wait_for(lambda: children(running))
        assert running.client.thumb(corpus.skin_jpeg()).width == 800
        assert not any(one.done() for one in long)
        wait_for(lambda: [child.nice() for child in children(running)] == [10])
        running.process.terminate()
        for one in long:
            assert isinstance(one.exception(10), DecoderDown)


def test_derivatives_wait_for_a_pause_in_a_burst_but_not_for_ever() -> None:
    content = corpus.skin_jpeg()
    with running_decoder(pause=0.5) as running, ThreadPoolExecutor(1) as pool:
        running.client.thumb(content)
        asked = pool.submit(running.client.derivatives, content)
        began, answers = time.monotonic(), 0
        while not asked.done():
            assert running.client.thumb(content).width == 800
            answers += 1
        waited = time.monotonic() - began
    assert asked.result().view_width == 800
    assert waited >= LONGEST_PAUSE - 0.1, f"begun among {answers} thumbs"
    with running_decoder(pause=0.5) as running:
        running.client.thumb(content)
        began = time.monotonic()
        running.client.derivatives(content)
        assert 0.4 < time.monotonic() - began < LONGEST_PAUSE


def test_sigterm_ends_parent_and_forks_at_once() -> None:
    with running_decoder() as running, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(running.client.derivatives, hostile.slow())
        wait_for(lambda: children(running))
        forks = children(running)
        began = time.monotonic()
        running.process.terminate()
        assert running.process.wait(2) == 0
        assert time.monotonic() - began < 1
        assert isinstance(asked.exception(5), DecoderDown)
        assert not any(one.is_running() for one in forks)
        assert not running.path.exists()


def test_a_killed_parent_leaves_no_fork_and_its_socket_is_taken_over() -> None:
    with running_decoder() as running, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(running.client.derivatives, hostile.slow())
        wait_for(lambda: children(running))
        forks = children(running)
        running.process.kill()
        assert isinstance(asked.exception(5), DecoderDown)
        wait_for(lambda: not any(one.is_running() for one in forks))
        with pytest.raises(DecoderDown):
            running.client.thumb(corpus.skin_jpeg())
        successor = start(running.path)
        assert successor.client.thumb(corpus.skin_jpeg()).width == 800
        successor.process.terminate()
        assert successor.process.wait(5) == 0


def test_the_socket_is_for_its_owner_alone(decoder_process: DecoderProcess) -> None:
    assert stat.S_IMODE(os.stat(decoder_process.path).st_mode) == 0o600


def test_the_parent_is_small_and_has_one_thread(decoder_process: DecoderProcess) -> None:
    parent = psutil.Process(decoder_process.process.pid)
    decoder_process.client.derivatives(corpus.skin_heic())
    assert parent.num_threads() == 1
    assert parent.memory_full_info().pss < 60_000_000


def test_neither_flask_nor_a_database_is_loaded() -> None:
    program = (
        "import clinicpro.imaging.decoder, clinicpro.imaging.client, sys;"
        "print(sorted({'flask', 'sqlalchemy', 'boto3', 'anthropic'} & sys.modules.keys()))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert ran.stdout == b"[]\n"


STRANGERS = [b"", b"\n", b"x" * 5000, b'{"work": "exec", "size": 1}'.ljust(64)]


@pytest.mark.parametrize("request_line", STRANGERS)
def test_who_does_not_keep_to_the_protocol_is_hung_up_on(
    decoder_process: DecoderProcess, request_line: bytes
) -> None:
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.settimeout(5)
        stranger.connect(str(decoder_process.path))
        stranger.sendall(request_line)
        stranger.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            assert stranger.recv(100) == b""
    assert decoder_process.client.thumb(corpus.skin_jpeg()).width == 800
