"""How the stand-in for the model tells its answer, event by event, or fails to."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.messages_api import parts
from tests.scenarios import Scenario


@dataclass
class Seen:
    """One request: what came, when each word was said, when the client hung up (monotonic)."""

    body: dict[str, Any]
    headers: dict[str, str]
    at: float
    status: int = 0
    said_at: list[float] = field(default_factory=list)
    hung_up_at: float | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def words(self) -> int:
        return len(self.said_at)

    @property
    def text(self) -> str:
        return "".join(part["text"] for part in parts(self.body, "text"))

    @property
    def image(self) -> bytes:
        return self.images[0]

    @property
    def images(self) -> list[bytes]:
        return [base64.b64decode(part["source"]["data"]) for part in parts(self.body, "image")]


@dataclass
class Telling:
    """One answer on its way: `write` sends bytes, `wait` lets seconds pass."""

    seen: Seen
    scenario: Scenario
    write: Callable[[bytes], object]
    wait: Callable[[float], None]

    def tell(self) -> bool:
        """Say it all; False when the connection is to be dropped in the middle."""
        seen, scenario = self.seen, self.scenario
        self._event("message_start", {"message": self._message()})
        self._event("ping", {})
        at = self._think()
        self._event(
            "content_block_start", {"index": at, "content_block": {"type": "text", "text": ""}}
        )
        for word in self._words():
            if scenario.ending != "well" and seen.words == scenario.after:
                return self._end_badly()
            self.wait(scenario.delay)
            seen.said_at.append(time.monotonic())
            delta = {"type": "text_delta", "text": word}
            self._event("content_block_delta", {"index": at, "delta": delta})
        if scenario.ending != "well":
            return self._end_badly()
        self._event("content_block_stop", {"index": at})
        delta = {"stop_reason": scenario.stop_reason, "stop_sequence": None}
        usage = {"output_tokens": seen.words + 1}
        self._event("message_delta", {"delta": delta, "usage": usage})
        self._event("message_stop", {})
        self._chunk(b"")
        return True

    def _think(self) -> int:
        """Send a thinking block if there is one; the index of the next block."""
        if self.scenario.thinking is None:
            return 0
        block = {"type": "thinking", "thinking": "", "signature": ""}
        delta = {"type": "thinking_delta", "thinking": self.scenario.thinking}
        signature = {"type": "signature_delta", "signature": "c2lnbmVk"}
        self._event("content_block_start", {"index": 0, "content_block": block})
        self._event("content_block_delta", {"index": 0, "delta": delta})
        self._event("content_block_delta", {"index": 0, "delta": signature})
        self._event("content_block_stop", {"index": 0})
        return 1

    def _end_badly(self) -> bool:
        match self.scenario.ending:
            case "cut":  # in the middle of a chunk
                self.write(b"40\r\nevent: content_block_delta\nda")
                return False
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
                self.wait(3600)
            case "error":
                error = {"type": self.scenario.error_type, "message": "as the scenario says"}
                self._event("error", {"error": error})
                self._chunk(b"")
        return True

    def _event(self, name: str, content: dict[str, Any]) -> None:
        self._chunk(f"event: {name}\ndata: {json.dumps({'type': name, **content})}\n\n".encode())

    def _chunk(self, content: bytes) -> None:
        self.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")

    def _message(self) -> dict[str, Any]:
        return {
            "id": f"msg_test_{id(self.seen):x}",
            "type": "message",
            "role": "assistant",
            "model": self.scenario.answered_by or self.seen.body["model"],
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {
                "input_tokens": 1000 + len(self.seen.text.split()),
                "output_tokens": 1,
            },
        }

    def _words(self) -> Iterator[str]:
        if self.scenario.is_endless:
            while True:
                yield "and so on "
        text = self.seen.text if self.scenario.is_obedient else self.scenario.words
        yield from (word for word in text.replace(" ", " \0").split("\0") if word)
