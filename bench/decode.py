"""CPU per 12 MP thumbnail: the decoder process, forks included, against plain Pillow, in turn.

Run by hand: python -m bench.decode [rounds]. The yardstick reads the same bytes with Pillow's
`draft` in a warm process and saves a 400 px JPEG: no sandbox, no orientation, no colour.
"""

from __future__ import annotations

import io
import resource
import statistics
import sys
import time
from collections.abc import Callable

import psutil
from PIL import Image

from tests import corpus
from tests.imaging.conftest import DecoderProcess, running_decoder

IMAGES = 10


def pillow_draft(content: bytes) -> None:
    image = Image.open(io.BytesIO(content))
    image.draft("RGB", (400, 300))
    image.thumbnail((400, 400), Image.Resampling.LANCZOS)
    image.save(io.BytesIO(), "JPEG", quality=80)


def cpu_of_self() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def cpu_of(running: DecoderProcess) -> Callable[[], float]:
    """Parent and buried forks."""
    process = psutil.Process(running.process.pid)

    def cpu() -> float:
        times = process.cpu_times()
        return times.user + times.system + times.children_user + times.children_system

    return cpu


def cost(work: Callable[[bytes], object], contents: list[bytes], cpu: Callable[[], float]) -> float:
    """Milliseconds of CPU an image."""
    before = cpu()
    for content in contents:
        work(content)
    time.sleep(0.05)  # the last fork is counted once it is buried
    return (cpu() - before) * 1000 / len(contents)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    contents = [corpus.skin_jpeg(4000, 3000, gps=True, seed=seed) for seed in range(IMAGES)]
    print(f"{IMAGES} images of 12 MP, {statistics.mean(map(len, contents)) / 1e6:.2f} MB each")
    ours, theirs = [], []
    with running_decoder() as running:
        running.client.thumb(contents[0])
        pillow_draft(contents[0])
        for _ in range(rounds):
            theirs.append(cost(pillow_draft, contents * 3, cpu_of_self))
            ours.append(cost(running.client.thumb, contents * 3, cpu_of(running)))
        began = time.monotonic()
        running.client.derivatives(contents[0])
        both = time.monotonic() - began
        pss = psutil.Process(running.process.pid).memory_full_info().pss
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    print(f"decoder {statistics.median(ours):.1f} ms, Pillow {statistics.median(theirs):.1f} ms")
    print(f"ratio {ratio:.2f} (median of {rounds} turns; goal at most 1.25)")
    print(f"view and full: {both * 1000:.0f} ms; parent at rest: {pss / 1e6:.0f} MB PSS")


if __name__ == "__main__":
    main()
