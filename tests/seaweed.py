"""The bundled S3 server for tests: a real one on free loopback ports, thrown away afterwards."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clinicpro.gateways.signing import Signer
from clinicpro.up.store import SHUT_DOORS

PORTS = ("master.port", "volume.port", "filer.port", "s3.port", "admin.port")
ORIGIN = "http://localhost"


class Seaweed:
    """`weed mini` over `folder`, with the flags that the program itself uses (see up)."""

    access_key = "test-access"
    secret_key = "test-secret-that-opens-nothing-else"
    bucket = "clinicpro"

    def __init__(self, folder: Path, may: tuple[str, ...] = ("Read", "Write", "List")) -> None:
        self.folder = folder
        self.may = may
        self.data = folder / "store"
        self.ports = dict(zip(PORTS, free_pairs(len(PORTS)), strict=True))
        self.endpoint = f"http://127.0.0.1:{self.ports['s3.port']}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, timeout: float = 60) -> None:
        """Run it and return when it answers; the same folder and ports again after a kill."""
        self.data.mkdir(parents=True, exist_ok=True)
        (self.folder / "identities.json").write_text(json.dumps(self._identities()))
        (self.folder / "security.toml").write_text(SECURITY)
        log = (self.folder / "weed.log").open("ab")
        self._process = subprocess.Popen(
            self._command(), cwd=self.folder, stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        self._wait_until_up(timeout)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Keep its connections open and answer nothing, until `thaw`."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _command(self) -> list[str]:
        numbers = [
            flag
            for name, port in self.ports.items()
            for flag in (f"-{name}={port}", f"-{name}.grpc={port + 10000}")
        ]
        return [
            weed(),
            "mini",
            f"-dir={self.data}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-s3.config={self.folder / 'identities.json'}",
            f"-bucket={self.bucket}",
            *SHUT_DOORS,
            f"-s3.allowedOrigins={ORIGIN}",
            f"-filer.allowedOrigins={ORIGIN}",
            *numbers,
        ]

    def _identities(self) -> dict[str, object]:
        key = {"accessKey": self.access_key, "secretKey": self.secret_key}
        actions = [a if a == "Admin" else f"{a}:{self.bucket}" for a in self.may]
        return {"identities": [{"name": "test", "credentials": [key], "actions": actions}]}

    def _wait_until_up(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            assert self._process is not None
            if self._process.poll() is not None:
                break
            if self._answers():
                return
            time.sleep(0.05)
        raise AssertionError((self.folder / "weed.log").read_text()[-2000:])

    def _answers(self) -> bool:
        """Whether our bucket is there: the S3 port answers a little before that."""
        signer = Signer(self.endpoint, "us-east-1", self.access_key, self.secret_key)
        link = signer.sign(
            "HEAD", f"/{self.bucket}", at=datetime.now(UTC), good_for=timedelta(minutes=1)
        )
        request = urllib.request.Request(f"{self.endpoint}{link}", method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=1):
                return True
        except OSError:
            return False

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._signal(number)
            self._process.wait(timeout=30)
            self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)


def weed() -> str:
    """Where the server's program is: beside this Python, or on the PATH."""
    beside = Path(sysconfig.get_path("scripts")) / "weed"
    found = str(beside) if beside.exists() else shutil.which("weed")
    assert found, "weed is missing: install requirements.txt"
    return found


def free_pairs(count: int) -> list[int]:
    """`count` ports that are free, and free 10000 above too (where their gRPC twins listen).

    All below 32768, where the kernel takes the ports of outgoing connections from.
    """
    found: set[int] = set()
    while len(found) < count:
        port = random.randrange(12000, 22000)
        if all(_is_free(number) for number in (port, port + 10000)):
            found.add(port)
    return list(found)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


SECURITY = "".join(
    f'[{name}]\nkey = "test-signing-key-{number}"\nexpires_after_seconds = 60\n'
    for number, name in enumerate(
        ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
    )
)
