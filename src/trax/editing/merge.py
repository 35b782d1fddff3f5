"""Three versions of one recording become one: what a person changed in the first is carried over to another.

Both others are aligned with the base word by word (Khanna, Kunal and Pierce 2007, "A Formal Investigation of Diff3");
all three are of the same sound, so that times tell which words are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from trax.editing.matching import key, matching
from trax.enhancement.apply import with_words
from trax.timeline import Seconds
from trax.transcript import Segment, Transcript, Word
from trax.transcription.words import SHORTEST, in_order

Side = Literal["edit", "machine"]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Words that the person and the machine changed in different ways."""

    start: Seconds
    end: Seconds
    base: str
    edit: str
    machine: str
    taken: Side


@dataclass(frozen=True, slots=True)
class Merged:
    """A machine's version with a person's edits."""

    transcript: Transcript
    conflicts: tuple[Conflict, ...]
    edits: int  # that were carried over, conflicts that were won included
    known: int  # that the machine made, too


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Words of all three that belong together; half open."""

    base: tuple[int, int]
    edit: tuple[int, int]
    machine: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Change:
    """Words of the base, half open, for which a side has others."""

    start: int
    end: int
    longer: int  # by so many words the side is longer there
    side: Side


@dataclass(frozen=True, slots=True)
class _Placed:
    """A word, and the segment of the machine's version that it goes to."""

    word: Word
    segment: int


def merged(base: Transcript, edit: Transcript, machine: Transcript, take: Side = "edit") -> Merged:
    """The machine's version with all that differs between base and edit; `take` has its way where both changed it."""
    machine = with_words(machine)
    if not machine.segments:  # it has heard nothing: what is kept stands where the person had it
        machine = replace(machine, segments=tuple(replace(one, words=(), text="") for one in edit.segments))
    three = _Three(with_words(base).words, with_words(edit).words, machine)
    for chunk in _chunks(three.base, three.edit, three.machine):
        three.add(chunk, take)
    return Merged(three.transcript(), tuple(three.conflicts), three.edits, three.known)


class _Three:
    """The words of all three, and what is made of them."""

    def __init__(self, base: Sequence[Word], edit: Sequence[Word], machine: Transcript) -> None:
        self.base, self.edit, self.machine = base, edit, machine.words
        self.conflicts: list[Conflict] = []
        self.edits = self.known = 0
        self._machine = machine
        self._segments = [number for number, segment in enumerate(machine.segments) for _ in segment.words]
        self._placed: list[_Placed] = []
        self._is_changed: set[int] = set()

    def add(self, chunk: _Chunk, take: Side) -> None:
        """Decide what stands there."""
        base, edit = self.base[slice(*chunk.base)], self.edit[slice(*chunk.edit)]
        machine = self.machine[slice(*chunk.machine)]
        if _texts(base) == _texts(edit):
            self._take_machine(chunk)
        elif _texts(edit) == _texts(machine):
            self.known += 1
            self._take_machine(chunk)
        elif _letters(base) == _letters(machine):
            self.edits += 1
            self._take_edit(chunk, edit)
        else:
            self._settle(chunk, take)

    def _settle(self, chunk: _Chunk, take: Side) -> None:
        base, edit = self.base[slice(*chunk.base)], self.edit[slice(*chunk.edit)]
        machine = self.machine[slice(*chunk.machine)]
        everything = [*base, *edit, *machine]
        start, end = min(word.start for word in everything), max(word.end for word in everything)
        texts = [" ".join(_texts(some)) for some in (base, edit, machine)]
        self.conflicts.append(Conflict(start, end, texts[0], texts[1], texts[2], take))
        if take == "edit":
            self.edits += 1
            self._take_edit(chunk, edit)
        else:
            self._take_machine(chunk)

    def _take_machine(self, chunk: _Chunk) -> None:
        for place in range(*chunk.machine):
            self._placed.append(_Placed(self.machine[place], self._segments[place]))

    def _take_edit(self, chunk: _Chunk, edit: Sequence[Word]) -> None:
        first, last = chunk.machine
        self._is_changed |= set(self._segments[first:last])
        for word in edit:
            segment = self._segment_of(word, first, last)
            self._is_changed.add(segment)
            speaker = self._machine.segments[segment].speaker
            self._placed.append(_Placed(replace(word, speaker=speaker, speaker_confidence=None), segment))

    def _segment_of(self, word: Word, first: int, last: int) -> int:
        """Where a word of the person's goes among the machine's: of the segments that may be, the nearest in time.

        `first` and `last` are the words in whose place it stands; where it stands between two, it may go to either.
        """
        places = range(first, last) if first < last else range(max(0, first - 1), min(first + 1, len(self._segments)))
        earliest = self._placed[-1].segment if self._placed else 0
        here = {self._segments[place] for place in places} or range(len(self._machine.segments))
        possible = [segment for segment in sorted(here) if segment >= earliest]
        return min(possible or [earliest], key=lambda number: _distance(word, self._machine.segments[number]))

    def transcript(self) -> Transcript:
        """The machine's segments with what stands in them; those without words are gone."""
        words: dict[int, list[Word]] = {}
        for placed in self._placed:
            words.setdefault(placed.segment, []).append(placed.word)
        segments, made = self._machine.segments, list[Segment]()
        for number, segment in enumerate(segments):
            if number in self._is_changed:
                earliest = made[-1].end if made else 0.0
                latest = segments[number + 1].start if number + 1 < len(segments) else self._machine.duration
                made += _rewritten(segment, words.get(number, []), earliest, max(latest, segment.end))
            elif segment.words:
                made.append(segment)
        return replace(self._machine, segments=tuple(made))


