"""The straightforward way of computing community-1, which Trax is measured beside: the same weights, and no saving.

Windows of ten seconds every second; in each, both networks whole, the embedding one anew for every voice of it; then
clusters, VBx and turns. What is here is written for that purpose; of Trax it takes the filter banks, the reading of
the PLDA's numbers, the pairing of voices with speakers, and the labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trax.audio import SAMPLE_RATE, Samples
from trax.diarization.fbank import fbank
from trax.diarization.labels import labelled, labels_of, speakers_of
from trax.diarization.local_speakers import FRAME_DURATION, FRAME_STEP, FRAMES, VOICES, WINDOW
from trax.diarization.pairing import best_pairs
from trax.diarization.plda import Plda, read_plda
from trax.turns import Diarization

HOP = SAMPLE_RATE
LENGTH = int(WINDOW * SAMPLE_RATE)
DIMENSIONS = 256
THRESHOLD, EVIDENCE, CAUTION, ROUNDS = 0.6, 0.07, 0.8, 20
LEAST_ALONE = 0.2  # of a window, for an embedding to take part in the clustering
MOST_SPEAKERS = 20

Floats = NDArray[np.float64]
Flags = NDArray[np.float32]  # 1 where a voice is heard


class Nets(Protocol):
    """What both networks say of a window."""

    def activity(self, window: Samples) -> Flags:
        """(FRAMES, VOICES)."""
        ...

    def embeddings(self, window: Samples, masks: Flags) -> NDArray[np.float32]:
        """(voices, DIMENSIONS) of masks (voices, FRAMES)."""
        ...


class WholeNets:
    """Both networks as they are published, each call with all threads."""

    def __init__(self, folder: Path, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        self._segmentation, self._embedding = (
            onnxruntime.InferenceSession(str(folder / name), options, providers=["CPUExecutionProvider"])
            for name in ("segmentation.ort", "embedding.ort")
        )

    def activity(self, window: Samples) -> Flags:
        found: Any = self._segmentation.run(None, {"waveforms": window[None, None]})[0][0]
        return np.asarray(found, dtype=np.float32)

    def embeddings(self, window: Samples, masks: Flags) -> NDArray[np.float32]:
        bands = fbank(window)
        bands = bands - bands.mean(axis=0, keepdims=True)
        frames = (np.arange(len(bands)) * FRAMES / len(bands)).astype(int)
        repeated = np.repeat(bands[None], len(masks), axis=0)
        found: Any = self._embedding.run(None, {"fbank": repeated, "weights": masks[:, frames]})[0]
        return np.asarray(found, dtype=np.float32)


def prototype(folder: Path, threads: int) -> Prototype:
    """The peer with the weights of that folder."""
    return Prototype(WholeNets(folder, threads), read_plda(folder))


class Prototype:
    """Diarizes a whole waveform."""

    def __init__(self, nets: Nets, plda: Plda) -> None:
        self._nets = nets
        self._plda = plda

    def diarize(self, sound: Samples) -> Diarization:
        starts = [0]
        while starts[-1] + LENGTH < len(sound):
            starts.append(starts[-1] + HOP)
        activity = np.zeros((len(starts), FRAMES, VOICES), np.float32)
        embeddings = np.full((len(starts), VOICES, DIMENSIONS), np.nan)
        for number, start in enumerate(starts):
            window = sound[start : start + LENGTH]
            window = np.pad(window, (0, LENGTH - len(window)))
            activity[number] = self._nets.activity(window)
            voices = np.flatnonzero(activity[number].any(axis=0))
            if len(voices):
                masks = _masks(activity[number])[voices]
                embeddings[number, voices] = self._nets.embeddings(window, masks)
        begins = [round(start / SAMPLE_RATE / FRAME_STEP) for start in starts]
        return _diarization(begins, activity, embeddings, self._plda, len(sound) / SAMPLE_RATE)


def _masks(activity: Flags) -> Flags:
    """(VOICES, FRAMES): where each voice is alone, or, where it hardly ever is, where it is heard at all."""
    alone = activity * (activity.sum(axis=1, keepdims=True) < 2)
    return np.asarray(np.where(alone.sum(axis=0) > 2, alone, activity).T, dtype=np.float32)


def _diarization(
    begins: Sequence[int], activity: Flags, embeddings: Floats, plda: Plda, duration: float
) -> Diarization:
    if not activity.any():
        return Diarization((), (), (), "prototype", "community-1")
    centres = _centres(activity, embeddings, plda)
    speakers = _speakers(activity, embeddings, centres)
    heard = np.zeros((begins[-1] + FRAMES + 1, len(centres)))
    voices = np.zeros((len(heard), 2))  # how many there are in all windows, and how many windows
    for begin, window, named in zip(begins, activity, speakers, strict=True):
        voices[begin : begin + FRAMES] += np.stack([window.sum(axis=1), np.ones(FRAMES)], axis=1)
        for speaker in set(named.tolist()) - {-1}:
            heard[begin : begin + FRAMES, speaker] += window[:, named == speaker].max(axis=1)
    at_once = np.minimum(np.rint(voices[:, 0] / np.maximum(voices[:, 1], 1)).astype(int), MOST_SPEAKERS)
    turns = _turns(heard, at_once, duration)
    names = labels_of(turns)
    all_turns = labelled(turns, names)
    vectors = {name: tuple(_unit(centres[speaker]).tolist()) for speaker, name in names.items()}
    exclusive = labelled(_turns(heard, np.minimum(at_once, 1), duration), names)
    return Diarization(all_turns, exclusive, speakers_of(all_turns, vectors), "prototype", "community-1")


def _centres(activity: Flags, embeddings: Floats, plda: Plda) -> Floats:
    """(speakers, DIMENSIONS): the mean of what each speaker sounds like."""
    alone = (activity * (activity.sum(axis=2, keepdims=True) == 1)).sum(axis=1)
    known = ~np.isnan(embeddings).any(axis=2)
    chosen = embeddings[(alone >= LEAST_ALONE * FRAMES) & known]
    if len(chosen) < 2:
        return np.asarray(np.nan_to_num((chosen if len(chosen) else embeddings[known]).mean(axis=0, keepdims=True)))
    first = clusters(_unit(chosen), THRESHOLD)
    membership, shares = vbx(plda.features(chosen), plda.spread, first)
    weights = membership[:, shares > 1e-7]
    total: Floats = weights.sum(axis=0)
    return np.asarray((weights.T @ chosen) / total[:, None], dtype=np.float64)


def clusters(vectors: Floats, threshold: float) -> NDArray[np.intp]:
    """Cluster of each vector, by the distance of centroids: the two nearest become one until none are near enough."""
    centres, sizes, labels = vectors.copy(), np.ones(len(vectors)), np.arange(len(vectors))
    squares = _squares(vectors)
    np.fill_diagonal(squares, np.inf)
    while len(vectors) > 1:
        kept, gone = divmod(int(squares.argmin()), len(vectors))
        if squares[kept, gone] > threshold**2:
            break
        both = sizes[kept] + sizes[gone]
        centres[kept] = (sizes[kept] * centres[kept] + sizes[gone] * centres[gone]) / both
        sizes[kept], sizes[gone] = both, 0
        labels[labels == gone] = kept
        row = np.where(sizes > 0, np.square(centres - centres[kept]).sum(axis=1), np.inf)
        row[kept] = np.inf
        squares[kept], squares[:, kept] = row, row
        squares[gone], squares[:, gone] = np.inf, np.inf
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.intp)


def _squares(vectors: Floats) -> Floats:
    lengths = np.square(vectors).sum(axis=1)
    return np.asarray(np.maximum(lengths[:, None] + lengths[None] - 2 * vectors @ vectors.T, 0))


def vbx(features: Floats, spread: Floats, first: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """(embeddings, speakers) and (speakers,): how much each embedding is of each speaker, and the share of each."""
    membership = np.exp(7.0 * np.eye(int(first.max()) + 1)[first])
    membership /= membership.sum(axis=1, keepdims=True)
    shares = np.full(membership.shape[1], 1 / membership.shape[1])
    length = -0.5 * (np.square(features).sum(axis=1, keepdims=True) + features.shape[1] * np.log(2 * np.pi))
    scaled, ratio, before = features * np.sqrt(spread), EVIDENCE / CAUTION, -np.inf
    for _ in range(ROUNDS):
        variance = 1 / (1 + ratio * membership.sum(axis=0)[:, None] * spread)
        means = ratio * variance * (membership.T @ scaled)
        fit = EVIDENCE * (scaled @ means.T - 0.5 * (variance + means**2) @ spread + length) + np.log(shares + 1e-8)
        highest = fit.max(axis=1, keepdims=True)
        total = highest + np.log(np.exp(fit - highest).sum(axis=1, keepdims=True))
        membership = np.exp(fit - total)
        shares = membership.mean(axis=0)
        bound = float(total.sum() + 0.5 * CAUTION * (np.log(variance) - variance - means**2 + 1).sum())
        if bound - before < 1e-4:
            break
        before = bound
    return membership, shares


def _speakers(activity: Flags, embeddings: Floats, centres: Floats) -> NDArray[np.intp]:
    """(windows, VOICES): the speaker that each voice is; no two voices of a window are the same. -1: silent."""
    likeness = np.nan_to_num(_unit(embeddings) @ _unit(centres).T)
    speakers = np.full(likeness.shape[:2], -1, dtype=np.intp)
    for number, window in enumerate(activity):
        voices = np.flatnonzero(window.any(axis=0))
        for voice, speaker in best_pairs((likeness[number, voices] + 2).tolist()):
            speakers[number, voices[voice]] = speaker
    return speakers


def _turns(heard: Floats, at_once: NDArray[np.intp], duration: float) -> list[tuple[float, float, int]]:
    """In each frame so many speakers, those that most windows have heard."""
    ranks = np.argsort(np.argsort(-heard, axis=1, kind="stable"), axis=1)
    chosen = (ranks < at_once[:, None]) & (heard > 0)
    found = []
    for speaker in range(heard.shape[1]):
        edges = np.flatnonzero(np.diff(chosen[:, speaker], prepend=False, append=False))
        for begin, end in (edges.reshape(-1, 2) * FRAME_STEP + FRAME_DURATION / 2).tolist():
            found.append((begin, min(end, duration), speaker))
    return sorted(turn for turn in found if turn[0] < turn[1])


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))
