"""How many speakers there are, heard or asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diarization.fabricated import plain_plda, taking_turns, voices, windows_of
from trax.diarization.clustering import Rules, first_clusters
from trax.diarization.counting import group, wanted
from trax.diarization.linkage import gathered, linked
from trax.diarization.local_speakers import LocalWindow
from trax.diarization.plda import unit
from trax.diarization.speakers import diarization_of
from trax.turns import Diarization, SpeakerCount

NO_CHECK = lambda: None  # noqa: E731


def diarized(
    windows: list[LocalWindow], duration: float, count: SpeakerCount | None = None, rules: Rules | None = None
) -> Diarization:
    return diarization_of(
        windows, duration, plain_plda(), count or SpeakerCount(), engine="test", model_id="none", rules=rules
    )


@pytest.mark.parametrize("people", [1, 2, 3, 5])
def test_as_many_speakers_as_there_are(people: int) -> None:
    spoken = taking_turns(people)
    found = diarized(windows_of(spoken, spoken[-1][1]), spoken[-1][1])
    assert len(found.speakers) == people
    assert found.params["speakers_found"] == people
    for speaker, voice in zip(found.speakers, voices(people), strict=True):
        assert speaker.embedding is not None
        assert np.linalg.norm(speaker.embedding) == pytest.approx(1.0)
        assert float(np.dot(speaker.embedding, voice)) > 0.9


@pytest.mark.parametrize("asked", [1, 2, 4, 6])
def test_a_number_that_is_given_is_kept(asked: int) -> None:
    spoken = taking_turns(3)
    found = diarized(windows_of(spoken, spoken[-1][1]), spoken[-1][1], SpeakerCount(exact=asked))
    assert len(found.speakers) == asked
    assert found.params["speakers_asked"] == {"exact": asked}
    assert found.params["speakers_found"] == 3


@pytest.mark.parametrize(
    ("count", "number"),
    [
        (SpeakerCount(least=2, most=4), 3),
        (SpeakerCount(most=2), 2),
        (SpeakerCount(least=4), 4),
        (SpeakerCount(most=1), 1),
    ],
)
def test_bounds_are_kept(count: SpeakerCount, number: int) -> None:
    spoken = taking_turns(3)
    assert len(diarized(windows_of(spoken, spoken[-1][1]), spoken[-1][1], count).speakers) == number


def test_a_monologue_is_not_made_twenty_people() -> None:
    windows = windows_of([(0.0, 14.0, 0)], 14.0)
    found = diarized(windows, 14.0, SpeakerCount(exact=20))
    assert 1 <= len(found.speakers) <= len(windows)
    assert found.params["speakers_asked"] == {"exact": 20}


@pytest.mark.parametrize("count", [SpeakerCount(), SpeakerCount(exact=2), SpeakerCount(least=3)])
def test_sound_too_short_to_compare_is_of_one_speaker(count: SpeakerCount) -> None:
    found = diarized(windows_of([(0.0, 0.4, 0)], 0.5), 0.5, count)
    assert [speaker.label for speaker in found.speakers] == ["SPEAKER_00"]


def test_two_who_are_in_one_window_alone_can_be_asked_for() -> None:
    windows = windows_of([(0.0, 4.0, 0), (5.0, 6.0, 1)], 8.0)
    assert len(diarized(windows, 8.0).speakers) == 1
    found = diarized(windows, 8.0, SpeakerCount(exact=2))
    assert [turn.speaker for turn in found.turns] == ["SPEAKER_00", "SPEAKER_01"]


def test_a_voice_without_an_embedding_is_the_only_speaker() -> None:
    (window,) = windows_of([(0.0, 1.0, 0)], 5.0)
    mute = LocalWindow(window.start, window.activity, np.full_like(window.embeddings, np.nan), window.is_clean)
    found = diarized([mute], 5.0)
    assert [(speaker.label, speaker.embedding) for speaker in found.speakers] == [("SPEAKER_00", None)]


def test_a_voice_that_is_hardly_alone_is_no_further_speaker() -> None:
    spoken = [*taking_turns(2, rounds=6), (60.0, 61.0, 2)]
    found = diarized(windows_of(spoken, 65.0), 65.0)
    assert len(found.speakers) == 2
    assert found.turns[-1].start == pytest.approx(60.0, abs=0.1)


def test_a_sample_of_many_embeddings_does() -> None:
    spoken = taking_turns(3)
    windows = windows_of(spoken, spoken[-1][1])
    sampled = diarized(windows, spoken[-1][1], rules=Rules(sample=20))
    assert sampled.turns == diarized(windows, spoken[-1][1]).turns


def joined_one_by_one(vectors: np.ndarray, threshold: float) -> list[int]:
    """The plainest way to say it."""
    clusters = [[index] for index in range(len(vectors))]
    while len(clusters) > 1:
        centres = [vectors[one].mean(axis=0) for one in clusters]
        gaps = {(i, j): np.linalg.norm(centres[i] - centres[j]) for j in range(len(centres)) for i in range(j)}
        (one, other), gap = min(gaps.items(), key=lambda pair: pair[1])
        if gap > threshold:
            break
        clusters[one] += clusters.pop(other)
    clusters.sort(key=min)
    return [next(label for label, one in enumerate(clusters) if index in one) for index in range(len(vectors))]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 25), st.floats(0.1, 2.0), st.integers(0, 1000))
def test_the_nearest_become_one_until_the_threshold(number: int, threshold: float, seed: int) -> None:
    vectors = unit(np.random.default_rng(seed).normal(size=(number, 4)))
    assert linked(vectors, threshold, NO_CHECK).tolist() == joined_one_by_one(vectors, threshold)


def ward_one_by_one(vectors: np.ndarray, number: int) -> list[int]:
    clusters = [[index] for index in range(len(vectors))]
    while len(clusters) > number:
        losses = {}
        for j in range(len(clusters)):
            for i in range(j):
                gap = np.square(vectors[clusters[i]].mean(axis=0) - vectors[clusters[j]].mean(axis=0)).sum()
                losses[i, j] = gap / (1 / len(clusters[i]) + 1 / len(clusters[j]))
        one, other = min(losses, key=lambda pair: losses[pair])
        clusters[one] += clusters.pop(other)
    clusters.sort(key=min)
    return [next(label for label, one in enumerate(clusters) if index in one) for index in range(len(vectors))]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 1000))
def test_those_become_one_that_are_the_least_loss(number: int, groups: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(number, 4))
    assert gathered(vectors, groups, NO_CHECK).tolist() == ward_one_by_one(vectors, groups)


def test_who_speaks_little_is_found_beside_who_speaks_much() -> None:
    random = np.random.default_rng(0)
    who = np.repeat([0, 1, 2], [300, 12, 8])
    vectors = unit(np.eye(3, 16)[who] + 0.1 * random.normal(size=(320, 16)))
    for sample in (1000, 80):
        assert np.array_equal(group(vectors, 3, sample, NO_CHECK), who)


def test_many_clusters_are_made_in_a_moment_and_the_work_can_be_ended() -> None:
    class Enough(Exception):
        pass

    def enough() -> None:
        raise Enough

    vectors = np.random.default_rng(0).normal(size=(600, 16)) + 9.0 * np.repeat(np.eye(3, 16), 200, axis=0)
    assert np.array_equal(linked(vectors, 7.5, NO_CHECK), np.repeat([0, 1, 2], 200))
    with pytest.raises(Enough):
        linked(vectors, 7.5, enough)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 60), st.integers(1, 80), st.integers(0, 1000))
def test_every_embedding_has_a_first_cluster_and_no_cluster_is_empty(number: int, sample: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    vectors = unit(random.normal(size=(number, 8)))
    labels = first_clusters(vectors, Rules(sample=max(2, sample)), NO_CHECK)
    assert sorted(set(labels.tolist())) == list(range(labels.max() + 1))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 50), st.data(), st.integers(0, 1000), st.booleans())
def test_groups_are_as_many_as_asked_for_and_always_the_same(
    number: int, sample: int, data: st.DataObject, seed: int, same: bool
) -> None:
    vectors = unit(np.random.default_rng(seed).normal(size=(number, 6)))
    vectors = np.repeat(vectors[:1], number, axis=0) if same else vectors
    groups = data.draw(st.integers(1, number))
    labels = group(vectors, groups, max(groups, sample), NO_CHECK)
    assert set(labels.tolist()) == set(range(groups))
    assert np.array_equal(labels, group(vectors, groups, max(groups, sample), NO_CHECK))


@given(
    st.integers(1, 30),
    st.integers(1, 100),
    st.one_of(
        st.builds(SpeakerCount, exact=st.integers(1, 40)),
        st.builds(
            lambda least, more: SpeakerCount(least=least, most=least + more), st.integers(1, 9), st.integers(0, 9)
        ),
    ),
)
def test_the_number_lies_within_what_is_asked_and_what_can_be(found: int, usable: int, count: SpeakerCount) -> None:
    number = wanted(found, usable, count)
    assert 1 <= number <= usable
    if number < usable:
        assert (count.exact or count.least or 1) <= number <= (count.exact or count.most or 30)
    assert wanted(found, 100, SpeakerCount()) == found
