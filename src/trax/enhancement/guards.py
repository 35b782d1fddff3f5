"""What no correction may do, whatever the sound says: rules that refuse edits, each with its reason."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from trax.enhancement.numbers import changes_number, numbers_in
from trax.enhancement.rewriting import ADDS, ANSWERS, DROPS, NEIGHBOURS, Wanted, content, objection
from trax.enhancement.values import Correction, Decision, Edit, Hints
from trax.enhancement.words import ARTICLES, DEFAULT, alike, is_filler, is_negation, letters, likeness, sound_of
from trax.transcript import Transcript

LEAST_LIMIT = 2  # words that may be put in, or left out: in an edit, and in a segment
LIMIT = 0.1  # of the words of a segment, where that is more
ALIKE = 0.5  # likeness from which on two spellings may be of one name
SOUNDS_ALIKE = 0.65
MISSPELT = 0.8  # likeness of a word and one that sounds the same
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
FILLERS_GO = "A filler is left out."
USUAL_SIGNS = frozenset("()&%+°")
NO_TEXT = frozenset("*\\_#@`|~^<>{}[]=\u2028\u2029")  # markup, and what programs read
ADDRESS = re.compile(r"[a-z]+://|\bwww\.|</?[a-z!]", re.IGNORECASE)

NUMBER = "It changes a number."
NEGATION = "It adds or drops a negation."
NAME = "It changes a name, and no hint knows the new one."
SIGNS = "It brings in signs that are no text."
ADDRESSED = "It brings in an address or markup."


@dataclass(frozen=True, slots=True)
class _Known:
    """What rules look at beside the edit."""

    words: tuple[str, ...]  # of the segment
    language: str
    terms: frozenset[str]  # single words of the hints
    phrases: str  # the hints' words in a row, each between spaces
    spelt: frozenset[str]  # words of the glossary with all their signs


Rule = Callable[[Edit, _Known], str | None]


def judged(
    edits: Sequence[Edit], transcript: Transcript, corrections: Sequence[Correction], hints: Hints
) -> tuple[dict[str, Decision], tuple[Edit, ...]]:
    """What rules alone decide, by the edit's ID, and the edits that the sound has to be asked about."""
    respelt = _respelt(edits)
    whole = {one.segment: objection(_wanted(transcript, one, respelt.get(one.segment, ()))) for one in corrections}
    terms, phrases = _said_by(hints)
    spelt = frozenset(_spelling(word) for term in hints.glossary for word in term.split() if letters(word))
    too_much = _too_much(edits, transcript)
    decided: dict[str, Decision] = {}
    asked: list[Edit] = []
    for edit in edits:
        words = tuple(word.text.strip() for word in transcript.segments[edit.segment].words)
        known = _Known(words, transcript.language, terms, phrases, spelt)
        reason = whole.get(edit.segment) or _refusal(edit, known) or too_much.get(edit.id)
        if reason is not None:
            decided[edit.id] = Decision(edit, False, reason, "rule")
        elif needs_audio(edit, transcript.language):
            asked.append(edit)
        else:
            decided[edit.id] = Decision(edit, True, HARMLESS.get(edit.kind, FILLERS_GO), "kind")
    return decided, tuple(asked)


def needs_audio(edit: Edit, language: str = DEFAULT) -> bool:
    """Whether it changes what was said, and not only how that is written."""
    return edit.kind not in HARMLESS and not _only_fillers(edit, language)


def _wanted(transcript: Transcript, correction: Correction, respelt: Sequence[tuple[str, str]]) -> Wanted:
    segments, number = transcript.segments, correction.segment
    near = range(max(0, number - NEIGHBOURS), min(len(segments), number + NEIGHBOURS + 1))
    around = tuple(segments[n].text for n in near if n != number)
    return Wanted(segments[number].text, correction.text, around, tuple(respelt))


def _respelt(edits: Sequence[Edit]) -> dict[int, list[tuple[str, str]]]:
    """What is only written otherwise, by segment."""
    found: dict[int, list[tuple[str, str]]] = {}
    for edit in edits:
        if edit.kind == "spelling":
            found.setdefault(edit.segment, []).append((edit.before, edit.after))
    return found


def _said_by(hints: Hints) -> tuple[frozenset[str], str]:
    texts = (hints.title, hints.channel, hints.description, *hints.glossary)
    rows = [[word for word in map(letters, re.split(r"[\s\-/]+", text)) if word] for text in texts]
    joined = [letters(text) for term in hints.glossary for text in term.split()]
    terms = frozenset(word for row in rows for word in row) | frozenset(joined)
    return terms, " ".join(f" {' '.join(row)} " for row in (*rows, joined))


def _refusal(edit: Edit, known: _Known) -> str | None:
    return next((reason for rule in _RULES if (reason := rule(edit, known)) is not None), None)


def _of_signs(edit: Edit, known: _Known) -> str | None:
    """Markup, emoji, notes, control signs: what is neither letters nor ordinary punctuation."""
    new = Counter(edit.after) - Counter(edit.before)
    strange = [sign for sign in new if _is_strange(sign)]
    if not strange:
        return None
    words = [word for word in edit.after.split() if any(sign in word for sign in strange)]
    is_term = all(_spelling(word) in known.spelt for word in words) and not set(strange) & set("*\\`|~^<>{}[]")
    return None if is_term else SIGNS


def _spelling(word: str) -> str:
    return word.casefold().strip(".,;:!?\"'()")


