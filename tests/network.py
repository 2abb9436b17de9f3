"""A network of a test's own: what runs inside sees its interfaces alone. Needs root."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import pytest

CLONE_NEWNET = 0x40000000  # sched.h
SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK, SIOCBRADDBR = 0x8914, 0x8916, 0x891C, 0x89A0
IFF_UP = 0x1
KEEP = (
    "import ctypes, sys, time\n"
    f"failed = ctypes.CDLL(None).unshare({CLONE_NEWNET})\n"
    "print(failed, flush=True)\n"
    "sys.stdin.read()\n"
)


class Network:
    """Loopback alone, until `join()` gives it an interface as a computer in a practice has."""

    def __init__(self) -> None:
        self._keeper = subprocess.Popen(
            [sys.executable, "-c", KEEP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        if self._keeper.stdout.readline().strip() != "0":
            self.close()
            pytest.skip("a network of its own needs root")
        with self.inside():
            set_up("lo")

    def join(self, address: str, name: str = "lan0") -> None:
        """The computer has this address at that interface, and no other there."""
        with self.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
            if name not in [other for _, other in socket.if_nameindex()]:
                fcntl.ioctl(asked, SIOCBRADDBR, name.encode() + b"\0")
            ask(name, asked, SIOCSIFADDR, address)
            ask(name, asked, SIOCSIFNETMASK, "255.255.255.0")
            set_up(name)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """This thread, and what it starts, are in the network."""
        own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        other = os.open(f"/proc/{self._keeper.pid}/ns/net", os.O_RDONLY)
        try:
            go_to(other)
            yield
        finally:
            go_to(own)
            os.close(own)
            os.close(other)

    def open_ports(self, address: str) -> set[int]:
        """All the ports that answer there."""
        with self.inside():
            return {port for port in range(1, 65536) if answers(address, port)}

    def close(self) -> None:
        self._keeper.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def go_to(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def set_up(name: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        fcntl.ioctl(asked, SIOCSIFFLAGS, struct.pack("16sH14x", name.encode(), IFF_UP))


def ask(name: str, asked: socket.socket, request: int, address: str) -> None:
    host = struct.pack("H2x4s8x", socket.AF_INET, socket.inet_aton(address))
    fcntl.ioctl(asked, request, struct.pack("16s", name.encode()) + host)


def answers(address: str, port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(2)
        if one.connect_ex((address, port)):
            return False
        return one.getsockname() != one.getpeername()  # TCP may meet itself where nobody listens
