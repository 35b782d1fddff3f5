"""Words to speakers: whose each word of a transcript is, by the turns of its sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trax.diarization.display import shown
from trax.diarization.smoothing import Placed, smoothed
from trax.diarization.spans import Scene
from trax.diarization.word_times import likely_times, told_time
from trax.timeline import Interval, Seconds
from trax.transcript import Segment, Transcript, Word
from trax.turns import Diarization

NEAR: Seconds = 0.5  # a word that nobody's turn covers belongs to the nearest one within that
NEAR_CONFIDENCE = 0.5
INHERITED_CONFIDENCE = 0.25  # of a word that is far from every turn, and so belongs to its neighbour's speaker
MOVED_CONFIDENCE = 0.5  # at least, of a word that its sentence gives to a speaker whose turn it isn't in


@dataclass(frozen=True, slots=True)
class _Choice:
    """Whose a word is by the turns alone."""

    time: Interval | None  # when it is said, if anything tells that
    speaker: str | None
    confidence: float


def assign(transcript: Transcript, diarization: Diarization) -> Transcript:
    """The transcript with a speaker for every word and segment, and how sure that is of each word.

    Words, their times and the text stay as they are; segments are divided between two speakers where that reads better.
    Without turns nobody speaks.
    """
    scene = Scene(diarization.turns, diarization.exclusive)
    if not scene.turns:
        return replace(transcript, segments=tuple(_without_speaker(segment) for segment in transcript.segments))
    choices = [_inherited(_choices(segment, scene), scene) for segment in transcript.segments]
    speakers = iter(_smoothed(transcript.segments, choices, scene))
    made: list[Segment] = []
    for segment, chosen in zip(transcript.segments, choices, strict=True):
        if not segment.words:
            made.append(replace(segment, speaker=_of_segment(segment, scene)))
            continue
        words = [_word(*told, next(speakers), scene) for told in zip(segment.words, chosen, strict=True)]
        made += shown(replace(segment, words=tuple(words)), [choice.time for choice in chosen])
    return replace(transcript, segments=tuple(made))


def _without_speaker(segment: Segment) -> Segment:
    words = tuple(replace(word, speaker=None, speaker_confidence=None) for word in segment.words)
    return replace(segment, speaker=None, words=words)


def _choices(segment: Segment, scene: Scene) -> list[_Choice]:
    return [_choice(word, time, scene) for word, time in zip(segment.words, likely_times(segment), strict=True)]


def _choice(word: Word, time: Interval | None, scene: Scene) -> _Choice:
    if time is None:
        return _Choice(None, None, 0.0)
    for candidate in (time, _whole(word, time)):
        if sums := scene.best(candidate):
            speaker = min(sums, key=lambda name: (-sums[name], name))
            return _Choice(time, speaker, _confidence(speaker, candidate, scene))
    turn, distance = scene.nearest(time)
    return _Choice(time, turn.speaker, NEAR_CONFIDENCE) if distance <= NEAR else _Choice(time, None, 0.0)


def _whole(word: Word, time: Interval) -> Interval:
    """All of a word that was cut: one that was stretched over a silence may have been said after that."""
    told = told_time(word)
    return told if told is not None and told.start == time.start else time


def _confidence(speaker: str, time: Interval, scene: Scene) -> float:
    """Their share of what is spoken meanwhile, less where several speak at once."""
    sums = scene.best(time)
    spoken = sum(sums.values())
    if not spoken:
        return 0.0
    return sums.get(speaker, 0.0) / spoken * (1 - min(1.0, scene.together(time) / spoken))


def _inherited(choices: Sequence[_Choice], scene: Scene) -> list[_Choice]:
    """Words that are far from every turn belong to who spoke before them in the segment, or after them, or nearest."""
    known = [choice.speaker for choice in choices if choice.speaker is not None]
    latest = known[0] if known else None
    made = []
    for choice in choices:
        latest = choice.speaker or latest
        if choice.speaker is not None:
            made.append(choice)
        else:
            speaker = latest or _nearest(choice.time, scene)
            made.append(replace(choice, speaker=speaker, confidence=INHERITED_CONFIDENCE))
    return made


def _nearest(time: Interval | None, scene: Scene) -> str:
    return scene.nearest(time or Interval(0.0, 0.0))[0].speaker


def _smoothed(segments: Sequence[Segment], choices: Sequence[Sequence[_Choice]], scene: Scene) -> list[str]:
    """The speaker of each word, over the borders of segments."""
    placed: list[Placed] = []
    for segment, chosen in zip(segments, choices, strict=True):
        for word, choice in zip(segment.words, chosen, strict=True):
            latest = placed[-1].time.end if placed else 0.0
            time = choice.time or Interval(latest, latest)
            placed.append(Placed(time, word.text, choice.speaker or ""))
    return smoothed(placed, scene)


def _word(word: Word, choice: _Choice, speaker: str, scene: Scene) -> Word:
    confidence = choice.confidence
    if speaker != choice.speaker:
        own = 0.0 if choice.time is None else _confidence(speaker, choice.time, scene)
        confidence = max(own, MOVED_CONFIDENCE * min(1.0, confidence * 2))
    return replace(word, speaker=speaker, speaker_confidence=confidence)


def _of_segment(segment: Segment, scene: Scene) -> str:
    """Who speaks most in a segment that has no words of its own."""
    time = Interval(segment.start, max(segment.start, segment.end))
    sums = scene.best(time)
    return min(sums, key=lambda name: (-sums[name], name)) if sums else scene.nearest(time)[0].speaker
