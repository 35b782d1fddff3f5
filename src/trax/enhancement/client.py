"""A language model behind any server that speaks OpenAI's chat completions, DeepSeek's among them."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock, Thread
from typing import Any
from urllib.parse import urlsplit

from trax.enhancement.budget import Price, most_tokens
from trax.enhancement.failures import Failure, failure_of, no_answer
from trax.enhancement.llm import Completion, Message, Meter, unchecked
from trax.errors import LlmNotSetUp, LlmUnreachable
from trax.storable import storable_text
from trax.timeline import Seconds

INSTALL = "pip install 'trax-transcripts[enhance]'"
OPENAI = ".openai.com"
LOOK: Seconds = 0.1  # between two looks whether somebody wants to stop
FIRST_DELAY: Seconds = 1.0  # before a request is tried again; doubled each time
LONGEST_DELAY: Seconds = 60.0
MOST_ANSWER = 4096  # tokens
LONGEST_NAME = 200  # characters of what a server calls its model
MOST_COUNTED = 100_000_000  # tokens: no request has as many, whatever its answer says
NO_KEY = "none"  # what a server without keys is sent: the client insists on one


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """Where a model is, and how it is asked."""

    base_url: str
    model: str
    key: str | None = None
    price: Price | None = None
    concurrency: int = 4
    per_minute: int | None = None  # most requests; None: any number
    timeout: Seconds = 120.0  # for a whole answer
    retries: int = 5


class OpenAiCompatible:
    """The model of the options; any number of threads may ask it, and share its limits."""

    def __init__(self, options: ClientOptions) -> None:
        """Raises: LlmNotSetUp: the client isn't installed."""
        try:
            import openai
        except ImportError as error:
            raise LlmNotSetUp("The client of language models is not installed.", f"Run: {INSTALL}") from error
        self._options = options
        self._client = openai.OpenAI(
            base_url=options.base_url, api_key=options.key or NO_KEY, timeout=options.timeout, max_retries=0
        )
        if not f".{urlsplit(options.base_url).hostname}".endswith(
            OPENAI
        ):  # it reads who one is there, and tells anybody
            self._client.organization = self._client.project = None
        self._slots = BoundedSemaphore(options.concurrency)
        self._pace = _Pace(options.per_minute)
        self._takes_json_mode = True  # until the server says otherwise

    @property
    def model(self) -> str:
        return self._options.model

    @property
    def has_price(self) -> bool:
        return self._options.price is not None

    @property
    def concurrency(self) -> int:
        return self._options.concurrency

    def description(self) -> dict[str, Any]:
        return {
            "base_url": self._options.base_url,
            "model": self._options.model,
            "temperature": 0,
            "max_tokens": MOST_ANSWER,
        }

    def complete(
        self, messages: Sequence[Message], *, check: Callable[[], None] = unchecked, meter: Meter = Meter()
    ) -> Completion:
        failures = 0
        while True:
            while not self._slots.acquire(timeout=LOOK):
                check()
            try:
                self._pace.wait(check)
                json_mode = self._takes_json_mode
                found = self._try(messages, check, meter, json_mode=json_mode)
            finally:
                self._slots.release()
            if isinstance(found, Completion):
                return found
            if found.is_about_json_mode and json_mode:  # others may have found that out in the meantime
                self._takes_json_mode = False
                continue
            if not found.may_pass or failures >= self._options.retries:
                raise found.error
            failures += 1
            _sleep(_delay(failures, found.retry_after), check)

    def _try(
        self, messages: Sequence[Message], check: Callable[[], None], meter: Meter, *, json_mode: bool
    ) -> Completion | Failure:
        options = self._options
        most = self._cost(most_tokens(messages), 0, MOST_ANSWER)
        call = meter.begin(most)
        began = time.monotonic()
        try:
            answer = _awaited(lambda: self._ask(messages, json_mode=json_mode), check, options.timeout)
        except Exception as error:  # of the client, of the network, of whoever checks
            failure = failure_of(error, options.base_url, options.model, options.key)
            if failure is None:
                raise
            if failure.is_free:
                meter.drop(call)
            return failure
        if getattr(answer, "choices", None) is None:
            return no_answer(answer, options.base_url, options.key)
        completion = self._read(answer, time.monotonic() - began, most)
        meter.end(call, completion)
        return completion

    def _ask(self, messages: Sequence[Message], *, json_mode: bool) -> Any:
        create: Any = self._client.chat.completions.create  # its types know no messages but literal ones
        mode = {"response_format": {"type": "json_object"}} if json_mode else {}
        return create(
            model=self._options.model,
            messages=[dict(message) for message in messages],
            temperature=0,
            max_tokens=MOST_ANSWER,
            stream=False,
            **mode,
        )

    def _read(self, answer: Any, seconds: Seconds, most: float | None) -> Completion:
        """What the answer says; servers leave out much of it, and what it took counts as the most it can then."""
        choices = answer.choices
        choice = choices[0] if isinstance(choices, list) and choices else None
        text = _text(getattr(getattr(choice, "message", None), "content", None))
        usage = getattr(answer, "usage", None)
        sent, received = (_number(usage, name) for name in ("prompt_tokens", "completion_tokens"))
        details = getattr(usage, "prompt_tokens_details", None)
        cached = min(sent, _number(usage, "prompt_cache_hit_tokens") or _number(details, "cached_tokens"))
        is_told = bool(sent and (received or not text))
        return Completion(
            text=storable_text(text),
            prompt_tokens=sent,
            cached_tokens=cached,
            completion_tokens=received,
            model=str(getattr(answer, "model", None) or self._options.model)[:LONGEST_NAME],
            finish_reason=str(getattr(choice, "finish_reason", None) or "stop")[:LONGEST_NAME],
            seconds=round(seconds, 3),
            cost=self._cost(sent, cached, received) if is_told else most,
        )

    def _cost(self, sent: int, cached: int, received: int) -> float | None:
        price = self._options.price
        return None if price is None else price.cost(sent, cached, received)


