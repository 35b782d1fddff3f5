"""What no correction may do, whatever the sound says: rules that refuse edits, each with its reason."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence

from trax.enhancement.values import Correction, Decision, Edit, Hints
from trax.enhancement.words import FILLERS, distance, is_negation, letters, likeness, numbers_in
from trax.transcript import Transcript

MOST_INSERTED = 2  # words that one edit may put in, and leave out
MOST_DELETED = 2
MOST_CHANGED = 0.5  # share of a segment's words that may be other words
FEW_WORDS = 4  # so few of them may all be changed
ALIKE = 0.5  # likeness from which on two spellings may be of one name
# Each row sounds the same: only the sense, which the recogniser has, too, can tell them apart.
HOMOPHONES = tuple(
    frozenset(row.split())
    for row in ("no know", "not knot", "none nun", "to too two", "for four fore", "ate eight", "won one")
)
HARMLESS = {
    "punctuation": "Only punctuation changes.",
    "case": "Only capital letters change.",
    "spelling": "The same words, written otherwise.",
}
CHATTER = re.compile(
    r"\b(as an ai|language model|i (?:can(?:no|')t|am unable to)|here(?:'s| is) the"
    r"|corrected (?:text|transcript|version)|let me know|i hope this helps|sure[,!]|certainly[,!])"
    r"|\[(?:inaudible|music|applause|note)[^\]]*\]",
    re.IGNORECASE,
)


def judged(
    edits: Sequence[Edit], transcript: Transcript, corrections: Sequence[Correction], hints: Hints
) -> tuple[dict[str, Decision], tuple[Edit, ...]]:
    """What rules alone decide, by the edit's ID, and the edits that the sound has to be asked about."""
    wanted = {correction.segment: correction.text for correction in corrections}
    whole = {number: _whole(transcript, number, text) for number, text in wanted.items()}
    known = _known_words(hints)
    too_much = _too_much(edits, transcript)
    decided: dict[str, Decision] = {}
    asked: list[Edit] = []
    for edit in edits:
        reason = whole.get(edit.segment) or _refusal(edit, transcript, known) or too_much.get(edit.id)
        if reason is not None:
            decided[edit.id] = Decision(edit, False, reason, "rule")
        elif needs_audio(edit):
            asked.append(edit)
        else:
            decided[edit.id] = Decision(edit, True, _harmless(edit), "kind")
    return decided, tuple(asked)


def _too_much(edits: Sequence[Edit], transcript: Transcript) -> dict[str, str]:
    """Edits that leave out, or put in, more than may be in one segment: each by itself would pass."""
    dropped: dict[int, list[Edit]] = {}
    added: dict[int, list[Edit]] = {}
    for edit in edits:
        words = [word.text for word in transcript.segments[edit.segment].words]
        if edit.kind == "deletion" and not _only_fillers(edit) and not _is_repeated(edit, words):
            dropped.setdefault(edit.segment, []).append(edit)
        elif edit.kind == "insertion":
            added.setdefault(edit.segment, []).append(edit)
    return {
        edit.id: reason
        for several, most, reason in ((dropped, MOST_DELETED, _DROPS), (added, MOST_INSERTED, _ADDS))
        for found in several.values()
        if sum(len(_content(edit.before or edit.after)) for edit in found) > most
        for edit in found
    }


def needs_audio(edit: Edit) -> bool:
    """Whether it changes what was said, and not only how that is written."""
    return edit.kind not in HARMLESS and not _only_fillers(edit)


def _harmless(edit: Edit) -> str:
    return HARMLESS.get(edit.kind, "A filler or a word said twice is left out.")


def _refusal(edit: Edit, transcript: Transcript, known: frozenset[str]) -> str | None:
    words = [word.text.strip() for word in transcript.segments[edit.segment].words]
    for rule in _RULES:
        if (reason := rule(edit, words)) is not None:
            return reason
    return _of_names(edit, known)


def _of_numbers(edit: Edit, _: Sequence[str]) -> str | None:
    if _sounds_the_same(edit):
        return None
    if numbers_in(edit.before.split()) != numbers_in(edit.after.split()):
        return "It changes a number."
    return None


def _of_negations(edit: Edit, _: Sequence[str]) -> str | None:
    if _sounds_the_same(edit):
        return None
    if sum(map(is_negation, edit.before.split())) != sum(map(is_negation, edit.after.split())):
        return "It adds or drops a negation."
    return None


