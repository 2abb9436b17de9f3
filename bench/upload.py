"""A burst of 40 phone images, four at a time, against bare PUTs of the same to the same store.

Run by hand: python -m bench.upload [images]. Everything is in one run, so that what else the
machine does weighs on both sides.
"""

from __future__ import annotations

import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psutil

from clinicpro.gateways.storage import S3Store
from tests.corpus import skin_jpeg
from tests.instance import Instance, kill
from tests.visitor import Visitor, digest_of, path_of, settings_of, unlike

AT_ONCE = 4
BASES = 4


def cpu_seconds(instance: Instance) -> float:
    """Of everything the instance runs, forks that were buried included."""
    total = 0.0
    for pid in [instance.process.pid, *instance.children()]:
        try:
            total += sum(psutil.Process(pid).cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return total


@dataclass(frozen=True)
class Sent:
    """An image with its hash, which a sender has made on its own processor."""

    content: bytes
    sha256: str


def burst(send: Callable[[Sent], object], images: Sequence[Sent]) -> float:
    """Images per second."""
    started = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(send, images))
    return len(images) / (time.monotonic() - started)


def bare_puts(store: S3Store, images: Sequence[Sent]) -> float:
    puts = {
        one: store.presign_put(
            f"bench/{uuid4()}",
            content_type="image/jpeg",
            size=len(one.content),
            sha256=one.sha256,
            now=datetime.now(UTC),
        )
        for one in images
    }
    host = urlsplit(store.endpoint).netloc

    def put(one: Sent) -> None:
        connection = HTTPConnection(host, timeout=60)
        connection.request("PUT", path_of(puts[one].path), one.content, puts[one].headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        connection.close()

    return burst(put, images)


def wait_for_derivatives(database: Path) -> float:
    """Seconds until no ready image is without view and full."""
    started = time.monotonic()
    waiting = "SELECT count(*) FROM image WHERE state = 'ready' AND NOT has_derivatives"
    while time.monotonic() < started + 300:
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        (left,) = connection.execute(waiting).fetchone()
        connection.close()
        if not left:
            return time.monotonic() - started
        time.sleep(0.5)
    raise AssertionError(f"{left} images still have no derivatives")


def main(count: int) -> None:
    bases = [skin_jpeg(4000, 3000, seed=seed, quality=94) for seed in range(BASES)]
    contents = [unlike(bases[number % BASES], number) for number in range(count + 13)]
    images = [Sent(content, digest_of(content)) for content in contents]
    quiet, warm, images = images[:12], images[12], images[13:]
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    with Instance(folder) as instance:
        settings = settings_of(instance)
        database = Path(settings.database_url.removeprefix("sqlite:///"))
        visitor = Visitor(instance.url)
        visitor.set_up(instance.setup_code or "")

        def save(one: Sent) -> None:
            visitor.save(one.content, sha256=one.sha256)

        save(warm)
        (worker,) = instance.children("clinicpro worker")
        wait_for_derivatives(database)
        kill(worker, signal.SIGSTOP)  # what comes after Saved waits
        before = cpu_seconds(instance)
        burst(save, quiet)
        cpu = (cpu_seconds(instance) - before) / len(quiet) * 1000
        kill(worker, signal.SIGCONT)
        wait_for_derivatives(database)
        bare = bare_puts(S3Store(settings), images)
        whole = burst(save, images)
        after = wait_for_derivatives(database)
    shutil.rmtree(folder)
    size = sum(len(one.content) for one in images) / len(images) / 1e6
    print(f"{count} images of {size:.1f} MB, {AT_ONCE} at a time")
    print(f"bare PUTs            {bare:6.2f} images/s")
    print(f"presign to Saved     {whole:6.2f} images/s, {whole / bare:.2f} of bare (goal 0.25)")
    print(f"CPU up to Saved      {cpu:6.0f} ms per image, all processes (goal 150)")
    print(f"derivatives all done {after:6.1f} s after the burst (goal 60)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
