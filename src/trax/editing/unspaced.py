"""What a person typed in a language that is written without spaces: words are told apart by their letters alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from trax.enhancement.values import Edit
from trax.transcript import Segment, Word


def is_unspaced(segment: Segment) -> bool:
    """Whether its words stand next to each other."""
    return len(segment.words) > 1 and not any(word.text[:1].isspace() for word in segment.words[1:])


def edits_of(number: int, segment: Segment, text: str) -> list[Edit]:
    """What was typed in place of words, between those of which all letters stay."""
    new = "".join(text.split())
    found: list[Edit] = []
    place = made = 0
    for word, start, end in [*_kept(segment.words, new), (len(segment.words), len(new), len(new))]:
        if word > place or start > made:
            before = "".join(one.text for one in segment.words[place:word]).strip()
            found.append(Edit(f"s{number}e{len(found) + 1}", number, place, word, before, new[made:start], "word"))
        place, made = word + 1, end
    return found


def respaced(segment: Segment, text: str) -> Segment:
    """The segment with spaces where the person typed some, and nowhere else; its letters are those of the text."""
    words: list[Word] = []
    place = 0
    for word in segment.words:
        spelt = ""
        for letter in "".join(word.text.split()):
            following = text.index(letter, place)
            spelt += text[place:following] + letter
            place = following + 1
        words.append(replace(word, text=spelt))
    return replace(segment, words=tuple(words), text="".join(word.text for word in words).strip())


def _kept(words: Sequence[Word], new: str) -> Iterator[tuple[int, int, int]]:
    """Each word that the new text still has as it was, and where in it."""
    old = ["".join(word.text.split()) for word in words]
    blocks = SequenceMatcher(None, "".join(old), new, autojunk=False).get_matching_blocks()
    at = 0
    for number, text in enumerate(old):
        for block in blocks:
            if text and block.a <= at and at + len(text) <= block.a + block.size:
                start = block.b + at - block.a
                yield number, start, start + len(text)
        at += len(text)
