"""How often words are right that a model is so or so sure of: fitted on one half of the readers, measured on the other.

    python -m benchmarks.calibration [--conditions 6] [--keep FILE]

Prints the numbers that `transcription/confidence.py` holds and the tables of `docs/confidence.md`. Exit code 1 where
the expected calibration error is above 0.05 on what nothing was fitted on.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy_systems import OURS, Systems
from benchmarks.diarize_sound import write_wav
from benchmarks.hard_set import CLEAN, clips, conditions_of, hard
from benchmarks.keeping import kept
from benchmarks.recordings import Recording, long_speech, other_speech
from benchmarks.scoring import correlation, errors, normalised
from trax.evaluation.alignment import aligned_words
from trax.transcript import Transcript
from trax.transcription.confidence import SUREST, estimate_accuracy, features, mean_confidence, word_confidences

BINS = 10
MOST_ERROR = 0.05
Numbers = NDArray[np.float64]
# Of words: how sure something is of each, and whether it is right
Told = tuple[Numbers, NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording as all systems heard it."""

    set: str  # tune, held, longform, other
    text: str  # what was said
    made: Mapping[str, Transcript]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conditions", type=int, default=6, help="of the hard set, for each clip; they take turns")
    parser.add_argument("--keep", type=Path, help="where to keep what was heard, and to find it the next time")
    options = parser.parse_args()
    heard = kept(options.keep, lambda: hear(options.conditions))
    fit([one for one in heard if one.set == "tune"])
    return 0 if report(heard) <= MOST_ERROR else 1


def hear(number: int) -> Iterator[Heard]:
    """Both halves of the readers, clean and under so many conditions, and two sets on which nothing was fitted."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        systems = Systems(folder)
        for set_name, recording in _recordings(folder, number):
            yield Heard(set_name, recording.text, systems.transcripts(recording.path))
            print(".", end="", flush=True, file=sys.stderr)


def _recordings(folder: Path, number: int) -> Iterator[tuple[str, Recording]]:
    for held, set_name in ((False, "tune"), (True, "held")):
        half = clips(held=held)
        for place, clip in enumerate(half):
            for condition in (CLEAN, *conditions_of(place, number)):
                path = folder / f"{condition.name}-{clip.name}.wav"
                write_wav(path, hard(clip, half, condition))
                yield set_name, Recording(path, clip.source.text)
    yield "longform", long_speech()
    for recording in other_speech():
        yield "other", recording


def right(transcript: Transcript, text: str) -> NDArray[np.bool_]:
    """Which words are in what was said, at their place; a word that the normaliser leaves out is right."""
    said = [token for word in text.split() for token in normalised(word).split()]
    made = [normalised(word.text).split() for word in transcript.words]
    tokens = [token for several in made for token in several]
    is_right = np.zeros(len(tokens), dtype=np.bool_)
    for change in aligned_words(said, tokens):
        if change.kind == "equal":
            is_right[change.made_start : change.made_end] = True
    ends = np.cumsum([len(several) for several in made], dtype=np.int64)
    return np.array([is_right[end - len(own) : end].all() for end, own in zip(ends, made, strict=True)], dtype=np.bool_)


def fit(heard: Sequence[Heard]) -> None:
    """Print the weights of words, those of v1 and of v3 together; then those of whole transcripts."""
    values, truths = [], []
    for one in heard:
        for system in ("v1", "v3"):
            transcript = one.made[system]
            values += [row for segment in transcript.segments for row in features(segment)]
            truths += right(transcript, one.text).tolist()
    weights = _logistic(np.array(values), np.array(truths, dtype=np.float64), np.ones(len(truths)))
    print("OWN, BEFORE, BEHIND, SEGMENT, OFFSET =", ", ".join(f"{weight:.3f}" for weight in weights))
    spoken = [(one, errors(one.text, one.made["v1"].text)) for one in heard if one.made["v1"].words]
    means = [mean_confidence(one.made["v1"]) or 0.0 for one, _ in spoken]
    slope = _logistic(
        _odds(np.array(means))[:, None],
        np.array([max(0.0, 1 - found.wer) for _, found in spoken]),
        np.array([found.words for _, found in spoken], dtype=np.float64),
    )
    print("with these in place: ACCURACY_SLOPE, ACCURACY_OFFSET =", ", ".join(f"{one:.3f}" for one in slope))


def _logistic(values: Numbers, shares: Numbers, weights: Numbers) -> Numbers:
    """Weights of the columns and of a constant behind them, by Newton's method."""
    columns = np.hstack([values, np.ones((len(values), 1))])
    solution = np.zeros(columns.shape[1])
    for _ in range(50):
        expected = 1 / (1 + np.exp(-columns @ solution))
        curve = weights * expected * (1 - expected) + 1e-9
        solution = solution + np.linalg.solve(
            (columns.T * curve) @ columns, columns.T @ (weights * (shares - expected))
        )
    return np.asarray(solution)


