"""A small server that speaks the Messages API: it can obey, lie, cut, stall and refuse.

`with ModelServer("cut") as server:` in tests, or `python -m tests.model_server --port N
--scenario cut` as a process of its own (then GET /requests tells what it was sent).
"""

from __future__ import annotations

import argparse
import base64
import json
import select
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from tests.messages_api import ERROR_TYPES, fault_in, parts

Ending = Literal["well", "cut", "truncated", "corrupt", "garbled", "stall", "error"]
WORDS = "Left forearm. Superficial abrasion, 3 linear scratches, no pus."


@dataclass(frozen=True)
class Scenario:
    """How the server answers one request; `delay` is seconds before each word."""

    words: str = WORDS
    delay: float = 0.0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    ending: Ending = "well"
    after: int = 4  # words until the ending strikes, where it is a bad one
    error_type: str = "overloaded_error"
    stop_reason: str | None = "end_turn"
    thinking: str | None = None
    is_endless: bool = False
    is_obedient: bool = False  # says what the question's text tells it to say
    answered_by: str | None = None
    silence: float = 0.0  # seconds before the status line


SCENARIOS: dict[str, Scenario] = {
    "answer": Scenario(),
    "slow": Scenario(delay=0.2),
    "obey": Scenario(is_obedient=True),
    "thinking": Scenario(thinking="Perhaps a burn? No, an abrasion."),
    "refusal": Scenario(words="", stop_reason="refusal"),
    "max-tokens": Scenario(stop_reason="max_tokens"),
    "window": Scenario(stop_reason="model_context_window_exceeded"),
    "empty": Scenario(words=""),
    "blank": Scenario(words=" \n "),
    "endless": Scenario(is_endless=True),
    "endless-slow": Scenario(is_endless=True, delay=0.1),
    "cut": Scenario(ending="cut"),
    "cut-at-once": Scenario(ending="cut", after=0),
    "truncated": Scenario(ending="truncated"),
    "corrupt": Scenario(ending="corrupt"),
    "garbled": Scenario(ending="garbled"),
    "stall": Scenario(ending="stall"),
    "stall-at-once": Scenario(ending="stall", after=0),
    "silent": Scenario(silence=3600),
    "error": Scenario(ending="error"),
    "error-at-once": Scenario(ending="error", after=0),
    "busy": Scenario(status=529),
    "limited": Scenario(status=429),
    "limited-1s": Scenario(status=429, headers={"retry-after": "1"}),
    "limited-1h": Scenario(status=429, headers={"retry-after": "3600"}),
    "moved": Scenario(status=307, headers={"location": "/elsewhere"}),
    **{str(status): Scenario(status=status) for status in (400, 401, 402, 403, 404, 413, 500, 503)},
}


@dataclass
class Seen:
    """One request: what came, how many words were said, when the client hung up (monotonic)."""

    body: dict[str, Any]
    headers: dict[str, str]
    at: float
    status: int = 0
    words: int = 0
    hung_up_at: float | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def text(self) -> str:
        return "".join(part["text"] for part in parts(self.body, "text"))

    @property
    def image(self) -> bytes:
        return base64.b64decode(parts(self.body, "image")[0]["source"]["data"])


class ModelServer:
    """Listens on a free loopback port; answers by `script`, whose last scenario stays."""

    def __init__(self, *script: str | Scenario, port: int = 0) -> None:
        self.requests: list[Seen] = []
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
        self._event("message_start", {"message": _message(seen, scenario)})
        self._event("ping", {})
        at = self._think(scenario)
        self._event(
            "content_block_start", {"index": at, "content_block": {"type": "text", "text": ""}}
        )
        for word in _words(seen, scenario):
            if scenario.ending != "well" and seen.words == scenario.after:
                return self._end_badly(scenario)
            self._wait(scenario.delay)
            delta = {"type": "text_delta", "text": word}
            self._event("content_block_delta", {"index": at, "delta": delta})
            seen.words += 1
        if scenario.ending != "well":
            return self._end_badly(scenario)
        self._event("content_block_stop", {"index": at})
        delta = {"stop_reason": scenario.stop_reason, "stop_sequence": None}
        usage = {"output_tokens": seen.words + 1}
        self._event("message_delta", {"delta": delta, "usage": usage})
        self._event("message_stop", {})
        return self._chunk(b"")

    def _think(self, scenario: Scenario) -> int:
        """Send a thinking block if there is one; the index of the next block."""
        if scenario.thinking is None:
            return 0
        block = {"type": "thinking", "thinking": "", "signature": ""}
        delta = {"type": "thinking_delta", "thinking": scenario.thinking}
        signature = {"type": "signature_delta", "signature": "c2lnbmVk"}
        self._event("content_block_start", {"index": 0, "content_block": block})
        self._event("content_block_delta", {"index": 0, "delta": delta})
        self._event("content_block_delta", {"index": 0, "delta": signature})
        self._event("content_block_stop", {"index": 0})
        return 1

    def _end_badly(self, scenario: Scenario) -> None:
        match scenario.ending:
            case "cut":  # in the middle of a chunk
                self.wfile.write(b"40\r\nevent: content_block_delta\nda")
                self.close_connection = True
            case "truncated":  # a well-formed end of the transfer, no end of the message
                self._chunk(b"")
            case "corrupt":
                self._chunk(b'event: content_block_delta\ndata: {"type": "content_bl\n\n')
                self._chunk(b"")
            case "garbled":  # JSON, and nothing that the protocol knows
                for data in ("[1]", '{"type":"content_block_delta","delta":5}', '"x"', "null"):
                    self._chunk(f"event: content_block_delta\ndata: {data}\n\n".encode())
                self._chunk(b"")
            case "stall":
                self._wait(3600)
            case "error":
                error = {"type": scenario.error_type, "message": "as the scenario says"}
                self._event("error", {"error": error})
                self._chunk(b"")

    def _event(self, name: str, content: dict[str, Any]) -> None:
        self._chunk(f"event: {name}\ndata: {json.dumps({'type': name, **content})}\n\n".encode())

    def _chunk(self, content: bytes) -> None:
        self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")

    def _wait(self, seconds: float) -> None:
        """Let time pass, and notice at once when the client hangs up."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.model_server.closing.is_set():
                raise _HungUp
            readable, _, _ = select.select([self.connection], [], [], min(left, 0.05))
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                raise _HungUp


def _message(seen: Seen, scenario: Scenario) -> dict[str, Any]:
    return {
        "id": f"msg_test_{id(seen):x}",
        "type": "message",
        "role": "assistant",
        "model": scenario.answered_by or seen.body["model"],
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 1000 + len(seen.text.split()), "output_tokens": 1},
    }


def _words(seen: Seen, scenario: Scenario) -> Iterator[str]:
    if scenario.is_endless:
        while True:
            yield "and so on "
    text = seen.text if scenario.is_obedient else scenario.words
    yield from (word for word in text.replace(" ", " \0").split("\0") if word)


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
