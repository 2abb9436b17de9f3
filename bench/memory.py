"""What web, worker and decoder hold at rest: their share of memory (PSS), in MB of 10^6 bytes.

Run by hand: python -m bench.memory.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from pathlib import Path

from tests.instance import Instance
from tests.visitor import Visitor

PARTS = {"web": "gunicorn", "worker": "clinicpro worker", "decoder": "clinicpro decoder"}
GOAL = 350
REST = 5  # seconds


def pss(pid: int) -> float:
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    assert found
    return int(found[1]) * 1024 / 1e6


def main() -> None:
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    total = 0.0
    with Instance(folder) as instance:
        visitor = Visitor(instance.url)
        visitor.set_up(instance.setup_code or "")
        assert visitor.get("/").status == 200
        time.sleep(REST)
        for part, name in PARTS.items():
            shares = [pss(pid) for pid in instance.children(name)]
            total += sum(shares)
            each = " + ".join(f"{share:.0f}" for share in shares)
            print(f"{part:8} {sum(shares):6.0f} MB = {each}")
    shutil.rmtree(folder)
    print(f"together {total:6.0f} MB (goal {GOAL})")


if __name__ == "__main__":
    main()
