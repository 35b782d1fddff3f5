"""Transcripts in Markdown and plain text: who says what, in sentences, with whatever times stand between the words."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from trax.ingest.collected import Collected, joined, lines_of, plain
from trax.ingest.sentences import sentences
from trax.ingest.word_clock import TIME, WITH_HOURS, WordClock, seconds_of_clock
from trax.timeline import Seconds
from trax.transcript import Segment

LONGEST_NAME: Final = 60  # characters of what is taken for a speaker's name
MOST_NAME_WORDS: Final = 5
# Labels that are no names, where a text has other labels that are.
_NO_NAMES: Final = frozenset({"note", "notes", "warning", "update", "edit", "title", "date", "http", "https"})
_PARTICLES: Final = frozenset(
    {"al", "and", "bin", "da", "de", "del", "den", "der", "di", "du", "la", "of", "van", "von"}
)
_PAUSES: Final = frozenset({"break", "music", "intermission"})  # labels of what nobody says

_ESCAPED: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_HIDDEN: Final = re.compile("[\ue021-\ue07e]")  # escaped characters while the markup around them is taken away
_HIDING: Final = 0xE000
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_FRONT_MATTER: Final = re.compile(r"\A---[ \t]*\n.*?^(?:---|\.\.\.)[ \t]*$", re.S | re.M)
_RULE: Final = re.compile(r"(?:[-*_=][ \t]*){3,}")
_HEADING: Final = re.compile(r"#{1,6}(?:\s|$)")
# What Trax writes under the title of a transcript that it exports.
_FACT: Final = re.compile(r"- (?:Source|Language|Duration|Words|Model|Version|Created|Media|Result): ")
_LIST_MARK: Final = re.compile(r"(?:>[ \t]?)*(?:[-*+][ \t]+)?")
_INLINE: Final = (
    (re.compile(r"!\[[^\[\]\n]{0,200}\]\([^()\s]{0,2000}\)"), ""),  # an image
    (re.compile(r"\[([^\[\]\n]{0,500})\]\([^()\s]{0,2000}\)"), r"\1"),
    (re.compile(r"</?[A-Za-z][^<>\n]{0,500}>"), ""),
    (re.compile(r"(\*\*|__)(?=\S)([^*_\n]{1,2000})(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]{1,2000})(?<=\S)\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<!\w)_(?=\S)([^_\n]{1,2000})(?<=\S)_(?!\w)"), r"\1"),
    (re.compile(r"`([^`\n]{1,2000})`"), r"\1"),
)
_OPENING: Final = re.compile(  # a time without brackets may be one of the day, that somebody speaks of
    rf"(?:[\[(\ue05b\ue028]({TIME})[\])\ue05d\ue029]|({WITH_HOURS})|({TIME})(?=$))[ \t]*[-\u2013|:]?(?:[ \t]+|$)"
)
_STRONG: Final = re.compile(r"\*\*([^*\n]{1,80}?)[ \t]*(?:[:\uff1a][ \t]*\*\*|\*\*[ \t]*[:\uff1a])[ \t]*(.*)")
_LABEL: Final = re.compile(
    rf"(?:>>+[ \t]*)?([^\W_][^:\uff1a\n]{{0,80}}?(?:[ \t]+[\[(]{TIME}[\])])?)[ \t]*(?::(?=\s|$)|\uff1a)[ \t]*(.*)"
)
_STAMPED: Final = re.compile(rf"([^\W_][^:\uff1a\n]{{0,80}}?)[ \t]+[\[(]?({TIME})[\])]?[ \t]*:?[ \t]*$")
_BETWEEN: Final = re.compile(rf"\[([^\[\]\n]{{0,40}}?)[ \t]*({TIME})[ \t]*\]")


@dataclass(frozen=True, slots=True)
class UntimedText:
    """Sentences with times that are told by the text where it has some, and reckoned from the words where not."""

    read: Collected
    last_told: Seconds  # the last time that the text tells; 0: it tells none


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the text: how it may begin a turn, and what is said in it."""

    name: str | None  # what stands where a speaker's name would
    is_strong: bool  # the name is written as only names are
    said: str  # without the name
    whole: str


@dataclass(frozen=True, slots=True)
class _Turn:
    speaker: str | None
    said: str


def read_untimed(text: str, *, is_markdown: bool) -> UntimedText:
    """The sentences of a transcript without times, or with a few: `**Name:** text`, `Name: text`, or paragraphs.

    Times in it, such as [12:34], stand for themselves; between them time goes by the number of words.
    Raises: TranscriptUnreadable: there is too much of it.
    """
    clock = WordClock()
    spoken: list[tuple[str | None, str, float, float]] = []
    for turn in _turns(_paragraphs(text, is_markdown=is_markdown)):
        for sentence in sentences(turn.said):
            said = plain(_told(sentence, clock))
            start, end = clock.count(said)
            if said:
                spoken.append((turn.speaker, said, start, end))
    read = Collected()
    times = clock.times()
    for speaker, said, start, end in spoken:
        read.add(Segment(times.at(start), times.at(end), said, speaker=speaker))
    return UntimedText(read, times.last_told)


