"""The queue of windows: who is served when, with whom, and what becomes of those who leave."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import CancelledError, wait
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trax.transcription.dispatch import AHEAD, Dispatcher, Stop

LONG = 30.0  # seconds; nothing here should take as long


@dataclass
class Kitchen:
    """Does the work and writes down who was served together; waits at the door where it is closed."""

    door: Event = field(default_factory=Event)
    served: list[list[tuple[str, int]]] = field(default_factory=list)
    poison: frozenset[tuple[str, int]] = frozenset()
    lock: Lock = field(default_factory=Lock)
    begun: Event = field(default_factory=Event)
    stopped: Event = field(default_factory=Event)

    def run(self, works: Sequence[tuple[str, int]], stop: Stop) -> list[tuple[str, int]]:
        with self.lock:
            self.served.append(list(works))
        self.begun.set()
        assert self.door.wait(LONG)
        try:
            stop.check()
        except CancelledError:
            self.stopped.set()
            raise
        if self.poison & set(works):
            raise ValueError("poison")
        return [(name, -number) for name, number in works]


def held(kitchen: Kitchen, *, workers: int = 1, batch: int = 4) -> Dispatcher[tuple[str, int], tuple[str, int]]:
    """A queue whose threads are all busy with something that waits at the door."""
    dispatcher = Dispatcher(kitchen.run, workers=workers, batch=batch)
    line = dispatcher.line()
    for number in range(workers):
        kitchen.begun.clear()
        line.submit(("busy", number), ("busy", number))
        assert kitchen.begun.wait(LONG)
    line.__exit__(None, None, None)
    kitchen.served.clear()
    return dispatcher


def test_results_go_to_those_who_asked() -> None:
    kitchen = Kitchen()
    kitchen.door.set()
    dispatcher = Dispatcher(kitchen.run, workers=2, batch=4)
    answers: dict[str, list[tuple[str, int]]] = {}

    def ask(name: str) -> None:
        with dispatcher.line() as line:
            futures = [line.submit((name, number), number % 3) for number in range(20)]
            answers[name] = [future.result(LONG) for future in futures]

    threads = [Thread(target=ask, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert answers == {name: [(name, -number) for number in range(20)] for name in "abcd"}
    assert dispatcher.wait_until(lambda: dispatcher.is_idle, LONG)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2)), max_size=25),
    st.integers(1, 6),
    st.fixed_dictionaries({name: st.integers(1, 6) for name in "abc"}),
)
def test_a_batch_is_of_one_kind_and_not_too_large(
    orders: list[tuple[str, int]], batch: int, stakes: dict[str, int]
) -> None:
    kitchen = Kitchen()
    dispatcher = held(kitchen, batch=batch)
    lines = {name: dispatcher.line() for name in "abc"}
    for name, line in lines.items():
        line.stake = stakes[name]
    futures = [lines[name].submit((name, number), kind) for number, (name, kind) in enumerate(orders)]
    kitchen.door.set()
    assert not wait(futures, LONG).not_done
    served = [number for works in kitchen.served for _, number in works]
    assert sorted(served) == list(range(len(orders))), "each once"
    for works in kitchen.served:
        assert len({orders[number][1] for _, number in works}) <= 1
        assert len(works) <= batch
        assert all(sum(1 for other, _ in works if other == name) <= stakes[name] for name in "abc")
    for name in "abc":
        for kind in range(3):
            own = [number for works in kitchen.served for other, number in works if other == name]
            of_kind = [number for number in own if orders[number][1] == kind]
            assert of_kind == sorted(of_kind), "a job's own windows come in their order"


def test_who_came_first_is_served_first_and_the_others_fill_up() -> None:
    kitchen = Kitchen()
    dispatcher = held(kitchen)
    first, second = dispatcher.line(), dispatcher.line()
    futures = [second.submit(("second", number), "same") for number in range(3)]
    futures += [first.submit(("first", number), "same") for number in range(2)]
    futures += [first.submit(("first", 2), "other")]
    kitchen.door.set()
    wait(futures, LONG)
    assert kitchen.served[0] == [("first", 0), ("first", 1), ("second", 0), ("second", 1)]
    assert kitchen.served[1] == [("first", 2)]


def test_what_is_left_over_is_shared() -> None:
    kitchen = Kitchen()
    dispatcher = held(kitchen, workers=2)
    with dispatcher.line() as line:
        futures = [line.submit(("a", number), "same") for number in range(6)]
        kitchen.door.set()
        wait(futures, LONG)
    assert len(kitchen.served[0]) == 3, "not four for one and two for the other"


def test_who_leaves_is_not_served() -> None:
    kitchen = Kitchen()
    dispatcher = held(kitchen)
    with dispatcher.line() as leaves:
        for number in range(3):
            leaves.submit(("leaves", number), "same")
    with dispatcher.line() as stays:
        future = stays.submit(("stays", 0), "same")
        kitchen.door.set()
        assert future.result(LONG) == ("stays", 0)
    assert kitchen.served == [[("stays", 0)]]


def test_a_batch_that_nobody_wants_any_more_is_told_to_stop() -> None:
    kitchen = Kitchen()
    dispatcher = Dispatcher(kitchen.run, workers=1, batch=4)
    with dispatcher.line() as line:
        line.submit(("a", 0), "same")
        assert kitchen.begun.wait(LONG)
    kitchen.door.set()
    assert kitchen.stopped.wait(LONG)


def test_a_batch_goes_on_for_those_who_stay() -> None:
    kitchen = Kitchen()
    dispatcher = held(kitchen)
    stays, leaves = dispatcher.line(), dispatcher.line()
    kept = stays.submit(("stays", 0), "same")
    leaves.submit(("leaves", 0), "same")
    kitchen.begun.clear()
    door, kitchen.door = kitchen.door, Event()
    door.set()
    assert kitchen.begun.wait(LONG)
    assert kitchen.served == [[("stays", 0), ("leaves", 0)]]
    leaves.__exit__(None, None, None)
    kitchen.door.set()
    assert kept.result(LONG) == ("stays", 0)


def test_the_trouble_of_one_is_not_the_others() -> None:
    kitchen = Kitchen(poison=frozenset({("a", 1)}))
    dispatcher = held(kitchen)
    with dispatcher.line() as line:
        futures = [line.submit(("a", number), "same") for number in range(3)]
        kitchen.door.set()
        assert futures[0].result(LONG) == ("a", 0)
        assert futures[2].result(LONG) == ("a", -2)
        with pytest.raises(ValueError, match="poison"):
            futures[1].result(LONG)


def test_there_is_room_until_the_threads_have_enough_to_do() -> None:
    kitchen = Kitchen()
    dispatcher = held(kitchen, workers=2, batch=2)
    first, second = dispatcher.line(), dispatcher.line()
    for number in range(AHEAD * 4):
        assert second.has_room
        second.submit(("second", number), number)
    assert not second.has_room
    assert first.has_room, "the oldest is never kept waiting by others"
    second.__exit__(None, None, None)
    assert dispatcher.line().has_room
    kitchen.door.set()