def _rewritten(segment: Segment, words: Sequence[Word], earliest: Seconds, latest: Seconds) -> list[Segment]:
    """The segment with these words on one time axis, between those before and after it; nothing where there is none."""
    if not words:
        return []
    start, end = min(earliest, segment.start), max(latest, segment.end)
    if end - start < 2 * SHORTEST * len(words):  # no room for the times that they have
        step = (end - start) / len(words)
        words = [replace(word, start=start + n * step, end=start + (n + 1) * step) for n, word in enumerate(words)]
    else:
        words = in_order(words, start, end)
    led = tuple(replace(word, text=f" {word.text.strip()}") for word in words)
    text = "".join(word.text for word in led).strip()
    return [replace(segment, words=led, text=text, start=led[0].start, end=led[-1].end)]


def _distance(word: Word, segment: Segment) -> Seconds:
    middle = (word.start + word.end) / 2
    return max(0.0, segment.start - middle, middle - segment.end)


def _chunks(base: Sequence[Word], edit: Sequence[Word], machine: Sequence[Word]) -> Iterator[_Chunk]:
    """The words of all three: each that all have by itself, and what one or both have changed in one piece."""
    place, to_edit, to_machine = 0, 0, 0  # in the base; from there to the place in the others
    for group in _groups(_changes(base, edit, "edit"), _changes(base, machine, "machine")):
        start, end = min(one.start for one in group), max(one.end for one in group)
        for word in range(place, start):
            yield _Chunk(*((at, at + 1) for at in (word, word + to_edit, word + to_machine)))
        more_edit = sum(one.longer for one in group if one.side == "edit")
        more_machine = sum(one.longer for one in group if one.side == "machine")
        yield _Chunk(
            (start, end),
            (start + to_edit, end + to_edit + more_edit),
            (start + to_machine, end + to_machine + more_machine),
        )
        place, to_edit, to_machine = end, to_edit + more_edit, to_machine + more_machine
    for word in range(place, len(base)):
        yield _Chunk(*((at, at + 1) for at in (word, word + to_edit, word + to_machine)))


def _groups(edits: Sequence[_Change], machines: Sequence[_Change]) -> Iterator[list[_Change]]:
    """Changes of the same words together; those that only touch are independent."""
    waiting: list[_Change] = []
    for change in sorted([*edits, *machines], key=lambda one: (one.start, one.end, one.side)):
        last = max((one.end for one in waiting), default=0)
        is_same_place = any((one.start, one.end) == (change.start, change.end) for one in waiting)
        if waiting and (change.start < last or is_same_place):
            waiting.append(change)
        else:
            if waiting:
                yield waiting
            waiting = [change]
    if waiting:
        yield waiting


def _changes(base: Sequence[Word], other: Sequence[Word], side: Side) -> list[_Change]:
    """What lies between the words that both have."""
    found, at, other_at = list[_Change](), 0, 0
    for place, other_place in [*matching(base, other), (len(base), len(other))]:
        if place > at or other_place > other_at:
            found.append(_Change(at, place, (other_place - other_at) - (place - at), side))
        at, other_at = place + 1, other_place + 1
    return found


def _letters(words: Sequence[Word]) -> list[str]:
    return [key(word) for word in words]


def _texts(words: Sequence[Word]) -> list[str]:
    return [word.text.strip() for word in words]