def _is_strange(sign: str) -> bool:
    if sign in NO_TEXT:
        return True
    category = unicodedata.category(sign)
    is_letter = category[0] in "LMN" or sign.isspace()
    return not (is_letter or sign in USUAL_SIGNS or category in ("Pd", "Pi", "Pf", "Po", "Sc"))


def _of_addresses(edit: Edit, _: _Known) -> str | None:
    return ADDRESSED if ADDRESS.search(edit.after) and not ADDRESS.search(edit.before) else None


def _of_numbers(edit: Edit, known: _Known) -> str | None:
    before, after = edit.before.split(), edit.after.split()
    if not changes_number(before, after, known.language) or _sounds_the_same(edit, known):
        return None
    return None if _is_supported(edit, known) else NUMBER


def _of_negations(edit: Edit, known: _Known) -> str | None:
    old, new = (sum(is_negation(word, known.language) for word in text.split()) for text in (edit.before, edit.after))
    return None if old == new or _sounds_the_same(edit, known) else NEGATION


def _sounds_the_same(edit: Edit, known: _Known) -> bool:
    """Whether one word became another of the same sound, so that no number or negation is lost or made up."""
    one, other = letters(edit.before), letters(edit.after)
    if known.language != "en" or len(content(edit.before)) != 1 or len(content(edit.after)) != 1:
        return False
    if any({one, other} <= row for row in HOMOPHONES):
        return True
    both_count = all(numbers_in(text.split()) for text in (edit.before, edit.after))
    return not both_count and likeness(one, other) >= MISSPELT and sound_of(one) == sound_of(other)


def _is_supported(edit: Edit, known: _Known) -> bool:
    """Whether the hints have these very words in this order."""
    words = content(edit.after)
    return bool(words) and f" {' '.join(words)} " in known.phrases


def _of_insertions(edit: Edit, known: _Known) -> str | None:
    return ADDS if len(content(edit.after)) - len(content(edit.before)) > _limit(known.words) else None


def _of_deletions(edit: Edit, known: _Known) -> str | None:
    dropped = len(content(edit.before)) - len(content(edit.after))
    if dropped <= _limit(known.words) or _only_fillers(edit, known.language) or _is_repeated(edit, known.words):
        return None
    return None if _is_one_word(edit) else DROPS


def _is_one_word(edit: Edit) -> bool:
    """Whether several words were heard in place of one that is like all of them: "sue per cali" and "supercali"."""
    after = content(edit.after)
    return len(after) == 1 and alike("".join(content(edit.before)), after[0]) >= SOUNDS_ALIKE


def _of_answers(edit: Edit, known: _Known) -> str | None:
    """Words after a question, at the end of the segment, that nobody said."""
    question, *rest = edit.after.rsplit("?", 1)
    is_last = edit.end == len(known.words)
    if edit.before:
        is_answer = bool(rest and content(rest[0])) and "?" not in edit.before
    else:
        is_answer = bool(known.words) and known.words[-1].rstrip("\"'”’)").endswith("?")
    return ANSWERS if is_last and is_answer and content(question) else None


def _of_names(edit: Edit, known: _Known) -> str | None:
    """Names change only where the hints know the new one, or where both are alike to the eye or the ear."""
    if edit.kind != "name":
        return None
    before, after = content(edit.before), content(edit.after)
    one, other = "".join(before), "".join(after)
    if after and (all(word in known.terms for word in after) or likeness(one, other) >= ALIKE):
        return None
    return None if after and alike(one, other) >= SOUNDS_ALIKE else NAME


_RULES: tuple[Rule, ...] = (
    _of_signs,
    _of_addresses,
    _of_answers,
    _of_numbers,
    _of_negations,
    _of_insertions,
    _of_deletions,
    _of_names,
)


def _limit(words: Sequence[object]) -> int:
    return max(LEAST_LIMIT, int(LIMIT * len(words)))


def _too_much(edits: Sequence[Edit], transcript: Transcript) -> Mapping[str, str]:
    """Edits that leave out, or put in, more than may be in one segment: each by itself would pass."""
    dropped: dict[int, list[Edit]] = {}
    added: dict[int, list[Edit]] = {}
    for edit in edits:
        words = [word.text for word in transcript.segments[edit.segment].words]
        if edit.kind == "deletion" and not (_only_fillers(edit, transcript.language) or _is_repeated(edit, words)):
            dropped.setdefault(edit.segment, []).append(edit)
        elif edit.kind == "insertion" and not ARTICLES.issuperset(content(edit.after)):
            added.setdefault(edit.segment, []).append(edit)
    return {
        edit.id: reason
        for several, reason in ((dropped, DROPS), (added, ADDS))
        for number, found in several.items()
        if sum(len(content(e.before or e.after)) for e in found) > _limit(transcript.segments[number].words)
        for edit in found
    }


def _only_fillers(edit: Edit, language: str) -> bool:
    """Whether nothing but "uh" and the like goes."""
    gone, come = Counter(content(edit.before)), Counter(content(edit.after))
    if come - gone:
        return False
    dropped = gone - come
    return bool(dropped) and all(is_filler(word, language) for word in dropped)


def _is_repeated(edit: Edit, words: Sequence[str]) -> bool:
    """Whether the same words stand right beside those that go."""
    gone = [letters(word) for word in words[edit.start : edit.end]]
    size = len(gone)
    before = [letters(word) for word in words[max(0, edit.start - size) : edit.start]]
    after = [letters(word) for word in words[edit.end : edit.end + size]]
    return not edit.after and gone in (before, after)
