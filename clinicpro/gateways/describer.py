"""The model: Claude, or any server that speaks its Messages API. anthropic is imported here only.

It is imported with the first call, which only the worker makes: the web processes stay small.
"""

from __future__ import annotations

import base64
import logging
import ssl
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, TypedDict

from clinicpro.gateways import Answer, DescriberError, Question
from clinicpro.gateways.answering import Heard
from clinicpro.gateways.calls import Line, listen
from clinicpro.gateways.plain_text import visible
from clinicpro.gateways.refusals import (
    BROKEN_OFF,
    CORRUPT,
    EMPTY,
    NO_ANSWER,
    UNREACHABLE,
    MayTryAgain,
    by_error_type,
    by_status,
)
from clinicpro.settings import Settings

if TYPE_CHECKING:
    from anthropic import Anthropic, Stream
    from anthropic.types import (
        ImageBlockParam,
        MessageParam,
        OutputConfigParam,
        RawMessageStreamEvent,
        TextBlockParam,
        ThinkingConfigParam,
    )

CLAUDE = "https://api.anthropic.com"
NO_KEY = (
    "No key for Claude is set. Put ANTHROPIC_API_KEY=… into .env and start ClinicPro again, or "
    "set ANTHROPIC_BASE_URL to a model server in the house."
)
BAD_KEY = (
    "ANTHROPIC_API_KEY holds characters that no key has. Copy it again, without quotes or spaces."
)


@dataclass(frozen=True)
class Patience:
    """How long one description may take, in seconds, and how often it is tried."""

    connect: float = 5
    read: float = 60  # between two signs of life
    whole: float = 180
    tries: int = 3
    tries_within: float = 60
    pauses: tuple[float, ...] = (1, 4)
    longest_text: int = 20_000  # characters


class _Tuning(TypedDict, total=False):
    output_config: OutputConfigParam
    thinking: ThinkingConfigParam
    inference_geo: str


# Little effort, no thinking up front: the first words come at once, and repeat runs differ less.
# Each model has its own way to say so and answers 400 to the others' (Opus 5.5 always thinks);
# a model that is not listed gets none, as servers in the house need.
TUNING: dict[str, _Tuning] = {
    "claude-sonnet-5-5": {
        "output_config": {"effort": "low"},
        "thinking": {"type": "between_tools"},
    },
    "claude-haiku-5-5": {"output_config": {"effort": "low"}, "thinking": {"type": "disabled"}},
    "claude-opus-5-5": {"output_config": {"effort": "low"}},
}


