"""The data folder: what lies where in it, who may read it, and the lock that one `up` holds."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from clinicpro.settings import RUNTIME_FILE, SECRETS_FILE
from clinicpro.up import StartError

SOCKET_ROOM = 45  # bytes left for "/wake/" and a name of live.py's within a socket path's 107
LONGEST_RUNTIME = 107 - SOCKET_ROOM


@dataclass(frozen=True)
class Place:
    """One instance's data folder."""

    data: Path

    @property
    def secrets_file(self) -> Path:
        return self.data / SECRETS_FILE

    @property
    def runtime_file(self) -> Path:
        return self.data / RUNTIME_FILE

    @property
    def setup_code_file(self) -> Path:
        return self.data / "setup-code"

    @property
    def conf(self) -> Path:
        """Written anew at each start for the children; holds keys, hence private."""
        return self.data / "conf"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def store(self) -> Path:
        return self.data / "store"

    @property
    def caddy(self) -> Path:
        """Caddy's own: the local certificate authority lives here."""
        return self.data / "caddy"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"


def open_place(data: Path) -> Place:
    """The data folder exists, is ours alone (0700) and can be written. Raises StartError."""
    place = Place(data)
    try:
        for folder in (data, place.conf, place.logs, place.store, place.caddy):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        data.chmod(0o700)
        with tempfile.TemporaryFile(dir=data):
            pass
    except OSError as error:
        raise StartError(
            f"The data folder {data} cannot be written ({error.strerror}): make it writable, "
            "or set CLINICPRO_DATA to another folder."
        ) from error
    return place


def lock(place: Place) -> TextIO:
    """Hold the data folder until the returned file is closed, or this process ends.

    Raises StartError when another `up` holds it.
    """
    file = (place.data / "lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise StartError(
            f"ClinicPro already runs on {place.data} (process {holder}): stop it first, or set "
            "CLINICPRO_DATA, PORT and HTTPS_PORT to run a second one beside it."
        ) from error
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def write_private(path: Path, text: str) -> None:
    """`path` holds `text`, whole or not at all, readable by its owner alone."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)


def read_values(path: Path) -> Mapping[str, str]:
    """The names and values that were kept in `path`; none when it is not there or broken."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in content.items()}


def write_values(path: Path, values: Mapping[str, str]) -> None:
    """`path` holds `values` as JSON, readable by its owner alone."""
    write_private(path, json.dumps(dict(values), indent=2) + "\n")


def make_runtime(place: Place) -> Path:
    """A fresh, private, short folder for unix sockets: in the data folder where that works."""
    inside = place.data / "run"
    shutil.rmtree(inside, ignore_errors=True)
    if len(os.fsencode(inside)) <= LONGEST_RUNTIME:
        inside.mkdir(mode=0o700)
        if _takes_sockets(inside):
            return _with_wake_folder(inside)
    return _with_wake_folder(Path(tempfile.mkdtemp(prefix="clinicpro-", dir="/tmp")))


def remove_runtime(runtime: Path) -> None:
    """No socket of an ended run is left behind."""
    if runtime.is_dir() and runtime.stat().st_uid == os.getuid():
        shutil.rmtree(runtime, ignore_errors=True)


def _with_wake_folder(runtime: Path) -> Path:
    (runtime / "wake").mkdir(mode=0o700)
    return runtime


def _takes_sockets(folder: Path) -> bool:
    """Network and some container file systems refuse unix sockets."""
    probe = folder / "probe"
    with socket.socket(socket.AF_UNIX) as candidate:
        try:
            candidate.bind(str(probe))
        except OSError:
            return False
    probe.unlink()
    return True
