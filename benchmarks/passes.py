"""The weights of `trax.passes.choice`, fitted on the tune half of the hard set.

    python -m benchmarks.passes [--conditions 5] [--keep FILE]

Each clip is heard clean and under some of the conditions, as stage v3 hears it, with tiny.en and with base as second
model. For each span in which hearings differ, the weights make the expected number of wrong words least. Prints the
numbers that `passes/weights.py` holds, and what they are worth: fitted on all readers but one, and used on that one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.hard_set import CLEAN, Clip, Condition, clips, conditions_of, hard
from benchmarks.keeping import kept
from benchmarks.scoring import errors
from benchmarks.second_model import second_model
from trax.audio import Window
from trax.flow import Memory, Request
from trax.passes.choice import features
from trax.passes.hearings import FIRST, Hearing, Span
from trax.passes.spans import spans
from trax.stages.rehearing import Doubtful, Rehearing
from trax.stopwatch import Stopwatch
from trax.transcript import Word
from trax.transcription.faster_whisper import load
from trax.transcription.models import resolve
from trax.transcription.transcriber import Transcriber
from trax.vad.windows import windows

MODEL = "tiny.en"
ONE = (FIRST, "again")
TWO = (FIRST, "again", "second", "second again")
AT_ONCE = 16
STEPS, RATE = 400, 0.05
RIDGE = 2.0
LOG_LOSS = 0.3  # beside the expected errors, which alone don't change much where one candidate is far ahead

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Heard:
    """A clip under a condition, with what each hearing made of it."""

    name: str
    speaker: str
    condition: str
    text: str  # what was said
    words: tuple[Word, ...]
    hearings: tuple[Hearing, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A span with the value of each feature, and how many more words would be wrong with each candidate."""

    speaker: str
    clip: int
    span: Span
    values: Numbers  # shape (candidates, features)
    costs: Numbers  # shape (candidates,)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conditions", type=int, default=5, help="of each clip, beside the clean one")
    parser.add_argument("--keep", type=Path, help="where to keep what was heard, and to find it the next time")
    options = parser.parse_args()
    heard = kept(options.keep, lambda: hear(units(options.conditions)))
    for roles in (ONE, TWO):
        report(roles, heard)
    return 0


def units(number: int) -> list[tuple[Clip, Condition]]:
    """Each clip of the tune half, clean and under so many conditions, which take turns."""
    return [
        (clip, condition)
        for place, clip in enumerate(clips(held=False))
        for condition in (CLEAN, *conditions_of(place, number))
    ]


def hear(found: Sequence[tuple[Clip, Condition]]) -> Iterator[Heard]:
    """All hearings of each of them; clips of more than one window are left out."""
    half = clips(held=False)
    with tempfile.TemporaryDirectory() as folder:
        first = load(resolve(MODEL, models_folder=Path(folder), offline=True), device="cpu", cache_folder=Path(folder))
        second = second_model(Path(folder))
        for begin in range(0, len(found), AT_ONCE):
            several = found[begin : begin + AT_ONCE]
            cut = [list(windows([hard(clip, half, condition)])) for clip, condition in several]
            kept = [(unit, one[0]) for unit, one in zip(several, cut, strict=True) if len(one) == 1]
            yield from _heard(first, second, kept)
            print(".", end="", flush=True, file=sys.stderr)


def _heard(
    first: Transcriber, second: Transcriber, kept: Sequence[tuple[tuple[Clip, Condition], Window]]
) -> Iterator[Heard]:
    sound = [window for _, window in kept]
    rehearing = Rehearing(
        {"again": first, "second": second, "second again": second},
        "en",
        Request(model=MODEL, language="en"),
        Memory(),
        lambda: None,
        Stopwatch(),
    )
    words = [
        tuple(word for segment in result.segments for word in segment.words)
        for result in first.transcribe(sound, "en", Request().transcribe)
    ]
    doubtful = [Doubtful(place, window, 0, 0, 0.0) for place, window in enumerate(sound)]
    for ((clip, condition), _), own, hearings in zip(kept, words, rehearing.hear(doubtful, {}), strict=True):
        yield Heard(clip.name, clip.source.speaker, condition.name, clip.source.text, own, tuple(hearings))


def report(roles: tuple[str, ...], heard: Sequence[Heard]) -> None:
    """Print the weights, and what they are worth."""
    cases = list(_cases(roles, heard))
    print(f"\n{' + '.join(roles)}: {len(heard)} hearings, {len(cases)} spans")
    _print_worth(roles, heard, "fitted on the other readers", _elsewhere(cases))
    _print_worth(roles, heard, "at best", [(case, int(np.argmin(case.costs))) for case in cases])
    weights = fit(cases)
    names = list(_names(roles))
    print("    " + repr(roles) + ": {")
    print("".join(f'        "{name}": {weight:.3f},\n' for name, weight in zip(names, weights, strict=True)) + "    },")


