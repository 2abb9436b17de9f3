"""A whole running instance for tests: the real program on a data folder and ports of its own."""

from __future__ import annotations

import os
import queue
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

from clinicpro.up.supervisor import children_of

ROOT = Path(__file__).resolve().parent.parent
READY = "is ready at "
CODE = re.compile(r"one-time code: (\S+)")
# What the person running the tests has set must not reach the instance.
FOREIGN = re.compile(
    r"^(AWS_|S3_|ANTHROPIC_|CLINICPRO_|DATABASE_URL|STORE$|PUBLIC_URL$|PORT$|HTTPS_PORT$"
    r"|LAN_HOSTS$|TLS_|ACME_)"
)


class Instance:
    """`python -m clinicpro up` on `data`; starts at once and returns when it is ready.

    `setup_code` is None once there is an account. Use it as a context manager, or call `stop()`.
    """

    command: tuple[str, ...] = ("up",)

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data.resolve()
        self.port = free_port()
        self.https_port = free_port(but=self.port)
        self.extra = environment
        self.setup_code: str | None = None
        self.said: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.start()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}
        own = {
            "CLINICPRO_DATA": str(self.data),
            "PORT": str(self.port),
            "HTTPS_PORT": str(self.https_port),
        }
        return {**kept, **own, **self.extra}

    def start(self, timeout: float = 90) -> None:
        """Return when it says that it is ready; AssertionError with all it said otherwise."""
        self.said, self._lines, self.setup_code = [], queue.Queue(), None
        self.process = subprocess.Popen(
            [sys.executable, "-m", "clinicpro", *self.command],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, args=(self._lines,), daemon=True)
        self._listener.start()
        self._wait_for(READY, timeout)
        self._wait_for("Phones: ", 5)
        if self._needs_setup():
            self.setup_code = CODE.findall(self._wait_for("one-time code", 5))[0]

    def stop(self, timeout: float = 15) -> int:
        """SIGTERM; returns the exit code when it has ended."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout)
        self._close()
        return code

    def kill(self) -> None:
        """SIGKILL `up` alone."""
        self.process.kill()
        self.process.wait(10)
        self._close()

    def kill_all(self) -> None:
        """SIGKILL everything at once, as a power cut would."""
        self.process.kill()
        while pids := self.children():
            for pid in pids:
                kill(pid)
            time.sleep(0.02)
        self.process.wait(10)
        self._close()

    def restart(self) -> None:
        """Stop it if it runs, and start it again on the same folder and ports."""
        self.stop()
        self.start()

    def children(self, name: str = "") -> list[int]:
        """Process ids of what runs for this data folder and has `name` in its command."""
        return [pid for pid in children_of(self.data) if name in command_line(pid)]

    def everything_said(self) -> str:
        """All that came on its standard output and error so far."""
        while not self._lines.empty():
            self.said.append(self._lines.get() or "")
        return "".join(self.said)

    def assert_alive(self) -> None:
        """It has not ended by itself; shows what it said otherwise."""
        code = self.process.poll()
        assert code is None, f"it ended by itself ({code}): {list(self._lines.queue)}"

    def _needs_setup(self) -> bool:
        return (self.data / "setup-code").exists()

    def _listen(self, lines: queue.Queue[str | None]) -> None:
        output = self.process.stdout
        assert output is not None
        for line in output:
            lines.put(line)
        lines.put(None)

    def _wait_for(self, words: str, timeout: float) -> str:
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            try:
                line = self._lines.get(timeout=left)
            except queue.Empty:
                break
            if line is None:
                break
            self.said.append(line)
            if words in line:
                return line
        said = "".join(self.said)
        self.kill_all()
        raise AssertionError(f"It never said '{words}', but:\n{said}")

    def _close(self) -> None:
        self._listener.join(5)  # its pipe has ended with the process
        if self.process.stdout is not None:
            self.process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind:
            self.kill_all()
        else:
            self.stop()


def free_port(but: int = 0) -> int:
    """A loopback port that is free now, out of the way of outgoing and of inner ports."""
    while True:
        port = random.randrange(10000, 12000)
        if port == but:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Send the signal; it does not matter when the process is gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""
