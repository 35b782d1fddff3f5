"""A language model is asked for corrections, several chunks at a time; what is known already is not asked again."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Condition, Event, Lock
from time import monotonic
from typing import Any

from trax.enhancement.answers import Unusable, corrections_in
from trax.enhancement.chunks import Chunk
from trax.enhancement.llm import Completion, Llm, Message, Meter
from trax.enhancement.prompts import messages_for
from trax.enhancement.values import Correction, Hints
from trax.errors import CostLimit, LlmUnusable, TraxError
from trax.flow import Answer, Calls, Hook, Progress
from trax.timeline import Seconds
from trax.transcript import Transcript

LOOK: Seconds = 0.2  # between two looks whether somebody wants to stop
TRIES = 2  # at an answer that can't be used, before the chunk is divided
GRACE: Seconds = 30.0  # for answers that are under way when another one fails
HOPELESS = 6  # answers, none of them of any use


@dataclass(slots=True)
class Asked:
    """What came of it, in all."""

    corrections: list[Correction] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    unusable: dict[str, int] = field(default_factory=dict)  # answers, by what was wrong with them
    left: int = 0  # segments of which no answer could be used


def ask(llm: Llm, chunks: Sequence[Chunk], transcript: Transcript, hints: Hints, calls: Calls, hook: Hook) -> Asked:
    """All that the model would correct.

    Raises: LlmError: it can't be asked, or nothing can be made of what it answers. What was answered is kept.
    """
    inquiry = _Inquiry(llm, transcript.language, hints, calls)
    total = transcript.duration
    done = 0.0
    with ThreadPoolExecutor(min(llm.concurrency, max(1, len(chunks))), thread_name_prefix="trax-ask") as pool:
        running = {pool.submit(inquiry.run, chunk): chunk for chunk in chunks}
        try:
            for future in _as_they_end(set(running), hook):
                future.result()
                numbers = [number for number, _ in running[future].segments]
                done += sum(transcript.segments[n].end - transcript.segments[n].start for n in numbers)
                hook.progress(Progress("enhance", min(done, total), total))
        except TraxError as error:
            pool.shutdown(wait=False, cancel_futures=True)
            _let_end(set(running), hook)
            raise next(iter(inquiry.trouble), error) from None
        finally:
            inquiry.left.set()
            pool.shutdown(wait=True, cancel_futures=True)
    inquiry.check_use(len(chunks))
    hook.progress(Progress("enhance", total, total))
    inquiry.asked.corrections.sort(key=lambda correction: correction.segment)
    return inquiry.asked


def _as_they_end(running: set[Future[None]], hook: Hook) -> Iterator[Future[None]]:
    while running:
        hook.check()
        over, running = wait(running, LOOK, FIRST_COMPLETED)
        yield from over


def _let_end(running: set[Future[None]], hook: Hook) -> None:
    """What is under way is paid for: it is waited for, but not for long."""
    end = monotonic() + GRACE
    running = {future for future in running if not future.cancelled()}  # `wait` would wait for those, too
    while running and monotonic() < end:
        hook.check()
        _, running = wait(running, LOOK, FIRST_COMPLETED)


class _Left(TraxError):
    """Nobody waits for the answer any more."""


class _Inquiry:
    """What the threads share."""

    def __init__(self, llm: Llm, language: str, hints: Hints, calls: Calls) -> None:
        self.asked = Asked()
        self.left = Event()  # nobody waits any more
        self.trouble: list[TraxError] = []  # why nothing further is asked
        self._llm, self._language, self._hints, self._calls = llm, language, hints, calls
        self._known: Mapping[str, deque[Answer]] = {
            question: deque(answers) for question, answers in calls.known().items()
        }
        self._lock = Lock()
        self._changed = Condition(self._lock)
        self._asking = self._ended = 0  # requests under way; those that are over, whatever came of them

    def run(self, chunk: Chunk) -> None:
        """Ask for corrections of a chunk; the first that fails keeps all others from being asked for."""
        try:
            self.about(chunk)
        except TraxError as error:
            with self._lock:
                self.trouble.append(error)
            raise

    def about(self, chunk: Chunk) -> None:
        """Ask for corrections of a chunk; what can't be had for the whole is asked for by halves."""
        reason = ""
        for _ in range(TRIES):
            answer = self._answer(messages_for(chunk, self._hints, self._language))
            try:
                found = corrections_in(answer.text, answer.finish_reason, chunk)
            except Unusable as unusable:
                reason = str(unusable)
                self._note(answer, unusable=reason)
                if answer.finish_reason == "length":
                    break  # nor would it fit the next time
            else:
                self._note(answer, found)
                return
        halves = chunk.halves()
        if halves is None:
            with self._lock:
                self.asked.left += 1
            return
        for half in halves:
            self.about(half)

    def _answer(self, messages: Sequence[Message]) -> Answer:
        question = _digest(self._llm.description(), messages)
        with self._lock:
            if known := self._known.get(question):
                return known.popleft()
        meter = _Counted(self._calls, question, self._llm.model)
        while True:
            if self.trouble:
                raise _Left("Nothing further is asked.")
            with self._changed:
                ended = self._ended
                self._asking += 1
            try:
                answer = _answer_of(self._llm.complete(messages, check=self._check, meter=meter))
            except CostLimit:
                self._leave(is_over=False)
                if not self._room_may_come(ended):
                    raise
            except BaseException:
                self._leave()
                raise
            else:
                self._leave()
                return answer

    def _leave(self, *, is_over: bool = True) -> None:
        with self._changed:
            self._asking -= 1
            self._ended += is_over
            self._changed.notify_all()

    def _room_may_come(self, ended: int) -> bool:
        """Wait for one of those that are under way: it has reserved the most that it can cost, and costs less."""
        with self._changed:
            while self._ended == ended and self._asking:
                self._changed.wait(LOOK)
                self._check()
            return self._ended != ended

    def _check(self) -> None:
        if self.left.is_set():
            raise _Left("Nobody waits for the answer any more.")

    def check_use(self, least: int) -> None:
        """Raises: LlmUnusable: there are so many answers, or more, and none of them is of any use."""
        with self._lock:
            unusable = self.asked.unusable
            if len(self.asked.answers) == sum(unusable.values()) >= max(1, least):
                raise LlmUnusable(
                    f"{self._llm.model} gives no answer that could be used: {max(unusable, key=unusable.__getitem__)}.",
                    "Choose another model with TRAX_LLM_MODEL.",
                )

    def _note(self, answer: Answer, found: Sequence[Correction] = (), *, unusable: str | None = None) -> None:
        with self._lock:
            self.asked.answers.append(answer)
            self.asked.corrections.extend(found)
            if unusable is not None:
                self.asked.unusable[unusable] = self.asked.unusable.get(unusable, 0) + 1
        self.check_use(HOPELESS)


class _Counted(Meter):
    """Each request for that question is written down."""

    def __init__(self, calls: Calls, question: str, model: str) -> None:
        self._calls, self._question, self._model = calls, question, model

    def begin(self, cost: float | None) -> Any:
        return self._calls.begin(self._question, self._model, cost)

    def end(self, call: Any, completion: Completion) -> None:
        self._calls.end(call, _answer_of(completion))

    def drop(self, call: Any) -> None:
        self._calls.drop(call)


def _answer_of(completion: Completion) -> Answer:
    return Answer(
        completion.text,
        completion.finish_reason,
        completion.model,
        completion.prompt_tokens,
        completion.cached_tokens,
        completion.completion_tokens,
        completion.cost,
    )


def _digest(description: Mapping[str, Any], messages: Sequence[Message]) -> str:
    """All that shapes the answer, in one line."""
    asked = {"llm": dict(description), "messages": [dict(message) for message in messages]}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
