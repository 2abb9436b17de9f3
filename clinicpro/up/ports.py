"""Ports: the two that people type are free, and the inner ones are picked free on loopback."""

from __future__ import annotations

import errno
import random
import socket
from collections.abc import Mapping
from contextlib import ExitStack

from clinicpro.settings import Settings
from clinicpro.up import StartError

LOWEST = 15000
GRPC_OFFSET = 10000  # the store's maintenance worker looks for its admin's gRPC port there


def loopback() -> tuple[str, ...]:
    """The loopback addresses of this machine."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return ("127.0.0.1",)
    return ("127.0.0.1", "::1")


def everywhere() -> tuple[str, ...]:
    """The addresses that stand for all of this machine's."""
    return ("0.0.0.0", "::")[: len(loopback())]  # noqa: S104  (HTTPS is for the whole network)


def check_public(settings: Settings) -> None:
    """PORT and HTTPS_PORT are two, and free. Raises StartError."""
    if settings.port == settings.https_port:
        raise StartError(f"PORT and HTTPS_PORT are both {settings.port}: give them two numbers.")
    for host in loopback():
        _check_free("PORT", host, settings.port)
    for host in everywhere() if settings.serves_phones else loopback():
        _check_free("HTTPS_PORT", host, settings.https_port)


def pick_inner(previous: Mapping[str, str], names: tuple[str, ...]) -> dict[str, int]:
    """A free loopback port for each of `names`; a port that served before is taken again.

    They lie below the range that outgoing connections are given, so that no connection takes the
    port of a child that is just being restarted. `STORE_ADMIN_PORT` leaves its partner free, 10000
    above it.
    """
    picked: dict[str, int] = {}
    with ExitStack() as held:
        for name in names:
            kept = previous.get(name, "")
            wished = int(kept) if kept.isdecimal() else _random_port()
            while wished in picked.values() or not _hold(held, name, wished):
                wished = _random_port()
            picked[name] = wished
    return picked


def _random_port() -> int:
    return random.randrange(LOWEST, LOWEST + GRPC_OFFSET - 3000)  # noqa: S311  (no secret)


def _hold(held: ExitStack, name: str, port: int) -> bool:
    wanted = [port, port + GRPC_OFFSET] if name == "STORE_ADMIN_PORT" else [port]
    for number in wanted:
        candidate = held.enter_context(socket.socket())
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True


def _check_free(name: str, host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            candidate.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            candidate.bind((host, port))
            candidate.listen(1)
        except OSError as error:
            raise StartError(_why_not(name, port, error)) from error


def _why_not(name: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is taken by another program: stop it, or start with "
            f"{name}={port + 1} make run."
        )
    return f"Port {port} cannot be used ({error.strerror}): start with {name}={port + 8000}."
