"""What the Messages API refuses today (2026-10-21, Claude 5.5), so that the stand-in does too."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

Body = dict[str, Any]
FIELDS = frozenset(
    {
        "cache_control",
        "container",
        "inference_geo",
        "max_tokens",
        "messages",
        "metadata",
        "model",
        "output_config",
        "service_tier",
        "stop_sequences",
        "stream",
        "system",
        "thinking",
        "tool_choice",
        "tools",
    }
)
LARGEST_IMAGE = 5 * 1024 * 1024
LARGEST_BODY = 32 * 1024 * 1024
ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def parts(body: Body, kind: str) -> list[Any]:
    """The last message's content blocks of `kind`."""
    content = body["messages"][-1]["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return [block for block in blocks if block["type"] == kind]


def fault_in(path: str, headers: Mapping[str, str], body: Body, size: int) -> tuple[int, str]:
    """The status and reason with which today's API (2026-10-21, Sonnet 5.5) refuses, or 200."""
    if path.split("?")[0] != "/v1/messages":
        return 404, "no such path"
    if not headers.get("x-api-key") and not headers.get("authorization"):
        return 401, "x-api-key header is required"
    if size > LARGEST_BODY:
        return 413, "request exceeds the maximum size"
    strange = body.keys() - FIELDS
    wrong = {
        "anthropic-version: header is required": not headers.get("anthropic-version"),
        f"{', '.join(sorted(strange))}: Extra inputs are not permitted": bool(strange),
        "max_tokens: Field required": not isinstance(body.get("max_tokens"), int),
        "model: Field required": not isinstance(body.get("model"), str),
        "messages: at least one message is required": not body.get("messages"),
        "this server only streams": body.get("stream") is not True,
        "assistant message prefill is not supported": _has_prefill(body),
        "forced tool use is not supported": _forces_tools(body),
        "thinking: this type is not supported by this model": _has_old_thinking(body),
    }
    for reason, is_so in wrong.items():
        if is_so:
            return 400, reason
    return _fault_in_images(body)


def _has_prefill(body: Body) -> bool:
    return bool(messages := body.get("messages")) and messages[-1].get("role") == "assistant"


def _forces_tools(body: Body) -> bool:
    return (body.get("tool_choice") or {}).get("type") in ("any", "tool")


def _has_old_thinking(body: Body) -> bool:
    thinking = body.get("thinking") or {}
    effort = (body.get("output_config") or {}).get("effort")
    is_off = thinking.get("type") == "between_tools"
    takes_disabled = str(body.get("model")).startswith("claude-haiku-5-5")
    return (
        (thinking.get("type") == "disabled" and not takes_disabled)
        or thinking.get("type") == "enabled"
        or "budget_tokens" in thinking
        or (is_off and effort in ("xhigh", "max"))
    )


def _fault_in_images(body: Body) -> tuple[int, str]:
    for part in parts(body, "image"):
        source = part["source"]
        if source.get("type") != "base64":
            continue
        try:
            content = base64.b64decode(source["data"], validate=True)
        except binascii.Error:
            return 400, "image: invalid base64 data"
        if len(content) > LARGEST_IMAGE:
            return 400, "image exceeds 5 MB maximum"
        if source["media_type"] == "image/jpeg" and not content.startswith(b"\xff\xd8"):
            return 400, "image: does not match the media type image/jpeg"
    return 200, ""