def _told(sentence: str, clock: WordClock) -> str:
    """The sentence without the times in it, which the clock is told."""
    kept = []
    at = 0
    for found in _BETWEEN.finditer(sentence):
        kept.append(sentence[at : found.start()])
        clock.tell(seconds_of_clock(found[2]), " ".join(kept))
        if remark := found[1].strip(" ,:;-"):
            kept.append(f"[{remark}]")  # such as [unintelligible 00:12:34]
        at = found.end()
    return " ".join((*kept, sentence[at:])) if kept else sentence


def _paragraphs(text: str, *, is_markdown: bool) -> Iterator[list[str]]:
    """The lines of each paragraph, without markup but for strong names; headings and such are nobody's words."""
    text = "\n".join(lines_of(_HIDDEN.sub("", text)))
    if is_markdown:
        text = _COMMENT.sub("", _FRONT_MATTER.sub("", text, count=1))
    text = _ESCAPED.sub(lambda found: chr(_HIDING + ord(found[1])), text)
    paragraph: list[str] = []
    for line in text.split("\n"):
        line = line.strip()
        is_apart = not line or _RULE.fullmatch(line) is not None or (is_markdown and bool(_HEADING.match(line)))
        if is_apart and paragraph:
            yield paragraph
            paragraph = []
        if not is_apart and not (is_markdown and _FACT.match(line)):
            paragraph.append(_LIST_MARK.sub("", line, count=1))
    if paragraph:
        yield paragraph


def _turns(paragraphs: Iterator[list[str]]) -> Iterator[_Turn]:
    """What each speaker says at a stretch; a paragraph without a name is of whoever spoke before."""
    lines = [[_line(line) for line in paragraph] for paragraph in paragraphs]
    names = _names(lines)
    speaker: str | None = None
    for paragraph in lines:
        said: list[str] = []
        for line in paragraph:
            if line.name is None or line.name not in names:
                said.append(line.whole)
                continue
            yield _Turn(speaker, joined(said))
            said = [line.said]
            if line.name.lower() not in _PAUSES:
                speaker = line.name
        yield _Turn(speaker, joined(said))


def _line(line: str) -> _Line:
    told = ""
    if opening := _OPENING.match(line):
        told, line = f"[{opening[opening.lastindex or 1]}] ", line[opening.end() :]
    if strong := _STRONG.match(line):
        return _Line(_inline(strong[1]).strip(), True, told + _inline(strong[2]), told + _inline(line))
    line = _inline(line)
    if stamped := _STAMPED.fullmatch(line):  # a name and its time, above what is said
        return _named(stamped[1], f"[{stamped[2]}] ", told + line)
    if label := _LABEL.match(line):
        return _named(label[1], told + label[2], told + line)
    return _Line(None, False, told + line, told + line)


def _named(name: str, said: str, whole: str) -> _Line:
    if stamped := _STAMPED.fullmatch(name):
        name, said = stamped[1], f"[{stamped[2]}] {said}"
    return _Line(name if _is_name(name) else None, False, said, whole)


def _inline(text: str) -> str:
    """The text without markup; what was escaped is itself again."""
    for pattern, kept in _INLINE:
        text = pattern.sub(kept, text)
    text = html.unescape(text)
    return _HIDDEN.sub(lambda found: chr(ord(found[0]) - _HIDING), text)


def _is_name(text: str) -> bool:
    """Whether that may be the name of who speaks: a few words, each with a capital or of a script without."""
    words = text.replace("(", " ").replace(")", " ").split()
    if not words or len(words) > MOST_NAME_WORDS or len(text) > LONGEST_NAME or text.lower() in _NO_NAMES:
        return False
    if any(not (character.isalnum() or character in " .'\u2019-&/#()_") for character in text):
        return False
    return any(c.isalpha() for c in text) and all(not w[0].islower() or w.lower() in _PARTICLES for w in words)


def _names(paragraphs: Sequence[Sequence[_Line]]) -> frozenset[str]:
    """The speakers: names in strong print; else those that come again, or all where most paragraphs have one."""
    strong = Counter(line.name for lines in paragraphs for line in lines if line.name and line.is_strong)
    if strong:
        return frozenset(name for name in strong if name)
    found = Counter(line.name for lines in paragraphs for line in lines if line.name)
    begun = sum(lines[0].name is not None for lines in paragraphs)
    is_half = 2 * begun >= len(paragraphs) or 2 * found.total() >= sum(len(lines) for lines in paragraphs)
    are_usual = is_half and found.total() > 1
    return frozenset(name for name, count in found.items() if name and (count > 1 or are_usual))
