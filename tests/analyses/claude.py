"""The real client of the model in the place of the fake, before a server of ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from clinicpro.gateways.describer import ClaudeDescriber, Patience
from clinicpro.settings import Settings
from tests.model_server import ModelServer

IN_A_HURRY = Patience(connect=1, read=1, whole=3, pauses=(0.05, 0.05))


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def describer(settings: Settings, model: ModelServer) -> ClaudeDescriber:
    return ClaudeDescriber(replace(settings, anthropic_base_url=model.url), IN_A_HURRY)
