"""Inside the walls: files, sockets, programs and processes are refused."""

from __future__ import annotations

import errno
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from clinicpro.imaging.sandbox import Limits, Sandbox, SandboxError


def inside(what: Callable[[], object], limits: Limits | None = None) -> tuple[int, int]:
    """Do it in a walled fork: (errno it met or 0, signal that ended the fork or 0)."""
    sandbox = Sandbox(limits or Limits())
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        status = 255
        try:
            sandbox.enter(theirs.fileno())
            what()
            status = 0
        except OSError as error:
            status = error.errno or 255
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    ours.close()
    theirs.close()
    return (0, os.WTERMSIG(status)) if os.WIFSIGNALED(status) else (os.WEXITSTATUS(status), 0)


REFUSED = (errno.EPERM, 0)


def test_what_decoding_needs_goes_through() -> None:
    assert inside(lambda: (os.write(3, b"x"), bytearray(1 << 24), time.monotonic())) == (0, 0)


def test_no_file_is_read_or_written(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("untouched")
    assert inside(lambda: os.open(canary, os.O_RDONLY)) == REFUSED
    assert inside(lambda: os.open(canary, os.O_WRONLY | os.O_TRUNC)) == REFUSED
    assert inside(lambda: os.unlink(canary)) == REFUSED
    assert inside(lambda: os.open(tmp_path / "new", os.O_CREAT | os.O_WRONLY)) == REFUSED
    assert [canary.read_text(), os.listdir(tmp_path)] == ["untouched", ["canary"]]


def test_nothing_is_connected_to(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        address = listening.getsockname()
        assert inside(lambda: socket.create_connection(address)) == REFUSED
        assert inside(lambda: socket.socket(socket.AF_UNIX)) == REFUSED
        with pytest.raises(TimeoutError):
            listening.accept()


def test_nothing_is_started() -> None:
    assert inside(lambda: os.execv("/bin/true", ["true"])) == REFUSED
    assert inside(os.fork) == REFUSED


def test_no_other_process_is_touched() -> None:
    assert inside(lambda: os.kill(os.getppid(), 0)) == REFUSED


def test_only_the_connection_is_open(tmp_path: Path) -> None:
    secret = os.open(tmp_path / "secret", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(secret, True)
    try:
        assert secret > 3
        assert inside(lambda: os.read(secret, 1)) == (errno.EBADF, 0)
    finally:
        os.close(secret)


def test_the_processor_time_is_limited() -> None:
    def spin() -> None:
        while True:
            pass

    _, signal_number = inside(spin, Limits(cpu_seconds=1))
    assert signal_number == 24  # SIGXCPU


def test_the_memory_is_limited() -> None:
    def swell() -> None:
        try:
            bytearray(1 << 30)
        except MemoryError as error:
            raise OSError(errno.ENOMEM, "no more") from error

    assert inside(swell) == (errno.ENOMEM, 0)


def test_nothing_raises_the_limits_again() -> None:
    limit = resource.RLIMIT_CPU
    assert inside(lambda: resource.setrlimit(limit, (99, 99)))[0] != 0


def test_walls_that_do_not_hold_stop_the_decoder() -> None:
    sandbox = Sandbox(Limits())
    sandbox.check()
    sandbox.filter.reset(0x7FFF0000)  # allows everything
    with pytest.raises(SandboxError):
        sandbox.check()


def test_without_seccomp_no_decoder_starts(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['pyseccomp'] = None\n"
        "from pathlib import Path\n"
        "from clinicpro.imaging.decoder import serve\n"
        "serve(Path(sys.argv[1]))"
    )
    path = tmp_path / "d.sock"
    ran = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True)
    assert ran.returncode != 0
    assert b"SandboxError: The decoder needs libseccomp" in ran.stderr
    assert not path.exists()
