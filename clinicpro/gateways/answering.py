"""Reading an answer of the Messages API, event by event."""

from __future__ import annotations

from clinicpro.gateways import Answer
from clinicpro.gateways.plain_text import visible

LONGEST_NAME = 100  # characters of a model's name or a request's id that we keep


class Heard:
    """What one answer has said about itself so far.

    Nobody has validated the events: each is matched by its whole shape, others are passed over.
    """

    def __init__(self, model: str) -> None:
        self.model = model
        self.has_words = False
        self.stop_reason: str | None = None
        self.tokens_in: int | None = None
        self.tokens_out: int | None = None

    def words_in(self, event: object) -> str:
        """The text in `event`, by block type: thinking never comes out."""
        match event:
            case object(type="message_start", message=object(model=str(model)) as message):
                self.model = model
                self.tokens_in = _count(message, "input_tokens")
            case (
                object(
                    type="content_block_start", content_block=object(type="text", text=str(words))
                )
                | object(
                    type="content_block_delta", delta=object(type="text_delta", text=str(words))
                )
            ):
                return words
            case object(type="message_delta", delta=object(stop_reason=str(reason))):
                self.stop_reason = reason
                self.tokens_out = _count(event, "output_tokens")
        return ""

    @property
    def is_empty(self) -> bool:
        """Whether it ended as if all were said, and nothing was. A refusal is not empty."""
        return not self.has_words and self.stop_reason in (None, "end_turn", "stop_sequence")

    def answer(self, request_id: str | None) -> Answer:
        return Answer(
            model=_name(self.model),
            request_id=_name(request_id) if request_id else None,
            stop_reason=_name(self.stop_reason) if self.stop_reason else None,
            tokens_in=self.tokens_in,
            tokens_out=self.tokens_out,
        )


def _count(holder: object, name: str) -> int | None:
    count = getattr(getattr(holder, "usage", None), name, None)
    return count if isinstance(count, int) and count >= 0 else None


def _name(text: str) -> str:
    return visible(text).replace("\n", " ")[:LONGEST_NAME]
