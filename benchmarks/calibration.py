"""The map from mean word probability to expected accuracy, fitted on half of the clips and checked on the other.

    python -m benchmarks.calibration [--quick]

Clips are heard clean and with white noise, so that poor transcripts take part. Prints the numbers that
`transcribe/confidence.py` holds.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.recordings import Recording, read_speech
from benchmarks.scoring import correlation, errors
from benchmarks.systems import MODEL
from trax.audio import Samples
from trax.media.decode import decode
from trax.transcript import Transcript
from trax.transcription.faster_whisper import FasterWhisperTranscriber, load
from trax.transcription.models import resolve
from trax.vad.windows import windows

NOISE_LEVELS = (None, 15.0, 8.0, 3.0, -2.0)  # signal-to-noise ratio in dB; None: clean
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Point:
    """One clip at one level of noise."""

    clip: int
    noise: float | None
    confidence: float
    accuracy: float  # 1 - WER, not below 0
    words: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="every 9th clip")
    clips = read_speech()[:: 9 if parser.parse_args().quick else 1]
    with tempfile.TemporaryDirectory() as folder:
        engine = load(resolve(MODEL, models_folder=Path(folder), offline=True), device="cpu")
        points = [point for number, clip in enumerate(clips) for point in _points(number, clip, engine)]
    r = correlation([point.confidence for point in points], [point.accuracy for point in points])
    print(f"{len(points)} points; correlation of confidence and accuracy {r:.2f}")
    for half in (0, 1):
        fitted = [point for point in points if point.clip % 2 == half]
        held_out = [point for point in points if point.clip % 2 != half]
        slope, offset = fit(fitted)
        clean = [point for point in held_out if point.noise is None]
        print(
            f"fitted on half {half}: slope {slope:.2f}, offset {offset:.2f}; mean error on the other half "
            f"{100 * mean_error(held_out, slope, offset):.1f} points, on its clean clips "
            f"{100 * mean_error(clean, slope, offset):.1f}, with the raw confidence "
            f"{100 * mean_error(held_out, 1, 0):.1f}"
        )
    slope, offset = fit(points)
    print(f"fitted on all: SLOPE = {slope:.2f}, OFFSET = {offset:.2f}")
    return 0


def fit(points: list[Point]) -> tuple[float, float]:
    """Slope and offset of `logit(accuracy) = slope * logit(confidence) + offset`, by logistic regression on words."""
    columns = np.stack([_logit([point.confidence for point in points]), np.ones(len(points))], axis=1)
    accuracies = np.array([point.accuracy for point in points])
    words = np.array([point.words for point in points], dtype=np.float64)
    solution = np.array([1.0, 0.0])
    for _ in range(100):  # Newton's method; it needs some five steps
        expected = _sigmoid(columns @ solution)
        weights = words * expected * (1 - expected) + 1e-9
        gradient = columns.T @ (words * (accuracies - expected))
        solution = solution + np.linalg.solve((columns.T * weights) @ columns, gradient)
    return float(solution[0]), float(solution[1])


def mean_error(points: list[Point], slope: float, offset: float) -> float:
    """Mean distance of the estimate from the measured accuracy, weighted by words."""
    estimates = _sigmoid(slope * _logit([point.confidence for point in points]) + offset)
    distances = np.abs(estimates - np.array([point.accuracy for point in points]))
    return float(np.average(distances, weights=[point.words for point in points]))


def _points(number: int, clip: Recording, engine: FasterWhisperTranscriber) -> list[Point]:
    with decode(clip.path) as decoding:
        sound = np.concatenate(list(decoding))
    generator = np.random.default_rng(number)
    points = []
    for noise in NOISE_LEVELS:
        heard = sound if noise is None else _noisy(sound, noise, generator)
        segments = tuple(segment for result in engine.transcribe(windows([heard]), "en") for segment in result.segments)
        transcript = Transcript("en", len(heard) / 16_000, segments)
        if transcript.confidence is not None:
            found = errors(clip.text, transcript.text)
            points.append(Point(number, noise, transcript.confidence, max(0.0, 1 - found.wer), found.words))
    return points


def _noisy(sound: Samples, decibels: float, generator: np.random.Generator) -> Samples:
    level = np.sqrt(np.mean(sound**2)) / 10 ** (decibels / 20)
    noisy: Samples = (sound + level * generator.standard_normal(len(sound))).astype(np.float32)
    return noisy


def _logit(shares: list[float]) -> Numbers:
    clipped = np.clip(np.array(shares), 0.01, 0.995)
    odds: Numbers = np.log(clipped / (1 - clipped))
    return odds


def _sigmoid(odds: Numbers) -> Numbers:
    shares: Numbers = 1 / (1 + np.exp(-odds))
    return shares


if __name__ == "__main__":
    sys.exit(main())
