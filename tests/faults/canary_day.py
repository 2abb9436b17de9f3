"""A day of one patient on a running instance, in which everything also goes wrong once."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import IncompleteRead
from urllib.parse import urlencode
from uuid import UUID, uuid4

from werkzeug.routing import Map

from tests.browser.conftest import flask
from tests.canary import CANARIES as SAID
from tests.corpus import skin_jpeg
from tests.faults.canary_visitor import FORM, IDENTITY, Recorder
from tests.instance import Instance, kill
from tests.model_server import ModelServer
from tests.scenarios import Scenario
from tests.visitor import unlike

JPEG = skin_jpeg(900, 700)
URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
COUNT = "SELECT count(*) FROM"


@dataclass
class Day:
    """What happens, in this order; `ids` are what there is by then, by the name in an address."""

    instance: Instance
    gp: Recorder
    model: ModelServer
    ids: dict[str, str] = field(default_factory=dict)

    def goes_well(self) -> None:
        """From the start of a consultation to a description in its note."""
        gp = self.gp
        self._turns_on()
        gp.post_form("/consultations/lookup", {"nhi": SAID["NHI"]})
        assert gp.post_form("/consultations", IDENTITY).status == 303
        self._keep("consultation")
        self._keep("patient")
        asked = gp.presign(JPEG, filename=SAID["file"], sessionId=self.ids["consultation_id"])
        ticket = asked.json()
        assert gp.put(ticket, JPEG) == 200
        self.ids["image_id"] = image_id = str(ticket["imageId"])
        assert gp.receipt(image_id) == 200
        assert gp.original(image_id) == JPEG
        wait_until(lambda: self.one("SELECT has_derivatives FROM image") == 1)
        words = {name: SAID[name] for name in ("label", "remark")}
        assert gp.post_form(f"/images/{image_id}", words).status == 303
        for path in ("/images", "/api/clinical-images/list"):
            assert gp.get(f"{path}?q={SAID['label']}").status == 200
        self._is_described()
        path = f"/consultations/{self.ids['consultation_id']}"
        note = {"history": SAID["note"], "plan": "", "version": "0"}
        assert gp.send("PUT", f"{path}/note", urlencode(note).encode(), URLENCODED).status == 200
        page = gp.get(path).content.decode()
        assert SAID["note"] in page
        assert SAID["findings"] in page

    def _is_described(self) -> None:
        for play in ("cut", "401", "500", "garbled", "truncated", Scenario(words=SAID["findings"])):
            self.model.play(play)
            ask = {"imageId": self.ids["image_id"], "prompt": SAID["question"], "consent": True}
            ask |= {"context": SAID["context"]}
            asked = self.gp.post_json("/api/clinical-images/analyze", ask)
            assert asked.status == 202, asked.content
            wait_until(lambda: self.one(f"{COUNT} analysis WHERE ended_at IS NULL") == 0)
            if play == "401":
                self._turns_on()  # it paused, since the key was refused
        self._keep("analysis", "WHERE state = 'finished'")
        entry = f"/analyses/{self.ids['analysis_id']}/note-entry"
        assert self.gp.post_form(entry, {"findings": SAID["findings"]}).status == 303
        self._keep("finding")

    def is_refused(self) -> None:
        """Wrong passwords, wrong bytes, wrong bodies, wrong addresses."""
        gp = self.gp
        with Recorder(self.instance.url) as stranger:
            stranger.take_token()
            wrong = {"email": SAID["email"], "password": SAID["wrong"]}
            assert stranger.post_form("/login", wrong).status == 422
            stranger.get(f"/images?q={SAID['search']}")
            gp.errors |= stranger.errors
        body = urlencode(FORM).encode()
        for path in ("/consultations", "/api/uploads/presign", "/login"):
            gp.send("POST", path, b"{" + body, JSON)
            self._sends_too_much(path, body * 3000)
            gp.send("POST", path, body, {**URLENCODED, "X-CSRFToken": SAID["wrong"]})
            gp.send("POST", path, body, {**URLENCODED, "Sec-Fetch-Site": "cross-site"})
            gp.send("DELETE", f"{path}?{body.decode()}")
        gp.get(f"/{SAID['NHI']}/{SAID['search']}?q={SAID['search']}")
        gp.send("GET", "/", headers={"Host": SAID["email"]})
        assert self._sent(f"%PDF-1.7 {SAID['note']}".encode() * 9) == 422

    def _sends_too_much(self, path: str, body: bytes) -> None:
        """The answer comes before the body is read; now and then the hang-up overtakes it."""
        for _ in range(5):
            with suppress(ConnectionResetError):
                assert self.gp.send("POST", path, body, URLENCODED).status == 413
                return
            self.gp.close()
        raise AssertionError("no answer in five tries")

    def walks(self, addresses: Map) -> None:
        """Every address there is, by every method, with every field full."""
        for rule in addresses.iter_rules():
            ids = {name: self.ids.get(name, str(uuid4())) for name in rule.arguments}
            path = addresses.bind("localhost").build(rule.endpoint, ids, force_external=False)
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                if rule.endpoint in ("accounts.sign_out", "static") or "stream" in rule.endpoint:
                    continue
                body = None if method == "GET" else urlencode(FORM).encode()
                query = f"?{urlencode(FORM)}" if method == "GET" else ""
                self.gp.send(method, path + query, body, URLENCODED if body else None)
        assert [name for name in self.gp.errors if name.startswith("500")] == []

    def breaks(self) -> None:
        """The store dies, the database is locked, rows hold what nobody can read."""
        asked = self.gp.presign(unlike(JPEG, 1)).json()
        for pid in self.instance.children("/weed -logtostderr"):
            kill(pid, signal.SIGKILL)
        assert self.gp.put(asked, unlike(JPEG, 1)) >= 500
        assert self.gp.receipt(str(asked["imageId"])) in (409, 502)
        wait_until(lambda: self.gp.get("/readyz").status == 200)
        with closing(self._database()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            assert self.gp.post_form("/consultations", IDENTITY).status == 503
            connection.execute("ROLLBACK")
        self._turns_on()
        self.gp.post_form(f"/images/{self.ids['image_id']}/restore", {})
        with Recorder(self.instance.url) as reader:
            self.model.play("endless-slow")
            reader.sign_in(SAID["email"], SAID["password"])
            ask = {"imageId": self.ids["image_id"], "consent": True}
            stream = reader.post_for_stream("/api/clinical-images/analyze", ask)
            assert stream.readline().startswith(b"event: text")
            wait_until(lambda: self.one(f"{COUNT} analysis WHERE state = 'running'") == 1)
            self._spoils_rows()
            with suppress(IncompleteRead):
                while stream.readline():
                    pass  # until it breaks off
        for path in ("/images", f"/analyses/{self.ids['analysis_id']}"):
            assert self.gp.get(path).status == 500
        log = self.instance.data / "logs" / "worker.log"
        wait_until(lambda: b"job adopt failed" in log.read_bytes())  # it looks every 10 s

    def _turns_on(self) -> None:
        flask(self.instance, "ai", "enable", "--basis", SAID["basis"])

    def _spoils_rows(self) -> None:
        with closing(self._database()) as connection:
            for column in ("image.uploaded_at", "image.changed_at", "analysis.requested_at"):
                table, _, name = column.partition(".")
                connection.execute(f"UPDATE {table} SET {name} = ?", (SAID["row"],))
            connection.execute(
                "INSERT INTO job (kind, subject, run_at, tries) "
                "SELECT 'derive', ?, run_at, 0 FROM job LIMIT 1",
                (SAID["row"],),
            )
            (running,) = connection.execute(
                "SELECT id FROM analysis WHERE state = 'running'"
            ).fetchone()
            connection.execute(  # and whoever watches it looks
                "INSERT INTO event (topic, at) SELECT ?, at FROM event LIMIT 1",
                (f"analysis:{UUID(running)}",),
            )

    def _sent(self, content: bytes) -> int:
        """The status of the receipt."""
        ticket = self.gp.presign(content).json()
        assert self.gp.put(ticket, content) == 200
        return self.gp.receipt(str(ticket["imageId"]))

    def _keep(self, table: str, where: str = "") -> None:
        found = self.one(f"SELECT id FROM {table} {where}")
        assert isinstance(found, str)
        self.ids[f"{table}_id"] = str(UUID(found))

    def _database(self) -> sqlite3.Connection:
        path = self.instance.data / "clinicpro.sqlite3"
        return sqlite3.connect(path, timeout=20, isolation_level=None)

    def one(self, query: str) -> object:
        with closing(self._database()) as connection:
            return connection.execute(query).fetchone()[0]


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 40
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)
