"""Servers that speak the API in their own ways: what they leave out, say otherwise, or should not have said."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.enhancement.test_client import MESSAGES, PRICE, Counted
from trax.enhancement import client
from trax.enhancement.client import ClientOptions, OpenAiCompatible
from trax.errors import LlmRefused, LlmUnreachable

KEY = "sk-4f1c09"
CHOICE = {"index": 0, "message": {"role": "assistant", "content": "{}"}, "finish_reason": "stop"}
USAGE = {"prompt_tokens": 9, "completion_tokens": 1}
WHOLE = {"model": "m", "choices": [CHOICE], "usage": USAGE}


@dataclass
class Odd:
    """A server that says what it is told to."""

    url: str = ""
    status: int = 200
    body: Any = None  # JSON, or text that is none
    without_mode: Any = None  # to who asks for no JSON
    seen: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    gate: threading.Barrier | None = None  # for all who ask for JSON


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *_: object) -> None:
        """Tests are quiet."""

    def do_POST(self) -> None:
        odd = self.server.odd
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        odd.seen.append(asked)
        odd.headers.append(dict(self.headers))
        status, said = odd.status, odd.body
        if odd.without_mode is not None and "response_format" not in asked:
            status, said = 200, odd.without_mode
        elif odd.gate is not None:
            odd.gate.wait()
        is_text = isinstance(said, str)
        body = said.encode() if is_text else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if is_text else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    odd: Odd


@pytest.fixture
def odd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Odd]:
    monkeypatch.setattr(client, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(client, "LOOK", 0.02)
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.odd = Odd(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.odd
        server.shutdown()
        thread.join()


@pytest.fixture
def meter() -> Counted:
    return Counted()


def llm_at(odd: Odd) -> OpenAiCompatible:
    return OpenAiCompatible(ClientOptions(odd.url, "m", KEY, PRICE, retries=1, timeout=10))


@pytest.mark.parametrize(
    "usage",
    [None, {}, {"prompt_tokens": 0, "completion_tokens": 0}, {"prompt_tokens": 9}, {**USAGE, "prompt_tokens": 10**30}],
)
def test_what_nobody_told_the_price_of_counts_as_the_most_it_can(odd: Odd, meter: Counted, usage: Any) -> None:
    odd.body = {**WHOLE, "usage": usage}
    found = llm_at(odd).complete(MESSAGES, meter=meter)
    assert found.cost == meter.begun[0] > 0  # type: ignore[operator]
    assert found.prompt_tokens < 100


def test_tokens_that_are_no_whole_numbers(odd: Odd) -> None:
    odd.body = {**WHOLE, "usage": {"prompt_tokens": 9.0, "completion_tokens": 1.0, "prompt_cache_hit_tokens": -4}}
    found = llm_at(odd).complete(MESSAGES)
    assert (found.prompt_tokens, found.cached_tokens, found.completion_tokens) == (9, 0, 1)
    assert found.cost == pytest.approx(PRICE.cost(9, 0, 1))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({**WHOLE, "choices": []}, ""),
        ({**WHOLE, "choices": {"a": 1}}, ""),
        ({**WHOLE, "choices": 5}, ""),
        ({**WHOLE, "choices": ["yes"]}, ""),
        ({**WHOLE, "choices": [{**CHOICE, "message": None}]}, ""),
        ({**WHOLE, "choices": [{**CHOICE, "message": {"content": 5}}]}, ""),
        ({**WHOLE, "choices": [{**CHOICE, "message": {"content": "\ud800 is half"}}]}, "? is half"),
        ({**WHOLE, "choices": [{**CHOICE, "message": {"content": [{"type": "text", "text": "{}"}, 5, {}]}}]}, "{}"),
        ({**WHOLE, "model": {"name": "m" * 999}}, "{}"),
    ],
)
def test_whatever_they_answer_is_text(odd: Odd, body: Any, text: str) -> None:
    odd.body = body
    found = llm_at(odd).complete(MESSAGES)
    assert (found.text, found.finish_reason) == (text, "stop")
    assert len(found.model) <= 200


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("<html>Sign in to this network</html>", "not from a language model"),
        ([1], "not from a language model"),
        (None, "not from a language model"),
        ({"error": {"message": "The upstream is overloaded."}}, "It says: The upstream is overloaded."),
    ],
)
def test_what_is_no_answer_at_all_may_pass(odd: Odd, meter: Counted, body: Any, says: str) -> None:
    odd.body = body
    with pytest.raises(LlmUnreachable, match=says) as raised:
        llm_at(odd).complete(MESSAGES, meter=meter)
    assert "TRAX_LLM_BASE_URL" in raised.value.next_step
    assert (len(odd.seen), meter.dropped) == (2, 0)


@pytest.mark.parametrize(("status", "is_free"), [(408, True), (501, True), (502, False), (504, False), (524, False)])
def test_every_fault_of_a_server_may_pass(odd: Odd, meter: Counted, status: int, is_free: bool) -> None:
    """What a proxy gave up waiting for may have been answered, and be paid for."""
    odd.status, odd.body = status, f"<html>{status}</html>"
    with pytest.raises(LlmUnreachable, match=rf"\({status}\)\. Try") as raised:
        llm_at(odd).complete(MESSAGES, meter=meter)
    assert "html" not in str(raised.value)
    assert (len(odd.seen), meter.dropped) == (2, 2 * is_free)


@pytest.mark.parametrize(
    "refusal",
    [
        {"error": "'response_format.type' must be 'json_schema' or 'text'"},
        {"detail": "json_object is not supported"},
        {"error": {"message": "response_format is not supported"}},
    ],
)
def test_all_who_ask_at_once_do_without_json_mode(odd: Odd, refusal: Any) -> None:
    odd.status, odd.body, odd.without_mode = 400, refusal, WHOLE
    odd.gate = threading.Barrier(4, timeout=20)
    llm = llm_at(odd)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: llm.complete(MESSAGES).text, range(4)))
    assert found == ["{}"] * 4
    assert sum("response_format" in asked for asked in odd.seen) == 4


def test_nobody_is_told_the_key(odd: Odd) -> None:
    odd.status, odd.body = 401, {"error": {"message": f"Bad key. Received={KEY},\nexpected another"}}
    with pytest.raises(LlmRefused) as raised:
        llm_at(odd).complete(MESSAGES)
    assert KEY not in str(raised.value)
    assert r"Received=***, expected another" in raised.value.message


def test_nobody_is_told_whose_account_another_one_is(odd: Odd, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client reads OpenAI's own variables, and whoever corrects is mostly somebody else."""
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "http://of-openai")
    odd.body = WHOLE
    llm_at(odd).complete(MESSAGES)
    (headers,) = odd.headers
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert "of-openai" not in str(headers)


def test_an_answer_that_comes_in_the_very_moment_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    class Late(Future[str]):
        def result(self, timeout: float | None = None) -> str:
            if timeout is not None:
                super().result(20)
                raise NotYet  # as if that had been a moment before
            return super().result(20)

    monkeypatch.setattr(client, "Future", Late)
    assert client._awaited(lambda: "answer", lambda: None, 20) == "answer"
