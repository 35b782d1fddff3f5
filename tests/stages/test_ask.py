"""A language model is asked: what whoever waits is told when it ends early."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from trax.enhancement.chunks import Chunk
from trax.enhancement.llm import Completion, Message, Meter, unchecked
from trax.enhancement.values import Hints
from trax.errors import CostLimit, LlmOutOfCredit, LlmUnusable, UsageError
from trax.flow import Answer, Calls, Hook, Progress
from trax.stages.ask import TRIES, ask
from trax.transcript import Segment, Transcript

HINTS = Hints("", "", "", ())
CHUNKS = [Chunk(((n, f"word{n}"),), "", "") for n in range(3)]
TRANSCRIPT = Transcript("en", 3, tuple(Segment(n, n + 1, f"word{n}") for n in range(3)))


class Says:
    """A language model that always says the same."""

    model = "stand-in"
    has_price = True
    concurrency = 1

    def __init__(self, text: str) -> None:
        self.text = text
        self.asked = 0

    def description(self) -> dict[str, Any]:
        return {}

    def complete(
        self, messages: Sequence[Message], *, check: Callable[[], None] = unchecked, meter: Meter = Meter()
    ) -> Completion:
        check()
        self.asked += 1
        return Completion(self.text, 1, 0, 1, self.model, "stop", 0.0, 0.0)


def test_what_is_wanted_is_in_order() -> None:
    said = json.dumps({"segments": []})
    llm = Says(said)
    asked = ask(llm, CHUNKS, TRANSCRIPT, HINTS, Calls(), Hook())
    assert (llm.asked, len(asked.answers), asked.corrections, asked.left) == (3, 3, [], 0)


@pytest.mark.parametrize("count", [1, 2])
def test_answers_that_are_all_of_no_use_are_no_success(count: int) -> None:
    llm = Says("Nonsense.")
    with pytest.raises(LlmUnusable, match="no JSON"):
        ask(llm, CHUNKS[:count], TRANSCRIPT, HINTS, Calls(), Hook())
    assert llm.asked == count * TRIES


class Counted(Calls):
    """A purse of one dollar."""

    limit = 1.05

    def __init__(self) -> None:
        self.spent = 0.0
        self.refused = threading.Event()
        self._lock = threading.Lock()

    def begin(self, question: str, model: str, cost: float | None) -> float:
        with self._lock:
            if self.spent + (cost or 0.0) > self.limit:
                self.refused.set()
                raise CostLimit("No more.", "Allow more.")
            self.spent += cost or 0.0
        return cost or 0.0

    def end(self, call: float, answer: Answer) -> None:
        with self._lock:
            self.spent += (answer.cost or 0.0) - call


class Dear(Says):
    """It may cost 60 cents, costs 10, and answers once somebody else had to wait for that."""

    concurrency = 3

    def __init__(self, calls: Counted) -> None:
        super().__init__(json.dumps({"segments": []}))
        self.calls = calls

    def complete(
        self, messages: Sequence[Message], *, check: Callable[[], None] = unchecked, meter: Meter = Meter()
    ) -> Completion:
        call = meter.begin(0.6)
        while not self.calls.refused.wait(0.01):
            check()
        completion = Completion(self.text, 1, 0, 1, self.model, "stop", 0.0, 0.1)
        meter.end(call, completion)
        return completion


@pytest.mark.parametrize(("count", "enough"), [(5, True), (9, False)])
def test_what_others_may_cost_is_no_reason_to_give_up(count: int, enough: bool) -> None:
    calls = Counted()
    chunks = [Chunk(((n, f"word{n}"),), "", "") for n in range(count)]
    if enough:
        assert len(ask(Dear(calls), chunks, long_enough(count), HINTS, calls, Hook()).answers) == count
    else:
        with pytest.raises(CostLimit):
            ask(Dear(calls), chunks, long_enough(count), HINTS, calls, Hook())
    assert calls.refused.is_set()
    assert calls.spent == pytest.approx(0.5)


def long_enough(count: int) -> Transcript:
    return Transcript("en", count, tuple(Segment(n, n + 1, f"word{n}") for n in range(count)))


def test_nothing_to_be_asked_about() -> None:
    assert ask(Says(""), [], TRANSCRIPT, HINTS, Calls(), Hook()).answers == []


@pytest.mark.parametrize("concurrency", [1, 4])
def test_who_can_not_be_asked_is_soon_left(concurrency: int) -> None:
    class Poor(Says):
        def complete(self, *_: Any, **__: Any) -> Completion:
            raise LlmOutOfCredit("No credit.", "Top it up.")

    llm = Poor("")
    llm.concurrency = concurrency
    began = time.monotonic()
    with pytest.raises(LlmOutOfCredit, match=r"No credit\."):
        ask(llm, [Chunk(((0, f"word{n}" * 200),), "", "") for n in range(2000)], TRANSCRIPT, HINTS, Calls(), Hook())
    assert time.monotonic() - began < 10, "nobody waits for what was never begun"


def test_what_whoever_waits_says_is_passed_on() -> None:
    class Full(Hook):
        def progress(self, progress: Progress) -> None:
            raise UsageError("The screen is full.", "Wipe it.")

    with pytest.raises(UsageError, match="The screen is full"):
        ask(Says(json.dumps({"segments": []})), CHUNKS, TRANSCRIPT, HINTS, Calls(), Full())
