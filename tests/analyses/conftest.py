"""An image that can be described."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask

from clinicpro.gateways.fakes import FakeStore
from tests.analyses.asking import ready_image
from tests.factories import Person


@pytest.fixture
def image_id(app: Flask, gp: Person, store: FakeStore) -> UUID:
    return ready_image(app, gp, store)