def _sounds_the_same(edit: Edit) -> bool:
    """Whether one word became another of the same sound, so that no number or negation is lost or made up."""
    both = {letters(edit.before), letters(edit.after)}
    return any(both <= row for row in HOMOPHONES)


def _of_insertions(edit: Edit, _: Sequence[str]) -> str | None:
    before, after = _content(edit.before), _content(edit.after)
    if len(after) - len(before) > MOST_INSERTED:
        return _ADDS
    return None


def _of_deletions(edit: Edit, words: Sequence[str]) -> str | None:
    before, after = _content(edit.before), _content(edit.after)
    if after or not before or _only_fillers(edit) or _is_repeated(edit, words):
        return None if len(before) - len(after) <= MOST_DELETED or not before else _DROPS
    if len(before) > MOST_DELETED:
        return _DROPS
    return None


_ADDS = "It adds words that nobody said."
_DROPS = "It drops what was said."


def _of_chatter(edit: Edit, _: Sequence[str]) -> str | None:
    if CHATTER.search(edit.after) and not CHATTER.search(edit.before):
        return "It is a remark of the language model."
    return None


_RULES: tuple[Callable[[Edit, Sequence[str]], str | None], ...] = (
    _of_chatter,
    _of_numbers,
    _of_negations,
    _of_insertions,
    _of_deletions,
)


def _of_names(edit: Edit, known: frozenset[str]) -> str | None:
    """Names change only where the hints know the new one, or where both are spelt alike."""
    if edit.kind != "name":
        return None
    before, after = _content(edit.before), _content(edit.after)
    if after and all(word in known for word in after):
        return None
    if after and likeness("".join(before), "".join(after)) >= ALIKE:
        return None
    return "It changes a name, and no hint knows the new one."


def _whole(transcript: Transcript, number: int, wanted: str) -> str | None:
    """What speaks against all that is to be changed in a segment."""
    original = transcript.segments[number].text
    before, after = _content(original), _content(wanted)
    if _scripts(wanted) - _scripts(original):
        return "It is in another script."
    if CHATTER.search(wanted) and not CHATTER.search(original):
        return "It is a remark of the language model."
    lost = sum((Counter(before) - Counter(after)).values())
    come = sum((Counter(after) - Counter(before)).values())
    if come > MOST_INSERTED and _is_of_neighbours(transcript, number, before, after):
        return "It brings in text that stands elsewhere."
    changed = max(lost, come) / max(1, len(before))
    if changed > MOST_CHANGED and max(lost, come) > FEW_WORDS and not _is_same_sound(before, after):
        return "It rewrites the sentence."
    return None


def _is_same_sound(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether the letters are mostly the same: other words, and not another sentence."""
    one, other = "".join(before), "".join(after)
    return distance(one, other) <= 0.3 * max(len(one), len(other))


def _is_of_neighbours(transcript: Transcript, number: int, before: Sequence[str], after: Sequence[str]) -> bool:
    segments = transcript.segments
    around = [word for n in (number - 1, number + 1) if 0 <= n < len(segments) for word in _content(segments[n].text)]
    pairs = set(zip(around, around[1:], around[2:], strict=False))
    own = set(zip(before, before[1:], before[2:], strict=False))
    return bool((set(zip(after, after[1:], after[2:], strict=False)) - own) & pairs)


def _content(text: str) -> list[str]:
    return [word for word in map(letters, text.split()) if word]


def _only_fillers(edit: Edit) -> bool:
    """Whether nothing but "uh" and the like goes, or a word that was said twice in a row."""
    gone, come = Counter(_content(edit.before)), Counter(_content(edit.after))
    if come - gone:
        return False
    dropped = gone - come
    return bool(dropped) and all(word in FILLERS for word in dropped)


def _is_repeated(edit: Edit, words: Sequence[str]) -> bool:
    """Whether the same words stand right beside those that go."""
    gone = [letters(word) for word in words[edit.start : edit.end]]
    size = len(gone)
    before = [letters(word) for word in words[max(0, edit.start - size) : edit.start]]
    after = [letters(word) for word in words[edit.end : edit.end + size]]
    return not edit.after and gone in (before, after)


def _known_words(hints: Hints) -> frozenset[str]:
    texts = (hints.title, hints.channel, hints.description, *hints.glossary)
    return frozenset(word for text in texts for word in map(letters, re.split(r"[\s\-/]+", text)) if word)


def _scripts(text: str) -> set[str]:
    """The scripts of its letters, by the first word of their Unicode names."""
    return {unicodedata.name(sign, "?").split()[0] for sign in text if sign.isalpha()}
