"""The decoder process: one warm parent that never looks at image bytes, and a fork per image."""

from __future__ import annotations

import contextlib
import gc
import logging
import math
import os
import resource
import selectors
import signal
import socket
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from . import fork, formats, warming, wire
from .sandbox import Limits, Sandbox

log = logging.getLogger(__name__)

MAX_WAITING = 256
TURNS: tuple[wire.Work, ...] = ("thumb", "cover", "derivatives")
LONGEST_PAUSE = 5.0  # seconds; then derivatives begin also in the middle of a burst
DOWN = "The image reader stopped while it read this image. Nothing is lost; try again."
BUSY = "The image reader has too much to do. Nothing is lost; try again in a moment."


def serve(socket_path: Path, limits: Limits | None = None) -> None:
    """Answer requests on `socket_path` (made anew, 0600) until SIGTERM or SIGINT.

    Raises SandboxError when this machine cannot hold the forks in.
    """
    warming.warm()
    sandbox = Sandbox(limits or Limits())
    sandbox.check()
    gc.collect()
    gc.disable()
    gc.freeze()  # the forks share these pages as long as nobody counts on them
    listening = _listening(socket_path)
    try:
        _Parent(listening, sandbox).run()
    finally:
        socket_path.unlink(missing_ok=True)


def _listening(path: Path) -> socket.socket:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    finally:
        os.umask(before)
    listening.listen(MAX_WAITING)
    listening.setblocking(False)
    return listening


@dataclass(frozen=True)
class _Waiting:
    connection: socket.socket
    request: wire.Request
    came_at: float


@dataclass
class _Child:
    pid: int
    connection: socket.socket
    request: wire.Request
    ends_at: float
    is_overdue: bool = False


class _Parent:
    """One thread, one selector; it keeps each connection only to speak for a fork that died."""

    def __init__(self, listening: socket.socket, sandbox: Sandbox) -> None:
        self.listening = listening
        self.sandbox = sandbox
        self.limits = sandbox.limits
        self.waiting: deque[_Waiting] = deque()
        self.last_urgent = -math.inf  # when a thumb or a cover last came or went
        self.children: dict[int, _Child] = {}  # by pidfd
        self.selector = selectors.DefaultSelector()
        self.is_ending = False

    def run(self) -> None:
        """Until a signal says stop; children then die with it."""
        wake, waker = socket.socketpair()
        for end in (wake, waker):
            end.setblocking(False)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self.selector.register(wake, selectors.EVENT_READ)
        self.selector.register(self.listening, selectors.EVENT_READ)
        while not self.is_ending:
            self._step()
        for pidfd, child in self.children.items():
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            os.waitpid(child.pid, 0)

    def _stop(self, *_: object) -> None:
        self.is_ending = True

    def _step(self) -> None:
        for key, _ in self.selector.select(self._seconds_left()):
            if key.fileobj is self.listening:
                self._accept()
            elif key.fd in self.children:
                self._bury(key.fd)
            elif isinstance(key.data, socket.socket):
                self._look_at(key.data)
        self._kill_overdue()
        while len(self.children) < self.limits.children and (next_one := self._next()):
            self._fork(next_one.connection, next_one.request)

    def _seconds_left(self) -> float | None:
        """Until something is due of itself: a child's end, or the end of a pause."""
        due = [child.ends_at for child in self.children.values() if not child.is_overdue]
        if not self._is_deriving():
            due += [self._begins_at(one) for one in self.waiting if not one.request.is_urgent]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _accept(self) -> None:
        try:
            connection, _ = self.listening.accept()
        except OSError:  # gone before we came, or no descriptor left
            return
        connection.setblocking(False)
        self.selector.register(connection, selectors.EVENT_READ, connection)

    def _look_at(self, connection: socket.socket) -> None:
        """The header is read by the fork; here it is only looked at, to choose whose turn it is."""
        self.selector.unregister(connection)
        try:
            request = wire.request_from(connection.recv(wire.REQUEST_HEADER, socket.MSG_PEEK))
        except (OSError, wire.Garbled):
            connection.close()
            return
        if request.size > wire.MAX_REQUEST:
            _refuse(connection, wire.No(rejected=True, words=wire.TOO_LARGE))
        elif len(self.waiting) >= MAX_WAITING:
            _refuse(connection, wire.No(rejected=False, words=BUSY))
        else:
            self.waiting.append(_Waiting(connection, request, time.monotonic()))
            self._note_urgent(request)

    def _note_urgent(self, request: wire.Request) -> None:
        if request.is_urgent:
            self.last_urgent = time.monotonic()

    def _next(self) -> _Waiting | None:
        """Thumbs and covers go first, somebody waits; derivatives never take every place."""
        ready = [one for one in self.waiting if one.request.is_urgent or self._may_derive(one)]
        if not ready:
            return None
        first = min(ready, key=lambda one: TURNS.index(one.request.work))
        self.waiting.remove(first)
        return first

    def _may_derive(self, one: _Waiting) -> bool:
        return not self._is_deriving() and self._begins_at(one) <= time.monotonic()

    def _is_deriving(self) -> bool:
        return not all(child.request.is_urgent for child in self.children.values())

    def _begins_at(self, one: _Waiting) -> float:
        return min(self.last_urgent + self.limits.pause, one.came_at + LONGEST_PAUSE)

    def _fork(self, connection: socket.socket, request: wire.Request) -> None:
        connection.setblocking(True)
        try:
            pid = os.fork()
        except OSError:
            log.exception("decoder cannot fork")
            _refuse(connection, wire.No(rejected=False, words=BUSY))
            return
        if pid == 0:
            fork.answer_and_end(connection.fileno(), request, self.sandbox)
        pidfd = os.pidfd_open(pid)
        ends_at = time.monotonic() + self.limits.wall_seconds
        self.children[pidfd] = _Child(pid, connection, request, ends_at)
        self.selector.register(pidfd, selectors.EVENT_READ)

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for pidfd, child in self.children.items():
            if child.ends_at <= now and not child.is_overdue:
                child.is_overdue = True
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)

    def _bury(self, pidfd: int) -> None:
        self.selector.unregister(pidfd)
        os.close(pidfd)
        child = self.children.pop(pidfd)
        self._note_urgent(child.request)
        _, status, usage = os.wait4(child.pid, 0)
        if status == 0:
            child.connection.close()
            return
        log.warning(
            "decoder child %d ended with %d: %s of %d bytes, %.1f s of CPU",
            child.pid, os.waitstatus_to_exitcode(status), child.request.work,
            child.request.size, usage.ru_utime + usage.ru_stime,
        )  # fmt: skip
        _refuse(child.connection, self._last_words(status, usage))

    def _last_words(self, status: int, usage: resource.struct_rusage) -> wire.No:
        """Blame the image only for what it did itself; a kill from outside is worth another try."""
        by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        is_costly = usage.ru_utime + usage.ru_stime >= self.limits.cpu_seconds / 2
        is_crash = by in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL,
                          signal.SIGFPE, signal.SIGTRAP, signal.SIGXCPU)  # fmt: skip
        if is_crash or (by == signal.SIGKILL and is_costly):
            return wire.No(rejected=True, words=formats.TOO_COMPLEX)
        return wire.No(rejected=False, words=DOWN)


def _refuse(connection: socket.socket, no: wire.No) -> None:
    with contextlib.suppress(OSError):  # nobody there any more
        connection.send(no.line(), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
    connection.close()
