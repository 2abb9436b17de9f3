"""The walls round a fork that reads untrusted bytes: no files, no network, little of the rest."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import resource
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass

try:
    import pyseccomp
except (ImportError, RuntimeError) as error:  # RuntimeError: libseccomp itself is missing
    pyseccomp = None
    _why_missing = str(error)

# What decoding needs once everything is imported.
# fmt: off
_ALLOWED = (
    "read", "write", "writev", "recvfrom", "lseek", "fstat", "close", "munmap", "mremap", "brk",
    "madvise", "futex", "exit", "exit_group", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
    "sigaltstack", "restart_syscall", "clock_gettime", "clock_nanosleep", "gettimeofday",
    "getrandom", "sched_yield", "sched_getaffinity", "getpid", "gettid", "getrlimit",
    "getrusage", "sysinfo", "uname", "getcwd", "set_robust_list", "rseq",
)
# fmt: on
_NEVER_EXECUTABLE = ("mmap", "mprotect")  # allowed, unless the memory could then be run

_PR_SET_PDEATHSIG = 1
_CLONE_THREAD = 0x00010000
_MAX_DESCRIPTORS = 1 << 20  # the kernel knows no higher number


class SandboxError(Exception):
    """The walls cannot be built here, so nothing may be decoded; the message says why."""


@dataclass(frozen=True)
class Limits:
    """What one image may cost: address space in bytes, processor and wall time in seconds.

    `pause` is how many seconds without a thumb pass before derivatives begin: a burst has the
    machine to itself.
    """

    memory: int = 1 << 30
    cpu_seconds: int = 10
    wall_seconds: float = 20.0
    children: int = 2
    pause: float = 0.3


class Sandbox:
    """Built once in the parent, entered in every fork. Raises SandboxError without seccomp."""

    def __init__(self, limits: Limits) -> None:
        if pyseccomp is None:
            raise SandboxError(f"The decoder needs libseccomp: {_why_missing}.")
        self.limits = limits
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.null = os.open(os.devnull, os.O_RDWR)
        self.filter = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
        for name in _ALLOWED:
            self.filter.add_rule(pyseccomp.ALLOW, name)
        for name in _NEVER_EXECUTABLE:
            protection = pyseccomp.Arg(2, pyseccomp.MASKED_EQ, mmap.PROT_EXEC, 0)
            self.filter.add_rule(pyseccomp.ALLOW, name, protection)
        # libde265 decodes on a thread of its own: threads yes, processes no. clone3 hides its
        # flags from the filter; told that it does not exist, libc falls back to clone.
        thread = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _CLONE_THREAD, _CLONE_THREAD)
        self.filter.add_rule(pyseccomp.ALLOW, "clone", thread)
        self.filter.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")

    def enter(self, connection: int) -> int:
        """Never to be left: from here on only `connection` is open, at the number returned.

        Raises OSError when a wall could not be built.
        """
        self.libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        for number in (0, 1, 2):
            os.dup2(self.null, number)
        os.dup2(connection, 3)
        os.closerange(4, _MAX_DESCRIPTORS)
        cpu = self.limits.cpu_seconds
        for limit, value in (
            (resource.RLIMIT_AS, (self.limits.memory, self.limits.memory)),
            (resource.RLIMIT_CPU, (cpu, cpu + 1)),
            (resource.RLIMIT_FSIZE, (0, 0)),
            (resource.RLIMIT_CORE, (0, 0)),
            (resource.RLIMIT_NOFILE, (4, 4)),
        ):
            resource.setrlimit(limit, value)
        self.filter.load()
        return 3

    def check(self) -> None:
        """Return if the walls hold in a fork made to try. Raises SandboxError."""
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                self.enter(self.null)
                status = 0 if all(_is_refused(attempt) for attempt in _ATTEMPTS) else 1
            finally:
                os._exit(status)
        if os.waitpid(pid, 0)[1] != 0:
            raise SandboxError("The decoder's sandbox does not hold on this machine: no seccomp.")


def _open_a_file() -> None:
    os.open("/etc/hostname", os.O_RDONLY)


def _open_a_socket() -> None:
    socket.socket()


def _run_a_program() -> None:
    os.execv("/bin/true", ["true"])  # noqa: S606


_ATTEMPTS = (_open_a_file, _open_a_socket, os.fork, _run_a_program)


def _is_refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError as error:
        return error.errno == errno.EPERM
    return False