def _cases(roles: tuple[str, ...], heard: Sequence[Heard]) -> Iterator[Case]:
    for place, one in enumerate(heard):
        hearings = [hearing for hearing in one.hearings if hearing.role in roles]
        before = _wrong(one, _text(one, ()))
        for span in spans(one.words, hearings):
            values = [list(features(c, span.candidates[0], roles).values()) for c in span.candidates]
            costs = [_wrong(one, _text(one, [(span, choice)])) - before for choice in range(len(span.candidates))]
            yield Case(one.speaker, place, span, np.array(values), np.array(costs, dtype=np.float64))


def _names(roles: tuple[str, ...]) -> Iterator[str]:
    from trax.passes.hearings import Candidate

    nothing = Candidate(())
    yield from features(nothing, nothing, roles)


def _text(one: Heard, choices: Sequence[tuple[Span, int]]) -> str:
    texts = [[word.text.strip()] for word in one.words] + [[]]
    for span, choice in choices:
        if choice:
            for place in range(span.start, span.end):
                texts[place] = []
            texts[span.start] = [*span.candidates[choice].texts, *(texts[span.start] if span.start == span.end else [])]
    return " ".join(text for several in texts for text in several)


def _wrong(one: Heard, text: str) -> int:
    found = errors(one.text, text)
    return found.substituted + found.deleted + found.inserted


def fit(cases: Sequence[Case]) -> Numbers:
    """Weights that make the expected number of wrong words least, with a little of the log loss (Adam)."""
    most = max(len(case.costs) for case in cases)
    spread = np.concatenate([case.values for case in cases]).std(axis=0) + 1e-6
    values = np.stack([np.pad(case.values / spread, ((0, most - len(case.values)), (0, 0))) for case in cases])
    costs = np.stack([np.pad(case.costs, (0, most - len(case.costs)), constant_values=99) for case in cases])
    real = costs < 99
    best = (costs == costs.min(axis=1, keepdims=True)) & real
    matters = np.where(real, costs, -99).max(axis=1, keepdims=True) > costs.min(axis=1, keepdims=True)
    weights, mean, square = np.zeros(values.shape[2]), np.zeros(values.shape[2]), np.zeros(values.shape[2])
    for step in range(1, STEPS + 1):
        scores = np.where(real, values @ weights, -1e9)
        odds = np.exp(scores - scores.max(axis=1, keepdims=True)) * real
        shares = odds / odds.sum(axis=1, keepdims=True)
        expected = (shares * np.where(real, costs, 0)).sum(axis=1, keepdims=True)
        of_best = shares * best / np.maximum((shares * best).sum(axis=1, keepdims=True), 1e-9)
        pull = shares * (np.where(real, costs, 0) - expected) + LOG_LOSS * (shares - of_best) * matters
        gradient = np.einsum("ij,ijf->f", pull, values) + RIDGE * weights
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        weights = weights - RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return np.asarray(weights / spread)


def _elsewhere(cases: Sequence[Case]) -> list[tuple[Case, int]]:
    """The choice for each span by the weights of the other readers."""
    chosen = []
    for speaker in sorted({case.speaker for case in cases}):
        weights = fit([case for case in cases if case.speaker != speaker])
        own = [case for case in cases if case.speaker == speaker]
        chosen += [(case, int(np.argmax(case.values @ weights))) for case in own]
    return chosen


def _print_worth(
    roles: tuple[str, ...], heard: Sequence[Heard], label: str, choices: Sequence[tuple[Case, int]]
) -> None:
    of_clip: dict[int, list[tuple[Span, int]]] = {}
    for case, choice in choices:
        of_clip.setdefault(case.clip, []).append((case.span, choice))
    print(f"  {label}")
    for name, chosen in _kinds():
        places = [place for place, one in enumerate(heard) if chosen(one)]
        spoken = sum(errors(heard[place].text, "").words for place in places)
        rates = {"first": [_wrong(heard[p], _text(heard[p], ())) for p in places]}
        for role in roles[1:]:
            rates[role] = [_wrong(heard[p], _best(heard[p], role)) for p in places]
        rates["choice"] = [_wrong(heard[p], _text(heard[p], of_clip.get(p, ()))) for p in places]
        shown = ", ".join(f"{key} {100 * sum(wrong) / max(1, spoken):.2f}" for key, wrong in rates.items())
        print(f"    {name}: {len(places)} clips, WER {shown}")


def _kinds() -> list[tuple[str, Callable[[Heard], bool]]]:
    return [("clean", lambda one: one.condition == CLEAN.name), ("hard", lambda one: one.condition != CLEAN.name)]


def _best(one: Heard, role: str) -> str:
    return " ".join(word.text.strip() for hearing in one.hearings if hearing.role == role for word in hearing.words)


if __name__ == "__main__":
    sys.exit(main())
