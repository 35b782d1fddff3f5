"""What goes wrong between us and a language model: whether it may pass, what it cost, and how a person is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from trax.errors import LlmError, LlmOutOfCredit, LlmRefused, LlmUnreachable
from trax.timeline import Seconds

LONGEST_WAIT: Seconds = 300.0  # that a server may ask for
LONGEST_REASON = 200  # characters of what the server says
PASSING = frozenset({408, 409, 425, 429})  # and all that is the server's own fault
ITS_OWN = frozenset({500, 501, 503, 529})  # other 5xx are of a proxy, behind which somebody may have answered
SHORTEST_KEY = 4  # letters: a placeholder that is shorter may be part of any word


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that came to nothing."""

    error: LlmError
    may_pass: bool = False
    is_free: bool = True  # False: it may have been answered and paid for, and we never saw it
    retry_after: Seconds | None = None  # that the server asks for
    is_about_json_mode: bool = False


def failure_of(error: BaseException, base_url: str, model: str, key: str | None = None) -> Failure | None:
    """What that exception means; None: it is about something else.

    key: is told to nobody, whatever the server says.
    """
    import httpx
    import openai

    host = urlsplit(base_url).hostname or base_url
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, host, model, key)
    if isinstance(error, LlmUnreachable):
        return Failure(error, may_pass=True, is_free=False)
    if isinstance(error, openai.APIConnectionError):  # timeouts are some of these, too
        is_free = isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout)
        return Failure(_unreachable(host, "The connection failed"), may_pass=True, is_free=is_free)
    if isinstance(error, openai.APIResponseValidationError | json.JSONDecodeError | httpx.HTTPError | UnicodeError):
        return Failure(_unreachable(host, "Its answer broke off"), may_pass=True, is_free=False)
    return None


def no_answer(answer: object, base_url: str, key: str | None = None) -> Failure:
    """What came is no answer of a language model: a web page, or an error that calls itself none."""
    host = urlsplit(base_url).hostname or base_url
    reason = _plain(getattr(answer, "error", None), key)
    what = f"It says: {reason}" if reason else "What it answers is not from a language model"
    return Failure(_unreachable(host, what), may_pass=True, is_free=False)


def _unreachable(host: str, what: str) -> LlmUnreachable:
    return LlmUnreachable(
        f"The language model at {host} can't be reached. {what}.", "Try again later, or look at TRAX_LLM_BASE_URL."
    )


def _of_status(error: object, host: str, model: str, key: str | None) -> Failure:
    status: int = getattr(error, "status_code", 0)
    reason = _plain(getattr(error, "body", None), key)
    said = f" It says: {reason}." if reason else ""
    match status:
        case 401 | 403:
            return Failure(LlmRefused(f"{host} doesn't accept the key.{said}", "Set TRAX_LLM_API_KEY to a valid one."))
        case 402:
            return Failure(LlmOutOfCredit(f"The account at {host} has no credit left.{said}", "Top it up, and go on."))
        case 404:
            step = "Look at TRAX_LLM_BASE_URL (many servers want /v1 at its end) and TRAX_LLM_MODEL."
            return Failure(LlmRefused(f"{host} has no model {model!r} there.{said}", step))
        case _ if status >= 500 or status in PASSING:
            busy = LlmUnreachable(f"{host} is too busy, or out of order ({status}).{said}", "Try again later.")
            is_free = status < 500 or status in ITS_OWN
            return Failure(busy, may_pass=True, is_free=is_free, retry_after=_retry_after(error))
    about_mode = status in (400, 422) and any(word in reason.lower() for word in ("response_format", "json_object"))
    refused = LlmRefused(f"{host} refuses the request ({status}).{said}", "Look at TRAX_LLM_MODEL and what it can do.")
    return Failure(refused, is_about_json_mode=about_mode)


def _plain(body: object, key: str | None) -> str:
    """What the server says of an error, in one line that a terminal can show, and without the key."""
    said = (body.get("message") or body.get("detail")) if isinstance(body, Mapping) else body
    text = said if isinstance(said, str) and not said.lstrip().startswith("<") else ""  # a web page says nothing
    if key is not None and len(key) >= SHORTEST_KEY:
        text = text.replace(key, "***")
    words = " ".join(text.split())[:LONGEST_REASON].rstrip(".")
    return "".join(letter for letter in words if letter.isprintable())


def _retry_after(error: object) -> Seconds | None:
    """Seconds that the server asks to wait, or the moment until which it does."""
    headers = getattr(getattr(error, "response", None), "headers", {})
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(LONGEST_WAIT, max(0.0, seconds)) if seconds == seconds else None
