"""A small server that speaks the Messages API: it can obey, lie, cut, stall and refuse.

`with ModelServer("cut") as server:` in tests, or `python -m tests.model_server --port N
--scenario cut` as a process of its own (then GET /requests tells what it was sent).
"""

from __future__ import annotations

import argparse
import json
import select
import socket
import sys
import threading
import time
from dataclasses import asdict, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.messages_api import ERROR_TYPES, fault_in
from tests.scenarios import SCENARIOS, Scenario
from tests.telling import Seen, Telling


class ModelServer:
    """Listens on a free loopback port; answers by `script`, whose last scenario stays."""

    def __init__(self, *script: str | Scenario, port: int = 0) -> None:
        self.requests: list[Seen] = []
        self.connections = 0
        self.reads: dict[bytes, str] = {}  # what is written in which image; it obeys
        self.closing = threading.Event()
        self._script: list[Scenario] = []
        self._lock = threading.Lock()
        self.play(*(script or ("answer",)))
        self._http = _Listener(("127.0.0.1", port), _Handler)
        self._http.model_server = self  # type: ignore[attr-defined]
        self.port = int(self._http.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def play(self, *script: str | Scenario) -> None:
        """Answer the next requests by these, and all after them by the last."""
        with self._lock:
            self._script = [SCENARIOS[each] if isinstance(each, str) else each for each in script]

    def start(self) -> ModelServer:
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()

    __enter__ = start

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def next_scenario(self) -> Scenario:
        with self._lock:
            return self._script.pop(0) if len(self._script) > 1 else self._script[0]


class _HungUp(Exception):  # noqa: N818  (no error: the client may)
    pass


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def process_request(self, request: Any, client_address: Any) -> None:
        self.model_server.connections += 1  # type: ignore[attr-defined]
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a client that hung up is no error
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.model_server: ModelServer = self.server.model_server  # type: ignore[attr-defined]

    def log_message(self, *_args: object) -> None:
        pass

    def do_GET(self) -> None:
        seen = [
            {**asdict(replace(each, ended=None)), "ended": each.ended.is_set()}  # type: ignore[arg-type]
            for each in self.model_server.requests
        ]
        self._plain(200, {"requests": seen})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        seen = Seen(
            body=json.loads(raw or b"{}"),
            headers={name.lower(): value for name, value in self.headers.items()},
            at=time.monotonic(),
        )
        self.model_server.requests.append(seen)
        try:
            self._answer(seen, len(raw))
        except (_HungUp, OSError):
            seen.hung_up_at = time.monotonic()
            self.close_connection = True
        finally:
            seen.ended.set()

    def _answer(self, seen: Seen, size: int) -> None:
        scenario = self.model_server.next_scenario()
        written = self.model_server.reads.get(seen.image) if self.model_server.reads else None
        if written is not None:
            scenario = replace(scenario, words=written)
        self._wait(scenario.silence)
        status, problem = fault_in(self.path, seen.headers, seen.body, size)
        if status == 200 and scenario.status != 200:
            status, problem = scenario.status, "as the scenario says"
        seen.status = status
        if status != 200:
            kind = ERROR_TYPES.get(status, "api_error")
            error = {"type": "error", "error": {"type": kind, "message": problem}}
            self._plain(status, error, scenario.headers)
        else:
            self._stream(seen, scenario)

    def _plain(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("request-id", f"req_test_{len(self.model_server.requests)}")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, seen: Seen, scenario: Scenario) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("request-id", f"req_test_{len(self.model_server.requests)}")
        self.end_headers()
        if not Telling(seen, scenario, self.wfile.write, self._wait).tell():
            self.close_connection = True

    def _wait(self, seconds: float) -> None:
        """Let time pass, and notice at once when the client hangs up."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.model_server.closing.is_set():
                raise _HungUp
            readable, _, _ = select.select([self.connection], [], [], min(left, 0.05))
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                raise _HungUp


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), default="answer", nargs="+")
    asked = parser.parse_args()
    script = [asked.scenario] if isinstance(asked.scenario, str) else asked.scenario
    server = ModelServer(*script, port=asked.port).start()
    print(server.url, flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        server.stop()


if __name__ == "__main__":
    main()