class _Pace:
    """So many requests a minute, evenly."""

    def __init__(self, per_minute: int | None) -> None:
        self._gap = 60.0 / per_minute if per_minute else 0.0
        self._next = 0.0
        self._lock = Lock()

    def wait(self, check: Callable[[], None]) -> None:
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._gap
        _sleep(turn - now, check)


def _awaited(ask: Callable[[], Any], check: Callable[[], None], timeout: Seconds) -> Any:
    """What `ask` returns, in a thread of its own: whoever waits can leave it behind.

    Raises: LlmUnreachable: no answer in that time, however many bytes came.
    """
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(ask())
        except BaseException as error:  # for the thread that waits
            future.set_exception(error)

    Thread(target=run, name="trax-llm", daemon=True).start()
    end = time.monotonic() + timeout
    while True:
        try:
            return future.result(LOOK)
        except NotYet:
            if future.done():  # in the meantime, or the exception is the client's own
                return future.result()
            check()
        if time.monotonic() > end:
            raise LlmUnreachable(
                f"The language model gave no answer within {timeout:g} s.",
                "Try again later, or raise TRAX_LLM_TIMEOUT.",
            )


def _sleep(seconds: Seconds, check: Callable[[], None]) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        check()
        time.sleep(min(LOOK, left))


def _delay(failures: int, retry_after: Seconds | None) -> Seconds:
    """Seconds before the next try: as long as the server says, else longer each time, and spread."""
    if retry_after is not None:
        return retry_after
    delay: Seconds = min(LONGEST_DELAY, FIRST_DELAY * 2 ** (failures - 1))
    return delay * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def _text(content: Any) -> str:
    """The text of a message, which some servers divide into parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") if isinstance(part, Mapping) else getattr(part, "text", None) for part in parts]
    return "".join(text for text in texts if isinstance(text, str))


def _number(document: Any, name: str) -> int:
    value = getattr(document, name, None)
    if not isinstance(value, int | float) or not math.isfinite(value) or not 0 < value <= MOST_COUNTED:
        return 0
    return int(value)
