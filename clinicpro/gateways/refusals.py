"""The model's refusals and silences in words for a GP: what happened, what to do."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from clinicpro.gateways import DescriberError

KEY = (
    "Claude refused this practice's key, so nothing was described. A practice manager can put a "
    "working key into ANTHROPIC_API_KEY."
)
UNPAID = (
    "The practice's account with the model's provider has no credit, so nothing was described. "
    "A practice manager can top it up."
)
REFUSED_REQUEST = (
    "The model's server did not accept the request, so nothing was described. Trying again will "
    "not help; please tell a practice manager."
)
NO_SUCH_MODEL = (
    "The model's server does not know the model {model}. A practice manager can choose another "
    "one with CLAUDE_MODEL."
)
TOO_LARGE = "The image is too large for the model. Crop it to the part that matters and ask again."
BUSY = "The model is busy right now. Nothing was described; try again in a minute."
BUSY_MIDWAY = (
    "The model became too busy to go on. Anything that had come is kept as incomplete; try again "
    "in a minute."
)
UNREACHABLE = (
    "The model can't be reached. Check the practice's internet connection, then try again. "
    "Nothing was sent."
)
NO_ANSWER = (
    "The model took too long to answer and was stopped. Anything that had come is kept as "
    "incomplete; you can run it again."
)
BROKEN_OFF = (
    "The connection to the model broke off. Anything that had come is kept as incomplete; you can "
    "run it again."
)
CORRUPT = (
    "The model's answer arrived damaged. Anything that had come is kept as incomplete; you can run "
    "it again."
)
EMPTY = "The model answered without a word. Run it again, or ask in other words."


class MayTryAgain(DescriberError):  # noqa: N818  (a permission more than a mistake)
    """Refused before anything was done or billed; `wait` seconds were asked for, if any."""

    def __init__(self, advice: str, kind: str, wait: float | None = None) -> None:
        super().__init__(advice, kind)
        self.wait = wait


def by_status(status: int, model: str, retry_after: str | None) -> DescriberError:
    """What a refusal with this HTTP status means. Only 429 and 5xx may be tried again."""
    if status == 429 or status >= 500:
        return MayTryAgain(BUSY, "busy", seconds(retry_after))
    if status in (401, 403):
        return DescriberError(KEY, "key")
    if status == 402:
        return DescriberError(UNPAID, "key")
    if status == 404:
        return DescriberError(NO_SUCH_MODEL.format(model=model), "refused_request")
    if status == 413:
        return DescriberError(TOO_LARGE, "too_large")
    return DescriberError(REFUSED_REQUEST, "refused_request")


def by_error_type(error_type: str | None) -> DescriberError:
    """What an error inside an answer that had begun means: never a second try, it is billed."""
    if error_type in ("overloaded_error", "rate_limit_error", "api_error"):
        return DescriberError(BUSY_MIDWAY, "busy")
    if error_type in ("authentication_error", "permission_error"):
        return DescriberError(KEY, "key")
    if error_type == "request_too_large":
        return DescriberError(TOO_LARGE, "too_large")
    if error_type == "timeout_error":
        return DescriberError(NO_ANSWER, "timeout")
    return DescriberError(BROKEN_OFF, "cut")


def seconds(retry_after: str | None) -> float | None:
    """A Retry-After header, which is a number or a date (RFC 9110 10.2.3), as seconds from now."""
    if not retry_after:
        return None
    try:
        wait = float(retry_after)
    except ValueError:
        try:
            then = parsedate_to_datetime(retry_after)
        except ValueError:
            return None
        if then.tzinfo is None:
            then = then.replace(tzinfo=UTC)
        wait = (then - datetime.now(UTC)).total_seconds()
    return max(wait, 0.0) if math.isfinite(wait) else None
