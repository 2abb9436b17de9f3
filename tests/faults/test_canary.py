"""One patient through everything, errors too: nothing of them stands in a log or an error page."""

from __future__ import annotations

import dataclasses
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from clinicpro import create_app
from clinicpro.gateways import Gateways
from clinicpro.gateways.fakes import FakeDescriber, FakeStore
from clinicpro.imaging.client import DecoderClient
from tests.canary import CANARIES, SIGNED, hits, logs_of
from tests.faults.canary_day import Day
from tests.faults.canary_visitor import Recorder
from tests.instance import Instance
from tests.model_server import ModelServer
from tests.visitor import settings_of

pytestmark = [pytest.mark.faults, pytest.mark.timeout(200)]


@dataclasses.dataclass
class Left:
    """What a whole day left behind."""

    texts: dict[str, bytes]  # logs, standard output and error, error pages
    secrets: dict[str, str]

    @property
    def words(self) -> dict[str, str]:
        return {**CANARIES, **SIGNED, **self.secrets}


@pytest.fixture(scope="module")
def left() -> Iterator[Left]:
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    with ModelServer() as model:
        environment = {"ANTHROPIC_API_KEY": CANARIES["key"], "ANTHROPIC_BASE_URL": model.url}
        with Instance(folder, **environment) as instance, Recorder(instance.url) as gp:
            code = instance.setup_code or ""
            gp.set_up_as_canary(code)
            settings = settings_of(instance)
            decoder = DecoderClient(settings.decoder_socket)
            app = create_app(settings, Gateways(FakeStore(), FakeDescriber([]), decoder))
            day = Day(instance, gp, model)
            day.goes_well()
            day.is_refused()
            day.walks(app.url_map)
            day.breaks()
            cookies = gp.cookies
            instance.stop()
            secrets = json.loads((folder / "secrets.json").read_text())
            said = instance.everything_said().replace(code, "")  # its one place is the console
    yield Left(
        {"console": said.encode(), **logs_of(folder / "logs"), **gp.errors},
        {**secrets, "setup code": code, **{f"cookie {name}": cookies[name] for name in cookies}},
    )
    shutil.rmtree(folder)


def test_nothing_of_the_patient_and_no_secret_stands_anywhere(left: Left) -> None:
    assert hits(left.words, left.texts) == []


def test_each_would_be_found(left: Left) -> None:
    for name, word in left.words.items():
        for written in (word, json.dumps(word), word.upper()):
            texts = {**left.texts, "planted": f'{{"at": 1, "said": {written}}}'.encode()}
            assert f"{name} in planted" in hits({name: word}, texts)


def test_it_has_looked_where_things_went_wrong(left: Left) -> None:
    """Every part has a log, the faults are in them, and every kind of error page was seen."""
    parts = {"web.log", "worker.log", "decoder.log", "caddy.log", "store.log", "supervisor.log"}
    assert parts <= left.texts.keys()
    logged = [json.loads(line) for line in left.texts["web.log"].splitlines()]
    references = [line["request"] for line in logged if "unexpected ValueError" in line["said"]]
    pages = [page for name, page in left.texts.items() if name.startswith("500 ")]
    assert len(pages) >= 2
    strange = [page for page in pages if not any(code.encode() in page for code in references)]
    assert strange == [], logged
    assert b"job adopt failed" in left.texts["worker.log"]
    statuses = {name.split()[0] for name in left.texts}
    assert {"400", "403", "404", "405", "413", "500", "503"} <= statuses
