"""The way up: check, start, wait until it is ready, say where; then tend it, and the way down."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from types import FrameType

from clinicpro.settings import SettingsError
from clinicpro.up import StartError, certificate, demo, proxy, ready
from clinicpro.up.greeting import phones_line
from clinicpro.up.place import remove_runtime
from clinicpro.up.prepare import Prepared, prepare
from clinicpro.up.programs import ROOT
from clinicpro.up.secrets import new_setup_code
from clinicpro.up.supervisor import Supervisor, sweep

READY_SECONDS = 30
STOP_SECONDS = 9  # after the signal; then whoever is left is killed: all is over within 10
POLL = 0.05
TEND_EVERY = 5.0
REFUSED, FAILED = 2, 1


def up(environ: Mapping[str, str] | None = None) -> int:
    """Run everything until SIGTERM, SIGINT or SIGHUP; returns the exit code.

    0 after an orderly end, 2 when it could not start, 1 when it started and failed.
    """
    os.umask(0o077)  # whatever is made from here on is ours alone
    stopping = _Stopping()
    try:
        prepared = prepare(os.environ if environ is None else environ)
    except (StartError, SettingsError) as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    if stopping.is_set():
        return 0
    house = _House(prepared, stopping)
    try:
        house.open()
        house.tend()
    except StartError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    finally:
        house.close()
    return 0


class _Stopping(threading.Event):
    """Set by the signals that end a run."""

    def __init__(self) -> None:
        super().__init__()
        self.since = 0.0
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._end)

    def _end(self, number: int, frame: FrameType | None) -> None:
        if not self.is_set():
            self.since = time.monotonic()
            self.set()


class _House:
    """One run of everything; every step gives way as soon as `stopping` is set."""

    def __init__(self, prepared: Prepared, stopping: _Stopping) -> None:
        self._prepared = prepared
        self._place = prepared.place
        self._settings = prepared.settings
        self._stopping = stopping
        self._supervisor = self._start_supervisor()
        self._certificate = certificate.Watch(self._settings)
        self._later = tuple(p for p in prepared.programs if not p.starts_at_once)

    def open(self) -> None:
        """Everything runs and the address was printed. Raises StartError."""
        _say("Starting ClinicPro Clinical Images ...")
        self._run("migrations", "flask", "--app", "wsgi", "db", "upgrade")
        self._start_rest()
        readiness = self._wait_until_ready()
        if self._settings.is_demo and not self._stopping.is_set():
            self._run("demo", "clinicpro", "seed-demo")
            readiness = ready.ask(self._settings.port)
        if not self._stopping.is_set():
            self._announce(readiness)

    def tend(self) -> None:
        """Until told to stop: what was given up begins anew, and a renewed certificate counts."""
        while not self._stopping.wait(TEND_EVERY):
            if self._supervisor.is_alive:
                self._supervisor.revive()
                if renewed := self._certificate.renewed():
                    proxy.write(self._place, self._settings, renewed)
                    self._supervisor.signal("front:caddy", "USR1")  # it reads anew
                continue
            sweep(self._place.data, patience=2)
            self._supervisor = self._start_supervisor()
            self._start_rest()

    def close(self) -> None:
        """Nothing of this run is left, within 10 s."""
        deadline = (self._stopping.since or time.monotonic()) + STOP_SECONDS
        _say("Stopping ...")
        self._supervisor.stop()
        while self._supervisor.is_alive and time.monotonic() < deadline:
            time.sleep(POLL)
        sweep(self._place.data, patience=0.5)
        self._supervisor.process.wait()
        remove_runtime(self._settings.runtime)

    def _start_supervisor(self) -> Supervisor:
        return Supervisor(
            self._prepared.supervisor_conf,
            self._settings.runtime,
            self._place.log("supervisor"),
            self._prepared.environment,
        )

    def _start_rest(self) -> None:
        while not self._supervisor.states() and self._supervisor.is_alive:
            if self._stopping.wait(POLL):
                return
        self._supervisor.start(self._later)

    def _run(self, name: str, module: str, *arguments: str) -> None:
        """Run a short child to its end; what it says goes to its log. Raises StartError."""
        log = self._place.log(name)
        with log.open("wb") as output:
            child = subprocess.Popen(  # noqa: S603  (our own commands)
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env=dict(self._prepared.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        while child.poll() is None:
            if self._stopping.wait(POLL):
                child.terminate()
                return
        if child.returncode != 0:
            raise StartError(f"ClinicPro could not start: its {name} failed, see {log}.")

    def _wait_until_ready(self) -> ready.Readiness:
        deadline = time.monotonic() + READY_SECONDS
        while not (readiness := ready.ask(self._settings.port)).is_ready:
            if self._stopping.wait(POLL):
                break
            if time.monotonic() > deadline:
                self._say_what_is_missing(readiness)
                deadline += READY_SECONDS
        return readiness

    def _say_what_is_missing(self, readiness: ready.Readiness) -> None:
        """Raises StartError when a child of ours is at fault; outside trouble may pass."""
        if not self._supervisor.is_alive:
            log = self._place.log("supervisor")
            raise StartError(f"ClinicPro could not start: its supervisor ended, see {log}.")
        failed = ready.failed_child(self._place, self._supervisor.states())
        if failed is not None:
            raise StartError(failed.rstrip())
        parts = " and ".join(readiness.trouble) or "the web server"
        sys.stderr.write(f"Not ready yet: {parts} does not answer; ClinicPro keeps trying.\n")

    def _announce(self, readiness: ready.Readiness) -> None:
        url = f"http://localhost:{self._settings.port}"
        lines = [f"ClinicPro Clinical Images is ready at {url}"]
        lines.append(phones_line(self._settings, self._prepared.certificate))
        if readiness.needs_setup:
            code = new_setup_code(self._place)
            lines.append(f"First account: {url}/setup  one-time code: {code}")
        elif self._settings.is_demo:
            lines.append(f"Sign in: {demo.EMAIL}  password: {demo.PASSWORD}")
        _say("\n".join(lines))


def _say(text: str) -> None:
    """On the console, if there still is one."""
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
