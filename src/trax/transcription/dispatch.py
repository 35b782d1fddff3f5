"""Work of many jobs in one queue, and the engine's threads that take it in batches.

Each job stands in line: who came first is served first, and whoever comes later fills what the first leaves free. Only
work of one kind goes into a batch together, and it is for the one who runs it to see that its result doesn't depend on
its company.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Condition
from types import TracebackType
from typing import Generic, TypeVar

from trax.timeline import Seconds

Work = TypeVar("Work")
Result = TypeVar("Result")

AHEAD = 2  # full rounds of batches that wait: enough that no thread ever finds the queue empty


@dataclass(frozen=True, slots=True)
class Stop:
    """Tells whoever runs a batch, between two calls into the model, that nobody waits for it any more."""

    _unwanted: Callable[[], bool] = lambda: False

    def check(self) -> None:
        """Raises: CancelledError."""
        if self._unwanted():
            raise CancelledError


@dataclass(slots=True, eq=False)
class _Item(Generic[Work, Result]):
    line: Line[Work, Result]
    work: Work
    kind: Hashable
    future: Future[Result] = field(default_factory=Future)


class Dispatcher(Generic[Work, Result]):
    """Runs work on so many threads, at most so many pieces of one kind at a time."""

    def __init__(self, run: Callable[[Sequence[Work], Stop], Sequence[Result]], *, workers: int, batch: int) -> None:
        self.batch = batch
        self._run = run
        self._workers = workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="trax-engine")
        self._waiting: list[_Item[Work, Result]] = []  # by line, then in the order of the line
        self._lines: list[Line[Work, Result]] = []  # that are open, oldest first
        self._running = 0
        self._changed = Condition()

    def line(self) -> Line[Work, Result]:
        """A place in the queue, behind all that are there already; to be used in a `with` block."""
        with self._changed:
            line = Line(self)
            self._lines.append(line)
            return line

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        with self._changed:
            return not self._running and not self._waiting

    def wait_until(self, condition: Callable[[], bool], timeout: Seconds) -> bool:
        """Whether the condition came true, looked at whenever anything changes in the queue."""
        with self._changed:
            return self._changed.wait_for(condition, timeout)

    def _submit(self, item: _Item[Work, Result]) -> None:
        with self._changed:
            order = self._lines.index(item.line)
            place = sum(1 for other in self._waiting if self._lines.index(other.line) <= order)
            self._waiting.insert(place, item)
        self._pool.submit(self._serve)

    def _has_room(self, line: Line[Work, Result]) -> bool:
        with self._changed:
            ours = sum(1 for item in self._waiting if item.line is line)
            limit = AHEAD * self._workers * self.batch
            return ours < limit and (line is self._lines[0] or len(self._waiting) < limit)

    def _leave(self, line: Line[Work, Result]) -> None:
        with self._changed:
            self._waiting = [item for item in self._waiting if item.line is not line]
            self._lines.remove(line)
            self._changed.notify_all()

    def _serve(self) -> None:
        """One batch, if there is any: there is one call of this for each piece of work."""
        items = self._take()
        if not items:
            return
        try:
            self._settle(items)
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _take(self) -> list[_Item[Work, Result]]:
        with self._changed:
            if not self._waiting:
                return []
            first = self._waiting[0]
            share = -(-len(self._waiting) // self._workers)  # what is left over is shared by all threads
            items: list[_Item[Work, Result]] = []
            taken: Counter[Line[Work, Result]] = Counter()
            for item in self._waiting:
                room = len(items) < min(self.batch, share) and taken[item.line] < item.line.stake
                if room and item.kind == first.kind:
                    items.append(item)
                    taken[item.line] += 1
            self._waiting = [item for item in self._waiting if item not in items]
            self._running += 1
            self._changed.notify_all()
            return items

    def _settle(self, items: Sequence[_Item[Work, Result]]) -> None:
        stop = Stop(lambda: all(item.line.has_left for item in items))
        try:
            results = self._run([item.work for item in items], stop)
        except BaseException as error:
            if len(items) > 1 and not isinstance(error, CancelledError):
                for item in items:  # one's trouble is not the others'
                    self._settle([item])
                return
            for item in items:
                item.future.set_exception(error)
            return
        for item, result in zip(items, results, strict=True):
            item.future.set_result(result)


class Line(Generic[Work, Result]):
    """One job's place in the queue; what still waits when it is left is never run."""

    def __init__(self, dispatcher: Dispatcher[Work, Result]) -> None:
        self.has_left = False
        self.stake = dispatcher.batch  # how much of its work may be in one batch
        self._dispatcher = dispatcher

    @property
    def has_room(self) -> bool:
        """Whether more work is welcome: more would only lie in memory."""
        return self._dispatcher._has_room(self)

    def submit(self, work: Work, kind: Hashable) -> Future[Result]:
        """The result, later; it may be run together with other work of the same kind."""
        item = _Item(self, work, kind)
        self._dispatcher._submit(item)
        return item.future

    def wait_until(self, condition: Callable[[], bool], timeout: Seconds) -> bool:
        """Whether the condition came true, looked at whenever anything changes in the queue."""
        return self._dispatcher.wait_until(condition, timeout)

    def __enter__(self) -> Line[Work, Result]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.has_left = True
        self._dispatcher._leave(self)
