"""The demonstration: a data folder of its own, sample images, and a stand-in for the model."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from clinicpro.settings import Settings
from clinicpro.up import StartError
from clinicpro.up.programs import Program

PORT_NAME = "DEMO_MODEL_PORT"
ANSWERS = Path(__file__).with_name("demo.yaml")
EMAIL = "aroha@demo.example"
PASSWORD = "demonstration only"  # noqa: S105  (printed at the start, guards drawn pictures)
# A demonstration never touches a real database, store or model, whatever the environment says.
ENVIRONMENT = {
    "CLINICPRO_DEMO": "1",
    "ANTHROPIC_API_KEY": "demo",
    "ANTHROPIC_API_KEY_FILE": "",
    "DATABASE_URL": "",
    "DATABASE_URL_FILE": "",
    "STORE": "bundled",
    "S3_ENDPOINT_URL": "",
}


def demo() -> int:
    """Run a whole instance on `demo/` until told to stop; returns the exit code."""
    from clinicpro.up.start import up

    folder = os.environ.get("CLINICPRO_DATA") or "demo"
    return up({**os.environ, **ENVIRONMENT, "CLINICPRO_DATA": folder})


def model_url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def model_server(port: int) -> Program:
    """The stand-in model. Raises StartError when it is not installed."""
    fakellm = Path(sys.executable).parent / "fakellm"
    if not fakellm.exists():
        raise StartError("The stand-in model is missing: run 'make demo', which installs it.")
    return Program(
        name="model",
        command=(
            *(str(fakellm), "serve", "--host", "127.0.0.1"),
            *("--port", str(port), "--config", str(ANSWERS)),
        ),
        wing="back",
        stop_seconds=2,
    )


def seed(settings: Settings) -> None:
    """Accounts and sample images are there; nothing happens when there are accounts already.

    Runs in a process of its own while everything is up, before the address is printed.
    """
    from clinicpro.up.sample_practice import add_practice

    add_practice(settings)
