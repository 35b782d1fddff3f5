"""Who spoke when, from what the nets heard in each window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trax.diarization.assignment import assigned
from trax.diarization.clustering import Centroids, Material, Rules, centroids_of
from trax.diarization.counting import fewest
from trax.diarization.labels import Stretch, labelled, labels_of, speakers_of
from trax.diarization.local_speakers import WINDOW, LocalWindow
from trax.diarization.plda import Floats, Plda, unit
from trax.diarization.reconstruct import clean_seconds, speakers_at_once, turns, windows_by_speaker
from trax.timeline import Seconds
from trax.turns import Diarization, SpeakerCount

LEAST_ASKED: Seconds = 0.5  # that each speaks where a number was asked for: less is nobody's voice
NEAREST, FARTHEST = 0.1, WINDOW / 2  # seconds between windows, as far as their distance matters


def diarization_of(
    windows: Sequence[LocalWindow],
    duration: Seconds,
    plda: Plda,
    count: SpeakerCount,
    *,
    engine: str,
    model_id: str,
    rules: Rules | None = None,
    check: Callable[[], None] = lambda: None,
) -> Diarization:
    """The turns of all speakers.

    windows: in order of time, at any distance; where there is none, nobody speaks. duration: of the whole sound.
    """
    rules = rules or Rules()
    centroids = _centroids(windows, plda, count, rules, check)
    if centroids is None:
        return Diarization((), (), (), engine, model_id, _params(windows, rules, count, None, 0))
    at_once = speakers_at_once(windows)
    while True:
        vectors, speakers = _folded(windows, centroids, 1 if centroids.from_count else fewest(count), rules, check)
        check()
        counts = windows_by_speaker(windows, speakers, len(vectors))
        overlapping = turns(counts, at_once, duration)
        scarce = _scarce(overlapping) if centroids.from_count and len(vectors) > 1 else None
        if scarce is None:
            break
        centroids = replace(centroids, vectors=np.delete(vectors, scarce, axis=0))
    exclusive = turns(counts, np.minimum(at_once, 1), duration)
    names = labels_of(overlapping)
    params = _params(windows, rules, count, centroids, len(names))
    return _labelled(overlapping, exclusive, names, vectors, engine, model_id, params)


def _scarce(stretches: Sequence[Stretch[int]]) -> int | None:
    """Whoever speaks least, if that is hardly anything."""
    seconds: dict[int, Seconds] = {}
    for start, end, speaker in stretches:
        seconds[speaker] = seconds.get(speaker, 0.0) + end - start
    least = min(seconds, key=seconds.__getitem__, default=None)
    return least if least is not None and seconds[least] < LEAST_ASKED else None


def _labelled(
    overlapping: Sequence[Stretch[int]],
    exclusive: Sequence[Stretch[int]],
    names: Mapping[int, str],
    vectors: Floats,
    engine: str,
    model_id: str,
    params: dict[str, Any],
) -> Diarization:
    all_turns = labelled(overlapping, names)
    voices = {name: _voice(vectors[speaker]) for speaker, name in names.items()}
    return Diarization(
        turns=all_turns,
        exclusive=labelled(exclusive, names),
        speakers=speakers_of(all_turns, voices),
        engine=engine,
        model_id=model_id,
        params=params,
    )


def _voice(vector: Floats) -> tuple[float, ...] | None:
    return tuple(unit(vector).tolist()) if np.isfinite(vector).all() else None


def _centroids(
    windows: Sequence[LocalWindow], plda: Plda, count: SpeakerCount, rules: Rules, check: Callable[[], None]
) -> Centroids | None:
    """None: nobody speaks."""
    if not any(window.activity.any() for window in windows):
        return None
    material = _material(windows, [window.is_clean for window in windows])
    if len(material.embeddings) < max(2, fewest(count)):
        everything = _material(windows, [np.asarray(window.activity.any(axis=0)) for window in windows])
        if fewest(count) > 1 or len(material.embeddings) == 0:
            material = everything
    if len(material.embeddings) < 2:
        return Centroids(_only(material), 1, False)
    return centroids_of(material, plda, count, rules, check)


def _only(material: Material) -> Floats:
    """(1, DIMENSIONS): the one embedding there is; NaN where there is none."""
    vectors = material.embeddings.astype(np.float64)
    return vectors if len(vectors) else np.full((1, vectors.shape[1]), np.nan)


def _material(windows: Sequence[LocalWindow], chosen: Sequence[NDArray[np.bool_]]) -> Material:
    """The embeddings of the chosen voices, as far as they have one."""
    having = [mask & np.isfinite(window.embeddings).all(axis=1) for window, mask in zip(windows, chosen, strict=True)]
    embeddings = np.concatenate([window.embeddings[mask] for window, mask in zip(windows, having, strict=True)])
    each = np.array([mask.sum() for mask in having])
    return Material(embeddings, np.repeat(_apart([window.start for window in windows]), each))


def _apart(starts: Sequence[Seconds]) -> Floats:
    """Seconds from each window to the nearest other: the further they are apart, the less sound they share."""
    if len(starts) == 1:
        return np.ones(1)
    gaps = np.diff(np.asarray(starts), prepend=-np.inf, append=np.inf)
    return np.asarray(np.clip(np.minimum(gaps[:-1], gaps[1:]), NEAREST, FARTHEST))


def _folded(
    windows: Sequence[LocalWindow], centroids: Centroids, least: int, rules: Rules, check: Callable[[], None]
) -> tuple[Floats, NDArray[np.intp]]:
    """Centroids and speakers of all voices; whoever is hardly ever heard alone becomes whom they sound like."""
    vectors = centroids.vectors
    while True:
        check()
        speakers = assigned(windows, vectors)
        if centroids.from_count or len(vectors) <= least:
            return vectors, speakers
        seconds = clean_seconds(windows, speakers, len(vectors))
        if seconds.min() >= rules.least_clean:
            return vectors, speakers
        vectors = np.delete(vectors, seconds.argmin(), axis=0)


def _params(
    windows: Sequence[LocalWindow], rules: Rules, count: SpeakerCount, centroids: Centroids | None, heard: int
) -> dict[str, Any]:
    """What led to the result, for the record."""
    asked = {key: number for key, number in asdict(count).items() if number is not None}
    params: dict[str, Any] = {**asdict(rules), "windows": len(windows), "speakers_heard": heard}
    if centroids is not None:
        params["speakers_found"] = centroids.found
    if asked:
        params["speakers_asked"] = asked
    return params
