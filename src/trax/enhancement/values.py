"""Corrections of a transcript as values: what a language model wants, what is made of it, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from trax.transcript import Transcript

Kind = Literal["punctuation", "case", "spelling", "word", "insertion", "deletion", "number", "name", "negation"]
By = Literal["rule", "audio", "kind", "person"]  # kind: harmless, so that nobody is asked


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known of a recording beside its sound."""

    title: str
    channel: str
    description: str
    glossary: tuple[str, ...]  # names and terms as they are spelt


@dataclass(frozen=True, slots=True)
class Correction:
    """What the language model wants a segment to read."""

    segment: int  # from 0
    text: str


@dataclass(frozen=True, slots=True)
class Edit:
    """The smallest change that makes sense by itself."""

    id: str  # such as s12e1
    segment: int
    start: int  # words of the original segment, half open
    end: int
    before: str
    after: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an edit is taken over, and why."""

    edit: Edit
    accepted: bool
    reason: str  # a short sentence
    by: By
    scores: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Enhanced:
    """A transcript with the accepted edits, and all that was decided."""

    transcript: Transcript
    decisions: tuple[Decision, ...]
    improvements: tuple[str, ...]  # sentences for people
