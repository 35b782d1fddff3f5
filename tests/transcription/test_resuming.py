"""Interrupted work: it stops at once, goes on where it stopped, and ends up with what an undisturbed run gives."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trax.pipeline import Hook, Made, Material, Memory, Request, transcribe
from trax.transcript import Segment, Word
from trax.transcription.engines import EngineOptions, Engines
from trax.transcription.transcriber import WindowResult

INTERRUPTED_AFTER = 3  # windows; batches hold two

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
WORDS = st.builds(Word, NUMBERS, NUMBERS, TEXTS, NUMBERS, st.none() | TEXTS)
SEGMENTS = st.builds(
    Segment, NUMBERS, NUMBERS, TEXTS, st.lists(WORDS, max_size=3).map(tuple),
    NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.none() | TEXTS,
)  # fmt: skip
RESULTS = st.builds(WindowResult, NUMBERS, NUMBERS, st.lists(SEGMENTS, max_size=3).map(tuple))


class Enough(Exception):
    """What the tests interrupt with."""


@dataclass
class Remembers(Memory):
    """A memory that goes through JSON, as the database's does, and stops the work when it has got enough."""

    at_most: int = 1000
    windows: dict[int, str] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    kept: list[tuple[int, float]] = field(default_factory=list)

    def recall(self, engine: dict[str, Any]) -> Mapping[int, WindowResult]:
        self.asked.append(engine)
        return {position: WindowResult.from_json(json.loads(text)) for position, text in self.windows.items()}

    def keep(self, position: int, result: WindowResult, engine_seconds: float) -> None:
        if len(self.kept) == self.at_most:
            raise Enough
        self.windows[position] = json.dumps(result.to_json(), allow_nan=False)
        self.kept.append((position, engine_seconds))


@given(RESULTS)
def test_a_result_survives_json(result: WindowResult) -> None:
    assert WindowResult.from_json(json.loads(json.dumps(result.to_json(), allow_nan=False))) == result
