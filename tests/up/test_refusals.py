"""What stops a start is one sentence on the console, and nothing is left running."""

import os
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from clinicpro.up.supervisor import children_of
from tests.instance import FOREIGN, ROOT, free_port


def up(data: Path, *, python: str = sys.executable, **environment: str) -> tuple[int, str]:
    """Try to start; returns the exit code and what was said."""
    kept = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}
    ports = {"PORT": str(free_port()), "HTTPS_PORT": str(free_port())}
    ended = subprocess.run(
        [python, "-m", "clinicpro", "up"],
        cwd=ROOT,
        env={**kept, "CLINICPRO_DATA": str(data), **ports, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stderr


def refused(data: Path, **how: str) -> str:
    before = set(Path("/tmp").glob("clinicpro-*"))
    code, said = up(data, **how)
    assert code == 2
    assert said.count("\n") == 1
    assert children_of(data) == []
    assert set(Path("/tmp").glob("clinicpro-*")) <= before
    return said.strip()


def test_a_taken_port(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port()))
        other.listen()
        port = other.getsockname()[1]
        assert refused(tmp_path, PORT=str(port)) == (
            f"Port {port} is taken by another program: stop it, or start with "
            f"PORT={port + 1} make run."
        )


def test_a_taken_port_on_the_network(tmp_path):
    with socket.socket() as other:
        other.bind(("0.0.0.0", free_port()))
        other.listen()
        port = other.getsockname()[1]
        assert refused(tmp_path, HTTPS_PORT=str(port)) == (
            f"Port {port} is taken by another program: stop it, or start with "
            f"HTTPS_PORT={port + 1} make run."
        )


def test_a_folder_that_cannot_be_written():
    assert "/proc/clinicpro cannot be written" in refused(Path("/proc/clinicpro"))


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PORT": "eighty"}, "PORT: 'eighty' is not a number from 1 to 65535."),
        ({"STORE": "external"}, "STORE=external needs AWS_ACCESS_KEY_ID: set it, or"),
        (
            {"STORE": "external", "AWS_ACCESS_KEY_ID": "mine"},
            "STORE=external needs AWS_SECRET_ACCESS_KEY: set it, or",
        ),
        ({"S3_ENDPOINT_URL": "http://127.0.0.1:1"}, "set STORE=external to use that store"),
        ({"TLS_CERT_FILE": "/c.pem"}, "TLS_CERT_FILE and TLS_KEY_FILE belong together."),
        (
            {
                "PUBLIC_URL": "https://images.example.nz",
                "TLS_CERT_FILE": "/nowhere/c.pem",
                "TLS_KEY_FILE": "/nowhere/k.pem",
            },
            "TLS_CERT_FILE: /nowhere/c.pem cannot be read (No such file or directory).",
        ),
        ({"DATABASE_URL": "mysql://x"}, "'mysql' is neither sqlite nor postgresql."),
    ],
)
def test_settings_that_cannot_be_meant(tmp_path, environment, words):
    assert words in refused(tmp_path, **environment)


@pytest.mark.faults
def test_a_database_that_is_not_there(tmp_path):
    nowhere = f"postgresql://127.0.0.1:{free_port()}/clinicpro"
    code, said = up(tmp_path, DATABASE_URL=nowhere)
    assert code == 1
    assert said == (
        f"ClinicPro could not start: its migrations failed, see {tmp_path}/logs/migrations.log.\n"
    )
    assert children_of(tmp_path) == []


@pytest.fixture
def bare(tmp_path):
    """A Python beside which no program of ours is installed, and its search path."""
    programs = tmp_path / "programs"
    programs.mkdir()
    return {
        "python": os.path.realpath(sys.executable),
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "PATH": f"{programs}:/usr/bin:/bin",
    }


def test_a_missing_program(tmp_path, bare):
    said = refused(tmp_path / "data", **bare)
    assert said.endswith("is missing: run 'make run', which installs requirements.txt.")


def test_a_store_that_is_too_old(tmp_path, bare):
    for name, words in (("weed", "version 8000GB 4.20 linux amd64"), ("caddy", "")):
        (tmp_path / "programs" / name).write_text(f"#!/bin/sh\necho {words}\n")
        (tmp_path / "programs" / name).chmod(0o700)
    assert "is version 4.20, but at least 4.48 is needed" in refused(tmp_path / "data", **bare)
