"""From `git clone` to the first page, downloads included, and the start after that.

Run by hand: python -m bench.start. It clones what is committed here, and takes no package from
pip's cache, so the first figure is as good as the network.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from tests.instance import FOREIGN, ROOT, free_port

FIRST, LATER = 180, 6  # seconds
STARTS = 3
READY = re.compile(r"is ready at (\S+)")


def start(clone: Path, environment: dict[str, str]) -> float:
    """Seconds from `make run` to the first page; everything has ended when it returns."""
    began = time.monotonic()
    with subprocess.Popen(
        ["make", "run"],
        cwd=clone,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as make:
        assert make.stdout is not None
        said = []
        for line in make.stdout:
            said.append(line)
            if found := READY.search(line):
                break
        else:
            raise SystemExit("".join(said))
        with urllib.request.urlopen(f"{found[1]}/setup", timeout=30) as page:
            assert b"<h1" in page.read()
        took = time.monotonic() - began
        rest = threading.Thread(target=make.stdout.read, daemon=True)
        rest.start()
        os.killpg(make.pid, signal.SIGTERM)
        make.wait(30)
        rest.join(5)
    return took


def main() -> None:
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    clone = folder / "clone"
    kept = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}
    environment = {
        **kept,
        "PIP_NO_CACHE_DIR": "1",
        "PORT": str(free_port()),
        "HTTPS_PORT": str(free_port()),
    }
    began = time.monotonic()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    cloned = time.monotonic() - began
    first = cloned + start(clone, environment)
    later = sorted(start(clone, environment) for _ in range(STARTS))
    shutil.rmtree(folder)
    print(f"fresh clone to the first page {first:6.1f} s, downloads included (goal {FIRST})")
    print(f"later start to the first page {later[STARTS // 2]:6.1f} s, of {STARTS} (goal {LATER})")


if __name__ == "__main__":
    main()
