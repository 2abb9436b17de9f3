"""The children: what is run, in which order it ends, and the supervisor's configuration."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import clinicpro
from clinicpro.settings import Settings
from clinicpro.up import StartError
from clinicpro.up.place import Place, write_private

ROOT = Path(clinicpro.__file__).resolve().parent.parent
MARK = "CLINICPRO_CHILD_OF"  # in the environment of everything that is started for a data folder
WEB_THREADS = 256
GRACEFUL_SECONDS = 4  # with the rest of the way down this keeps the 10 s of the whole
LOG_BYTES = "5MB"
LOG_BACKUPS = 3


@dataclass(frozen=True)
class Program:
    """One supervised child.

    `wing` says when it ends: what serves people before what they are served from. A child that
    `knows_settings` inherits the environment; the others get no more than they need, so that
    no key reaches a process that has no use for it.
    """

    name: str
    command: tuple[str, ...]
    wing: Literal["front", "back"]
    stop_seconds: int
    starts_at_once: bool = True
    knows_settings: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """The name by which the supervisor goes."""
        return f"{self.wing}:{self.name}"


def binary(name: str, search: str | None = None) -> Path:
    """Where the program `name` is: beside this Python, then on the PATH. Raises StartError."""
    beside = Path(sys.executable).parent
    path = search if search is not None else f"{beside}{os.pathsep}{os.environ.get('PATH', '')}"
    found = shutil.which(name, path=path)
    if found is None:
        raise StartError(
            f"The program '{name}' is missing: run 'make run', which installs requirements.txt."
        )
    return Path(found)


def web(settings: Settings) -> Program:
    """gunicorn on a unix socket that only Caddy, running as the same user, can reach."""
    flags = {
        "worker-class": "gthread",
        "workers": settings.web_concurrency,
        "threads": WEB_THREADS,
        "bind": f"unix:{settings.runtime / 'gunicorn.sock'}",
        "umask": "0o077",
        "graceful-timeout": GRACEFUL_SECONDS,
        "timeout": 60,
        "keep-alive": 75,  # longer than Caddy's 60 s, so that Caddy is the one who hangs up
        "forwarded-allow-ips": "*",  # whoever reaches the socket is Caddy
        "worker-tmp-dir": "/dev/shm" if Path("/dev/shm").is_dir() else "/tmp",  # noqa: S108
        "log-level": "warning",
        "logger-class": "clinicpro.up.serving.ServerLog",
    }
    return Program(
        name="web",
        command=(
            *(sys.executable, "-m", "gunicorn", "wsgi:app", "--no-control-socket"),
            *(f"--{name}={value}" for name, value in flags.items()),
        ),
        wing="front",
        stop_seconds=GRACEFUL_SECONDS + 1,
        starts_at_once=False,
        knows_settings=True,
    )


def worker() -> Program:
    return Program(
        name="worker",
        command=(sys.executable, "-m", "clinicpro", "worker"),
        wing="front",
        stop_seconds=GRACEFUL_SECONDS + 1,
        starts_at_once=False,
        knows_settings=True,
    )


def decoder(settings: Settings) -> Program:
    """It opens untrusted bytes: it is told its socket and nothing else."""
    return Program(
        name="decoder",
        command=(sys.executable, "-m", "clinicpro", "decoder", str(settings.decoder_socket)),
        wing="back",
        stop_seconds=2,
    )


def caddy(place: Place) -> Program:
    folder = str(place.caddy)
    return Program(
        name="caddy",
        command=(
            *(str(binary("caddy")), "run", "--adapter", "caddyfile"),
            *("--config", str(place.conf / "Caddyfile")),
        ),
        wing="front",
        stop_seconds=GRACEFUL_SECONDS,
        environment={
            "XDG_DATA_HOME": folder,
            "XDG_CONFIG_HOME": folder,
            "HOME": folder,
            # Whom it trusts when it asks for a certificate, or an external store for an image.
            **{name: os.environ[name] for name in ("SSL_CERT_FILE",) if name in os.environ},
        },
    )


def store(place: Place, command: tuple[str, ...]) -> Program:
    return Program(name="store", command=command, wing="back", stop_seconds=3)


def write_supervisor(place: Place, settings: Settings, programs: tuple[Program, ...]) -> Path:
    """The supervisor's configuration is in the data folder; returns its path."""
    socket = settings.runtime / "supervisor.sock"
    parts = [
        "[supervisord]",
        "nodaemon=true",
        "silent=true",
        "umask=077",
        f"user={os.geteuid()}",  # stay who we are
        f"logfile={_quoted(place.log('supervisor'))}",
        f"logfile_maxbytes={LOG_BYTES}",
        f"logfile_backups={LOG_BACKUPS}",
        f"pidfile={_quoted(settings.runtime / 'supervisord.pid')}",
        f"childlogdir={_quoted(place.logs)}",
        "[unix_http_server]",
        f"file={_quoted(socket)}",
        "chmod=0700",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for wing, priority in (("back", 1), ("front", 2)):  # the highest number ends first
        names = ",".join(program.name for program in programs if program.wing == wing)
        parts += [f"[group:{wing}]", f"programs={names}", f"priority={priority}"]
    for program in programs:
        parts += _section(place, settings, program)
    path = place.conf / "supervisord.conf"
    write_private(path, "\n".join(parts) + "\n")
    return path


def _section(place: Place, settings: Settings, program: Program) -> list[str]:
    inherited = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(place.conf),
        "TMPDIR": str(settings.runtime),
        MARK: str(place.data),
    }
    bare = {**inherited, **program.environment}
    prefix = () if program.knows_settings else ("/usr/bin/env", "-i", *_assignments(bare))
    directory = place.conf if program.name == "store" else ROOT
    return [
        f"[program:{program.name}]",
        f"command={_quoted(shlex.join((*prefix, *program.command)))}",
        f"directory={_quoted(directory)}",
        f"autostart={'true' if program.starts_at_once else 'false'}",
        "autorestart=true",
        "startsecs=1",
        "startretries=4",  # then it is fatal, and `up` begins anew: the back-off has an end
        f"stopwaitsecs={program.stop_seconds}",
        "stopsignal=TERM",
        "killasgroup=true",
        "redirect_stderr=true",
        f"stdout_logfile={_quoted(_quoted(place.log(program.name)))}",  # expanded twice
        f"stdout_logfile_maxbytes={LOG_BYTES}",
        f"stdout_logfile_backups={LOG_BACKUPS}",
    ]


def _assignments(values: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in values.items()]


def _quoted(value: Path | str) -> str:
    """The supervisor expands %(…)s in its configuration."""
    return str(value).replace("%", "%%")
