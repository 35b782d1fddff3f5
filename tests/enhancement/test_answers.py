"""What is made of whatever a language model answers."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trax.enhancement.answers import MOST_LONGER, Unusable, corrections_in
from trax.enhancement.chunks import Chunk
from trax.enhancement.values import Correction

SAID = ((3, "good mourning everyone"), (4, "how are you"), (7, "fine"))
CHUNK = Chunk(SAID, "", "")
ANSWER = json.dumps({"segments": [{"id": 3, "text": "Good morning, everyone."}]})
CORRECTED = (Correction(3, "Good morning, everyone."),)

plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
nested = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner))
items = st.fixed_dictionaries(
    {"id": st.sampled_from([3, 4, 7, "3", " 4 ", 5, -1, True, 3.0, None, "9" * 5000]), "text": st.text() | plain}
)
documents = st.fixed_dictionaries({"segments": st.lists(items | nested, max_size=4)}) | nested


def read(text: str, finish_reason: str = "stop") -> tuple[Correction, ...] | str:
    try:
        return corrections_in(text, finish_reason, CHUNK)
    except Unusable as unusable:
        return str(unusable)


def check(found: tuple[Correction, ...] | str) -> None:
    if isinstance(found, str):
        assert 0 < len(found) < 60
        return
    originals = dict(SAID)
    numbers = [correction.segment for correction in found]
    assert numbers == sorted(set(numbers))
    for correction in found:
        assert correction.text == " ".join(correction.text.split())
        assert correction.text not in ("", originals[correction.segment])
        assert len(correction.text) <= MOST_LONGER * len(originals[correction.segment]) + 40


@given(documents, st.sampled_from(["stop", "length", "content_filter", "", "tool_calls"]))
def test_any_json_is_read_or_refused(document: Any, finish_reason: str) -> None:
    check(read(json.dumps(document), finish_reason))


@given(st.text() | st.text(alphabet='{}[]":`,0json \n'))
@example("```")
@example("}{")
@example("\ud800")
@example("[" * 100_000)
@example('{"segments": [{"id": 3, "text": "\\ud800"}]}')
@example('{"segments": [{"id": 1' + "0" * 5000 + ', "text": ""}]}')
def test_any_text_is_read_or_refused(text: str) -> None:
    check(read(text))


@pytest.mark.parametrize(
    "text",
    [
        ANSWER,
        f"  \n{ANSWER}\n",
        f"```json\n{ANSWER}\n```",
        f"```\n{ANSWER}\n```",
        f"Here you are:\n```JSON\n{ANSWER}\n```\nIs that all?",
        f"Sure! {ANSWER} I hope this helps.",
        f'<think>Perhaps {{"segments": []}}? No: "mourning".</think>\n\n{ANSWER}',
        json.dumps([{"id": 3, "text": "Good morning, everyone."}]),
        json.dumps(
            {"segments": [{"id": "3", "text": " Good  morning,\neveryone. "}, {"id": 4, "text": "how are you"}]}
        ),
        json.dumps({"segments": [{"id": 3, "text": "Good morning, everyone.", "why": "It is a greeting."}] * 2}),
    ],
)
def test_what_is_meant_is_found(text: str) -> None:
    assert read(text) == CORRECTED


@pytest.mark.parametrize(
    ("text", "finish_reason", "reason"),
    [
        (" \n", "stop", "empty"),
        (ANSWER, "length", "cut off"),
        (ANSWER, "content_filter", "held back by the provider"),
        ("The text is fine.", "stop", "no JSON"),
        (ANSWER[:-4], "stop", "no JSON"),
        ('{"segments": 5}', "stop", "no list of segments"),
        ('{"id": 3, "text": "Good morning"}', "stop", "no list of segments"),
        ('{"segments": [{"id": 5, "text": "x"}]}', "stop", "other segments than those it was asked about"),
        ('{"segments": [{"id": true, "text": "x"}]}', "stop", "other segments than those it was asked about"),
        ('{"segments": [{"id": 3, "text": null}]}', "stop", "other segments than those it was asked about"),
        (
            json.dumps({"segments": [{"id": "9" * 5000, "text": "x"}]}),
            "stop",
            "other segments than those it was asked about",
        ),
        ('{"segments": ["good morning"]}', "stop", "other segments than those it was asked about"),
        ('{"segments": [{"id": 3, "text": "a"}, {"id": 3, "text": "b"}]}', "stop", "one segment twice"),
    ],
)
def test_what_nothing_can_be_made_of(text: str, finish_reason: str, reason: str) -> None:
    assert read(text, finish_reason) == reason


def test_nothing_to_be_changed() -> None:
    assert read('{"segments": []}') == ()
    assert read('{"segments": [{"id": 7, "text": ""}, {"id": 4, "text": "how are  you"}]}') == ()
    assert read(json.dumps({"segments": [{"id": 7, "text": "fine " * 99}]})) == (), "that is no correction"


def test_long_nonsense_is_soon_read() -> None:
    began = time.process_time()
    for text in ("```" + " " * 300_000 + "x", "{" * 300_000, "```" * 100_000, "<think>" * 50_000):
        assert read(text) == "no JSON"
    assert time.process_time() - began < 1
