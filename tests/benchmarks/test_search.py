"""The corpus on which searches are measured, and what is asked of it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from benchmarks.search_corpus import Talk, talks
from benchmarks.search_queries import phrases

from trax.search.words import words

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="module")
def made(shared_data: object) -> list[Talk]:
    return list(talks(3))


def test_the_same_seed_gives_the_same_talks(made: list[Talk]) -> None:
    assert list(talks(3)) == made
    assert list(talks(3, seed=7)) != made


def test_talks_are_like_talks(made: list[Talk]) -> None:
    for talk in made:
        segments = talk.transcript.segments
        assert all(one.end <= two.start + 1e-6 for one, two in pairwise(segments))
        assert 500 <= talk.transcript.word_count <= 100_000
        assert len({segment.speaker for segment in segments}) == 2


def test_phrases_are_where_they_are_said_to_be(made: list[Talk]) -> None:
    by_title = {f"{talk.title}.mp3": talk for talk in made}
    some = list(phrases(3, count=30))
    assert sum(phrase.crosses for phrase in some) == 10
    for phrase in some:
        segments = by_title[phrase.title].transcript.segments
        begins = next(number for number, segment in enumerate(segments) if segment.start == phrase.start)
        told = " ".join(words(" ".join(segment.text for segment in segments[begins : begins + 4])))
        assert phrase.text in told
        assert (phrase.text in " ".join(words(segments[begins].text))) != phrase.crosses
