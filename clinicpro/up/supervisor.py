"""The supervisor process: started, asked and ended; and the sweep that leaves nothing behind."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from xml.parsers.expat import ExpatError

from clinicpro.up.programs import MARK, ROOT, Program

PR_SET_PDEATHSIG = 1  # linux/prctl.h
SWEEP_STEP = 0.05  # seconds between looks while processes end
ANSWER_SECONDS = 2  # a supervisor that hangs must not hold up the way down


@dataclass(frozen=True)
class ChildState:
    """How one child is: the supervisor's word for it (RUNNING, BACKOFF, FATAL, …)."""

    name: str
    state: str

    @property
    def is_failing(self) -> bool:
        """It ended, or ends again and again; one that is merely slow is not."""
        return self.state in ("BACKOFF", "EXITED", "FATAL")


class Supervisor:
    """One run of supervisord for one data folder."""

    def __init__(
        self, conf: Path, runtime: Path, log: Path, environment: Mapping[str, str]
    ) -> None:
        """Start it: it ends in good order also when this very process is killed.

        `log` gets what it says before it has opened a log of its own.
        """
        self._socket = runtime / "supervisor.sock"
        with log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603  (our own command)
                [sys.executable, "-m", "supervisor.supervisord", "-c", str(conf)],
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for `up` alone
                preexec_fn=_end_with_parent,
            )

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def start(self, programs: tuple[Program, ...]) -> None:
        """Start `programs` without waiting for them."""
        for program in programs:
            self._ask("startProcess", program.full_name, False)

    def states(self) -> list[ChildState]:
        """All children; none while the supervisor does not answer."""
        answer = self._ask("getAllProcessInfo")
        if not isinstance(answer, list):
            return []
        return [
            ChildState(f"{child['group']}:{child['name']}", str(child["statename"]))
            for child in answer
            if isinstance(child, dict)
        ]

    def revive(self) -> list[str]:
        """Children that were given up begin anew; returns their names."""
        given_up = [child.name for child in self.states() if child.state == "FATAL"]
        for name in given_up:
            self._ask("startProcess", name, False)
        return given_up

    def signal(self, name: str, signal_name: str) -> None:
        """Send a signal to the child of that full name."""
        self._ask("signalProcess", name, signal_name)

    def stop(self) -> None:
        """Ask it to end everything; returns at once."""
        if self.is_alive:
            self.process.send_signal(signal.SIGTERM)

    def _ask(self, method: str, *arguments: str | bool) -> object:
        transport = _UnixTransport(self._socket)
        proxy = xmlrpc.client.ServerProxy("http://localhost", transport=transport)
        try:
            return getattr(proxy.supervisor, method)(*arguments)
        except (OSError, HTTPException, xmlrpc.client.Error, ExpatError):
            return None  # not there yet, or killed in the middle of its answer
        finally:
            transport.close()


class _UnixConnection(HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(ANSWER_SECONDS)
        self.sock.connect(str(self._path))


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: object) -> HTTPConnection:
        return _UnixConnection(self._path)


def children_of(data: Path) -> list[int]:
    """The processes that were started for this data folder, ours and those of an earlier run."""
    mark = f"{MARK}={data}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:  # ended meanwhile, or somebody else's
            continue
        if mark in environment.split(b"\0"):
            found.append(int(entry.name))
    return found


def sweep(data: Path, patience: float) -> int:
    """No process of this data folder is left; `patience` seconds to end by itself, then killed.

    Returns how many there were.
    """
    found = children_of(data)
    _signal_all(found, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while (left := children_of(data)) and time.monotonic() < deadline:
        time.sleep(SWEEP_STEP)
    while left:
        _signal_all(left, signal.SIGKILL)
        time.sleep(SWEEP_STEP)
        left = children_of(data)
    return len(found)


def _signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
