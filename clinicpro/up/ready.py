"""Is it ready? The answer of /readyz, and what to say when it does not come."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass

from clinicpro.up.place import Place
from clinicpro.up.supervisor import ChildState

TAIL_LINES = 12
OWN_KEYS = ("needsSetup",)


@dataclass(frozen=True)
class Readiness:
    """What /readyz said; `trouble` names the parts that are not well."""

    is_ready: bool
    needs_setup: bool
    trouble: tuple[str, ...]


def ask(port: int) -> Readiness:
    """Ask through Caddy, the way a browser comes, within 3 s."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", "/readyz", headers={"Host": f"localhost:{port}"})
        answer = connection.getresponse()
        status, body = answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return Readiness(False, False, ())
    finally:
        connection.close()
    try:
        told = json.loads(body)
    except ValueError:
        return Readiness(False, False, ())
    if not isinstance(told, dict):
        return Readiness(False, False, ())
    trouble = tuple(
        str(part) for part, word in told.items() if part not in OWN_KEYS and word != "ok"
    )
    return Readiness(status == http.client.OK, told.get("needsSetup") is True, trouble)


def failed_child(place: Place, children: list[ChildState]) -> str | None:
    """One sentence and the end of the log of the first child that fails, or None."""
    for child in children:
        if not child.is_failing:
            continue
        name = child.name.split(":")[-1]
        log = place.log(name)
        return f"ClinicPro could not start: its part '{name}' ends again and again ({log}).\n" + (
            _tail(place, name)
        )
    return None


def _tail(place: Place, name: str) -> str:
    try:
        lines = place.log(name).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "".join(f"  {line}\n" for line in lines[-TAIL_LINES:])
