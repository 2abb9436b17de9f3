"""Every case of the hostile corpus through the real decoder, and what is served of the rest."""

from __future__ import annotations

import time

import pytest

from clinicpro.gateways import ImageRejected
from clinicpro.imaging.client import DecoderClient
from tests import corpus, hostile


def outcome(decoder: DecoderClient, content: bytes) -> tuple[str, str]:
    try:
        decoder.thumb(content)
        decoder.derivatives(content)
    except ImageRejected as rejected:
        return hostile.R, rejected.reason
    return hostile.A, ""


@pytest.mark.parametrize("case", hostile.CASES, ids=lambda case: case.name)
def test_the_hostile_corpus(decoder: DecoderClient, case: hostile.Case) -> None:
    content = case.make()
    began = time.monotonic()
    found, reason = outcome(decoder, content)
    assert time.monotonic() - began < 5
    if case.outcome != hostile.EITHER:
        assert found == case.outcome, reason
    assert case.reason in reason
    if found == hostile.R:
        assert reason.endswith(".")
        assert len(reason) < 200


def test_after_all_that_an_ordinary_image_is_read(decoder: DecoderClient) -> None:
    assert outcome(decoder, corpus.skin_jpeg())[0] == hostile.A
