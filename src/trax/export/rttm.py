"""RTTM, as NIST has it: one line for each turn. Its fields end with a space, so spaces in names are written as %20."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from trax.errors import OutputError
from trax.export.document import ExportDocument
from trax.timeline import Interval, Seconds, union
from trax.transcript import Segment, Word
from trax.turns import SpeakerTurn

PAUSE: Seconds = 1.0  # where turns were never found, words of one speaker that are further apart are two turns
LONGEST_SUFFIX = 5  # characters, with the dot; what is longer belongs to the title
_SPECIAL = re.compile(r"[\s%\x00-\x1f\x7f-\x9f]")


def render_rttm(document: ExportDocument) -> str:
    """The turns of all speakers, by name where they have one; by the words' times where no turns are stored.

    Raises: OutputError: something is said, and nobody knows by whom.
    """
    turns = list(_turns(document))
    if not turns and document.speaker_info is None and document.transcript.segments:
        raise OutputError(
            "The transcript doesn't say who speaks.", "Tell the speakers apart with `trax diarize ID`, then export it."
        )
    return write_rttm(turns, _without_suffix(document.title))


def write_rttm(turns: Iterable[SpeakerTurn], file_id: str) -> str:
    """The turns in order of time, to the millisecond; `file_id` says what recording they belong to."""
    return "".join(_line(turn, _field(file_id)) for turn in sorted(turns))


def _line(turn: SpeakerTurn, file_id: str) -> str:
    start, end = round(turn.start * 1000), round(turn.end * 1000)
    if end <= start:
        return ""
    length = end - start
    return f"SPEAKER {file_id} 1 {start / 1000:.3f} {length / 1000:.3f} <NA> <NA> {_field(turn.speaker)} <NA> <NA>\n"


def _field(text: str) -> str:
    """The text without anything that ends a field; the same way back for every text."""
    return _SPECIAL.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), text) or "<NA>"


def _without_suffix(title: str) -> str:
    name, dot, suffix = title.rpartition(".")
    return name if name and suffix.isalnum() and len(dot + suffix) <= LONGEST_SUFFIX else title


def _turns(document: ExportDocument) -> Iterator[SpeakerTurn]:
    names = {speaker["label"]: speaker.get("name") or speaker["label"] for speaker in document.speakers()}
    stored = (document.speaker_info or {}).get("turns")
    if isinstance(stored, list):
        yield from _by_name(stored, names)
    else:
        for _, turn in groupby(_spoken(document.transcript.segments), key=lambda part: part[0]):
            yield _turn([part for _, part in turn])


def _by_name(stored: Iterable[object], names: Mapping[str, str]) -> Iterator[SpeakerTurn]:
    """The turns that can be read; of a person who is several labels, none at the same time as another."""
    turns: dict[str, list[Interval]] = {}
    for entry in stored:
        match entry:
            case [int() | float() as start, int() | float() as end, str() as label] if start < end:
                turns.setdefault(names.get(label, label), []).append(Interval(float(start), float(end)))
    labels = Counter(names.values())
    for name, own in turns.items():
        for turn in union(own) if labels[name] > 1 else own:
            yield SpeakerTurn(turn.start, turn.end, name)


def _turn(parts: list[SpeakerTurn]) -> SpeakerTurn:
    return SpeakerTurn(parts[0].start, max(part.end for part in parts), parts[0].speaker)


def _spoken(segments: Iterable[Segment]) -> Iterator[tuple[int, SpeakerTurn]]:
    """What each speaker says, word by word, with the number of the turn that it belongs to."""
    number, latest = 0, None
    for part in (part for segment in segments for part in _parts(segment)):
        if latest is None or part.speaker != latest.speaker or part.start - latest.end > PAUSE:
            number += 1
        yield number, part
        latest = part


def _parts(segment: Segment) -> Iterator[SpeakerTurn]:
    for part in segment.words or (segment,):
        speaker = (part.speaker if isinstance(part, Word) else None) or segment.speaker
        if speaker:
            yield SpeakerTurn(part.start, max(part.start, part.end), speaker)