class ClaudeDescriber:
    """Describes what one question shows per call; each failure comes out as a DescriberError."""

    def __init__(self, settings: Settings, patience: Patience | None = None) -> None:
        self._key = settings.anthropic_api_key
        self._base_url = settings.anthropic_base_url
        self._region = settings.claude_region
        self._patience = patience or Patience()

    @property
    def missing(self) -> str | None:
        if self._key is None:
            return None if self._base_url else NO_KEY
        is_sendable = self._key.isascii() and self._key.isprintable() and " " not in self._key
        return None if is_sendable else BAD_KEY

    def describe(self, question: Question, stop: threading.Event) -> Iterator[str | Answer]:
        """Yield pieces of text as they come, then one Answer (see the protocol).

        At most 3 tries in 60 s, and only where the model cannot have begun: no connection, 429,
        529, 5xx. A text that grows past 20,000 characters ends as if the stream had just ended.
        """
        if self.missing is not None:
            raise DescriberError(self.missing, "key")
        patience = self._patience
        begun = time.monotonic()
        for number in range(1, patience.tries + 1):
            try:
                yield from self._try(question, stop, begun + patience.whole)
            except MayTryAgain as refusal:
                pause = refusal.wait
                if pause is None:
                    pause = patience.pauses[min(number, len(patience.pauses)) - 1]
                is_late = time.monotonic() - begun + pause > patience.tries_within
                if number == patience.tries or is_late:
                    raise
                if stop.wait(pause):
                    return
            else:
                return

    def _try(
        self, question: Question, stop: threading.Event, deadline: float
    ) -> Generator[str | Answer, None, None]:
        try:
            yield from listen(partial(self._ask, question), stop, deadline)
        except TimeoutError as error:
            raise DescriberError(NO_ANSWER, "timeout") from error

    def _ask(self, question: Question, line: Line) -> Iterator[str | Answer]:
        import anthropic
        import httpx2

        try:
            with self._client(line) as client, self._stream(client, question) as stream:
                yield from self._read(stream, question.model)
        except (anthropic.AnthropicError, httpx2.HTTPError, ValueError) as error:
            raise _in_plain_words(error, question.model) from error

    def _client(self, line: Line) -> Anthropic:
        """A client of its own per call: its one connection can be hung up, no other is touched."""
        import anthropic
        import httpx2

        # At DEBUG these would log the image, the prompt and the key.
        for name in ("anthropic", "httpx2", "httpcore2"):
            logging.getLogger(name).setLevel(logging.WARNING)

        def note_the_line(request: httpx2.Request) -> None:
            request.extensions["trace"] = line.trace

        patience = self._patience
        timeout = httpx2.Timeout(patience.read, connect=patience.connect)
        return anthropic.Anthropic(
            api_key=self._key or "none-needed",
            base_url=self._base_url or CLAUDE,
            timeout=timeout,
            max_retries=0,
            open_telemetry=False,
            http_client=anthropic.DefaultHttpxClient(
                timeout=timeout,
                verify=_trusted(),
                follow_redirects=False,  # or a redirect would take the image and key elsewhere
                event_hooks={"request": [note_the_line]},
            ),
        )

    def _stream(self, client: Anthropic, question: Question) -> Stream[RawMessageStreamEvent]:
        messages: list[MessageParam] = [{"role": "user", "content": _content(question)}]
        tuning = _tuning(question.model)
        if self._region is not None:
            tuning["inference_geo"] = self._region
        return client.messages.create(
            model=question.model,
            max_tokens=question.max_tokens,
            system=question.system,
            messages=messages,
            stream=True,
            **tuning,
        )

    def _read(
        self, stream: Stream[RawMessageStreamEvent], model: str
    ) -> Generator[str | Answer, None, None]:
        """The words as they come and how it ended; the room for words is limited."""
        heard = Heard(model)
        room = self._patience.longest_text
        for event in stream:
            words = visible(heard.words_in(event))[:room]
            if words:
                heard.has_words = heard.has_words or not words.isspace()
                room -= len(words)
                yield words
            if room == 0:
                heard.stop_reason = None
                break
        if heard.is_empty:
            raise DescriberError(EMPTY, "empty")
        yield heard.answer(stream.response.headers.get("request-id"))


def _content(question: Question) -> list[TextBlockParam | ImageBlockParam]:
    """Each image after its label, the words last: the model reads them with all in view."""
    content: list[TextBlockParam | ImageBlockParam] = []
    for image in question.images:
        if image.label:
            content.append({"type": "text", "text": image.label})
        data = base64.b64encode(image.jpeg).decode()
        content.append(
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/jpeg", "data": data},
            }
        )
    content.append({"type": "text", "text": question.text})
    return content


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates we trust, read once: that takes 20 ms, more than all else of a call."""
    import httpx2

    return httpx2.create_ssl_context()


def _tuning(model: str) -> _Tuning:
    for name, tuning in TUNING.items():
        if model.startswith(name):
            return tuning.copy()
    return {}


def _in_plain_words(error: Exception, model: str) -> DescriberError:
    """The vendor's error as ours; where no answer can have begun, one that may be tried again."""
    import anthropic
    import httpx2

    if isinstance(error, anthropic.APIStatusError):
        if error.status_code == 200:  # an error event inside an answer
            return by_error_type(error.type)
        return by_status(error.status_code, model, error.response.headers.get("retry-after"))
    cause = error.__cause__ if isinstance(error, anthropic.APIConnectionError) else error
    if isinstance(cause, (httpx2.ConnectError, httpx2.ConnectTimeout)):
        return MayTryAgain(UNREACHABLE, "unreachable")
    if isinstance(cause, httpx2.TimeoutException):
        return DescriberError(NO_ANSWER, "timeout")
    if isinstance(cause, httpx2.HTTPError):
        return DescriberError(BROKEN_OFF, "cut")
    return DescriberError(CORRUPT, "corrupt")  # a chunk that is no JSON is a plain ValueError
