"""Phrases that are repeated over and over: people say things twice, and models in a loop don't stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

LONGEST_LOOP = 12  # words of a phrase that is repeated
REPEATS_KEPT = 2  # people say things twice

Item = TypeVar("Item")


def without_loops(items: Sequence[Item], key: Callable[[Item], str]) -> list[Item]:
    """The items, with each phrase that is repeated over and over kept only twice."""
    kept = list(items)
    for length in range(1, LONGEST_LOOP + 1):
        keys = [key(item) for item in kept]
        position, result = 0, list[Item]()
        while position < len(kept):
            times = repeats(keys, position, length)
            looping = times > REPEATS_KEPT
            end = position + (REPEATS_KEPT * length if looping else 1)
            result += kept[position:end]
            position += times * length if looping else 1
        kept = result
    return kept


def repeats(keys: Sequence[str], position: int, length: int) -> int:
    """How often the phrase at `position` comes in a row, itself included."""
    phrase = keys[position : position + length]
    count = 1
    while len(phrase) == length and keys[position + count * length : position + (count + 1) * length] == phrase:
        count += 1
    return count
