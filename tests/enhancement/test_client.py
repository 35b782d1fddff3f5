"""The client beside DeepSeek's stand-in: what it answers, what goes wrong, and what each of it costs."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from tests.fixtures.llm_server import KEY, Fault, LlmServer
from trax.enhancement import client
from trax.enhancement.budget import Price, most_tokens, price_of
from trax.enhancement.chunks import Chunk
from trax.enhancement.client import ClientOptions, OpenAiCompatible
from trax.enhancement.llm import Completion, Meter
from trax.enhancement.prompts import messages_for
from trax.enhancement.values import Hints
from trax.errors import LlmOutOfCredit, LlmRefused, LlmUnreachable, UsageError

PRICE = Price(1.0, 0.1, 2.0)
MESSAGES = messages_for(Chunk(((0, "hello world"),), "", ""), Hints("", "", "", ()), "en")


class Counted(Meter):
    """What was begun, answered and taken back."""

    def __init__(self) -> None:
        self.begun: list[float | None] = []
        self.ended: list[Completion] = []
        self.dropped = 0

    def begin(self, cost: float | None) -> Any:
        self.begun.append(cost)

    def end(self, call: Any, completion: Completion) -> None:
        self.ended.append(completion)

    def drop(self, call: Any) -> None:
        self.dropped += 1


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(client, "LOOK", 0.02)


@pytest.fixture
def options(llm_server: LlmServer) -> ClientOptions:
    llm_server.rule = str.capitalize
    return ClientOptions(llm_server.url, "deepseek-chat", KEY, PRICE, retries=3, timeout=10)


@pytest.fixture
def meter() -> Counted:
    return Counted()


def test_an_answer_with_what_it_took(options: ClientOptions, llm_server: LlmServer, meter: Counted) -> None:
    llm = OpenAiCompatible(options)
    first, second = (llm.complete(MESSAGES, meter=meter) for _ in range(2))
    assert first.text == '{"segments": [{"id": 0, "text": "Hello world"}]}'
    assert (first.model, first.finish_reason, first.cached_tokens) == ("deepseek-chat", "stop", 0)
    assert second.cached_tokens > 0, "the same beginning was read before"
    assert first.cost == pytest.approx(PRICE.cost(first.prompt_tokens, 0, first.completion_tokens))
    assert (second.cost or 0) < (first.cost or 0) < (meter.begun[0] or 0), "what is reserved is never too little"
    assert (len(meter.ended), meter.dropped) == (2, 0)
    body = llm_server.seen[0]
    assert (body["temperature"], body["stream"], body["response_format"]) == (0, False, {"type": "json_object"})


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_is_tried_again(options: ClientOptions, llm_server: LlmServer, meter: Counted, status: int) -> None:
    llm_server.fail(status, status)
    assert OpenAiCompatible(options).complete(MESSAGES, meter=meter).text
    assert llm_server.statuses == [status, status, 200]
    assert (len(meter.begun), meter.dropped, len(meter.ended)) == (3, 2, 1)


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (400, LlmRefused, "Invalid request body"),
        (401, LlmRefused, "TRAX_LLM_API_KEY"),
        (402, LlmOutOfCredit, "Insufficient Balance"),
        (422, LlmRefused, "422"),
    ],
)
def test_what_does_not_pass_is_not(
    options: ClientOptions, llm_server: LlmServer, meter: Counted, status: int, error: type[Exception], says: str
) -> None:
    llm_server.fail(status)
    with pytest.raises(error, match=says):
        OpenAiCompatible(options).complete(MESSAGES, meter=meter)
    assert (len(llm_server.seen), meter.dropped) == (1, 1)


def test_a_wrong_key_and_a_wrong_address(options: ClientOptions, llm_server: LlmServer) -> None:
    with pytest.raises(LlmRefused, match="doesn't accept the key"):
        OpenAiCompatible(replace(options, key="sk-wrong")).complete(MESSAGES)
    with pytest.raises(LlmRefused, match="/v1"):
        OpenAiCompatible(replace(options, base_url=f"{llm_server.url}/v7")).complete(MESSAGES)


def test_who_never_answers_is_given_up(options: ClientOptions, llm_server: LlmServer, meter: Counted) -> None:
    llm_server.fail(*[503] * 9)
    with pytest.raises(LlmUnreachable, match="too busy"):
        OpenAiCompatible(options).complete(MESSAGES, meter=meter)
    assert len(llm_server.seen) == 1 + options.retries
    nobody = replace(options, base_url="http://127.0.0.1:9", retries=1)
    with pytest.raises(LlmUnreachable, match="can't be reached"):
        OpenAiCompatible(nobody).complete(MESSAGES, meter=meter)
    assert meter.dropped == len(meter.begun) == 6, "none of these can have cost anything"


def test_retry_after_is_kept_to(options: ClientOptions, llm_server: LlmServer, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(client, "_sleep", lambda seconds, check: slept.append(seconds))
    llm_server.fail(429, retry_after="17")
    llm_server.fail(429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT")
    llm_server.fail(429, retry_after="soon")
    assert OpenAiCompatible(options).complete(MESSAGES).text
    assert next(seconds for seconds in slept if seconds > 0) == 17
    assert len(slept) == 4 + 3, "before each request, and before each further try"


@pytest.mark.parametrize("kind", ["broken", "half"])
def test_an_answer_that_breaks_off_may_have_been_paid_for(
    options: ClientOptions, llm_server: LlmServer, meter: Counted, kind: str
) -> None:
    llm_server.faults.append(Fault(kind))
    assert OpenAiCompatible(options).complete(MESSAGES, meter=meter).text
    assert (len(meter.begun), meter.dropped, len(meter.ended)) == (2, 0, 1)


def test_blank_lines_of_a_busy_server_do_no_harm(options: ClientOptions, llm_server: LlmServer) -> None:
    llm_server.faults.append(Fault("busy"))
    assert "Hello" in OpenAiCompatible(options).complete(MESSAGES).text


def test_who_does_not_answer_in_time(options: ClientOptions, llm_server: LlmServer, meter: Counted) -> None:
    llm_server.faults.append(Fault("hang"))
    assert OpenAiCompatible(replace(options, timeout=0.2)).complete(MESSAGES, meter=meter).text
    assert (len(meter.begun), meter.dropped) == (2, 0)


def test_nobody_has_to_wait_for_an_answer(options: ClientOptions, llm_server: LlmServer) -> None:
    llm_server.faults.append(Fault("hang"))
    looks = []

    def check() -> None:
        looks.append(1)
        if llm_server.seen and len(looks) > 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        OpenAiCompatible(options).complete(MESSAGES, check=check)


def test_so_many_at_a_time_and_no_more(options: ClientOptions, llm_server: LlmServer) -> None:
    llm = OpenAiCompatible(replace(options, concurrency=2))
    both = threading.Barrier(2, timeout=20)
    answer = llm_server.content_for

    def together(document: dict[str, Any]) -> str:
        both.wait()
        llm_server.answer = None
        content = answer(document)
        llm_server.answer = together
        return content

    llm_server.answer = together
    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(lambda _: llm.complete(MESSAGES).text, range(6)))
    assert llm_server.most_at_once == 2


def test_servers_without_json_mode_are_asked_without(options: ClientOptions, llm_server: LlmServer) -> None:
    llm_server.faults.append(Fault("status", 400, text="response_format json_object is not supported"))
    llm = OpenAiCompatible(options)
    assert llm.complete(MESSAGES).text
    assert llm.complete(MESSAGES).text
    assert ["response_format" in body for body in llm_server.seen] == [True, False, False]


def test_prices() -> None:
    assert price_of("deepseek-chat") is not None
    assert price_of("llama3.1") is None
    assert price_of("llama3.1", "1/0.5/2") == Price(1, 0.5, 2)
    assert Price(1, 0.1, 2).cost(1_000_000, 400_000, 500_000) == pytest.approx(0.6 + 0.04 + 1.0)
    with pytest.raises(UsageError, match="are no prices"):
        price_of("m", "cheap")
    assert most_tokens(MESSAGES) > sum(len(message["content"]) for message in MESSAGES) / 3