def report(heard: Sequence[Heard]) -> float:
    """Print the tables; the expected calibration error of v1 and v3 on the other readers, the worse of them."""
    sets = [name for name in dict.fromkeys(one.set for one in heard) if name != "tune"]
    print(
        "\n| set | system | words | right | mean confidence | ECE | ECE of the model's own |\n"
        + "|---|" * 1
        + "---|" * 6
    )
    found = {}
    for name in sets:
        for system in OURS:
            calibrated = _told(heard, name, system, word_confidences)
            own = _told(heard, name, system, _own)
            found[name, system] = calibration_error(calibrated)
            print(
                f"| {name} | {system} | {len(own[0])} | {own[1].mean():.1%} | {calibrated[0].mean():.1%} "
                f"| {found[name, system]:.3f} | {calibration_error(own):.3f} |"
            )
    for system in ("v1", "v3"):
        _print_bins(system, _told(heard, "held", system, word_confidences))
    _print_accuracy(heard, sets)
    return max(found["held", "v1"], found["held", "v3"])


def calibration_error(told: Told) -> float:
    """Mean distance of confidence and share of right words in bins of equal width, by their words (Guo et al. 2017)."""
    off = sum(len(sure) * abs(sure.mean() - is_right.mean()) for sure, is_right in _bins(told))
    return float(off / max(1, len(told[0])))


def _bins(told: Told) -> Iterator[Told]:
    sure, is_right = told
    places = np.minimum((sure * BINS).astype(int), BINS - 1)
    for place in range(BINS):
        if (chosen := places == place).any():
            yield sure[chosen], is_right[chosen]


def _told(heard: Sequence[Heard], name: str, system: str, confidences: Callable[[Transcript], Sequence[float]]) -> Told:
    own = [(one.made[system], one.text) for one in heard if one.set == name]
    sure = [np.array(confidences(transcript), dtype=np.float64) for transcript, _ in own]
    return np.concatenate(sure), np.concatenate([right(transcript, text) for transcript, text in own])


def _own(transcript: Transcript) -> list[float]:
    return [word.probability for word in transcript.words]


def _print_bins(system: str, told: Told) -> None:
    print(f"\n{system}, other readers:\n\n| confidence | words | mean | right |\n|---|---|---|---|")
    for sure, is_right in _bins(told):
        low = int(sure.mean() * BINS)
        print(f"| {low / BINS:.1f}-{(low + 1) / BINS:.1f} | {len(sure)} | {sure.mean():.1%} | {is_right.mean():.1%} |")


def _print_accuracy(heard: Sequence[Heard], sets: Sequence[str]) -> None:
    print(
        "\n| set | recordings | estimate off by, mean | r of estimate and 1 - WER | of all words: estimate, measured |"
    )
    print("|---|---|---|---|---|")
    for name in sets:
        own = [one for one in heard if one.set == name and one.made["v1"].words]
        counts = [errors(one.text, one.made["v1"].text) for one in own]
        words = np.array([count.words for count in counts], dtype=np.float64)
        measured = np.array([max(0.0, 1 - count.wer) for count in counts])
        estimates = np.array([estimate_accuracy(one.made["v1"]) or 0.0 for one in own])
        off = np.average(np.abs(measured - estimates), weights=words)
        r = f"{correlation(estimates.tolist(), measured.tolist()):.2f}" if len(own) > 2 else "-"
        both = f"{np.average(estimates, weights=words):.1%}, {np.average(measured, weights=words):.1%}"
        print(f"| {name} | {len(own)} | {off:.1%} | {r} | {both} |")


def _odds(shares: Numbers) -> Numbers:
    clipped = np.clip(shares, 1 - SUREST, SUREST)
    return np.asarray(np.log(clipped / (1 - clipped)))


if __name__ == "__main__":
    sys.exit(main())
