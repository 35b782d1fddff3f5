"""The content of a v2 result: the contract's keys, and beside them every edit with its decision; and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from trax.enhancement.apply import applied
from trax.enhancement.sentences import improvements
from trax.enhancement.values import Decision, Edit, Enhanced
from trax.errors import UsageError
from trax.storable import storable_json
from trax.timeline import Seconds
from trax.transcript import Transcript

BY_PERSON = "Taken back by a person."


def enhanced_from(transcript: Transcript, decisions: Sequence[Decision], glossary: Sequence[str] = ()) -> Enhanced:
    """What comes of these decisions about a transcript; each of its segments has words."""
    ordered = tuple(sorted(decisions, key=lambda d: (d.edit.segment, d.edit.start, d.edit.end)))
    return Enhanced(applied(transcript, ordered), ordered, improvements(transcript, ordered, glossary))


def content_of(original: Transcript, enhanced: Enhanced, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """`content` of a v2 result; `metadata`: model, processing_time_ms, tokens, cost and what else is to be known."""
    accepted = sum(decision.accepted for decision in enhanced.decisions)
    counts = {"accepted": accepted, "refused": len(enhanced.decisions) - accepted}
    confidence = enhanced.transcript.confidence or None  # 0: nobody has measured one
    document: dict[str, Any] = storable_json(
        {
            "original_text": original.text,
            "enhanced_text": enhanced.transcript.text,
            "improvements": list(enhanced.improvements),
            "enhancement_metadata": {
                "confidence": None if confidence is None else round(confidence, 4),
                **counts,
                **metadata,
            },
            "edits": [_stored(decision) for decision in enhanced.decisions],
        }
    )
    return document


def decisions_of(content: Mapping[str, Any]) -> tuple[Decision, ...]:
    """All decisions that a stored content holds; none of one that was not corrected."""
    return tuple(_read(document) for document in content.get("edits") or ())


def without(decisions: Sequence[Decision], edit_id: str) -> tuple[Decision, ...]:
    """The decisions, and that edit is not in force.

    Raises: UsageError: there is no such edit, or it isn't in force.
    """
    found = next((decision for decision in decisions if decision.edit.id == edit_id), None)
    if found is None or not found.accepted:
        what = "is not in force" if found is not None else "is none of its edits"
        raise UsageError(f"{edit_id!r} {what}.", "`trax diff ID` lists the edits that were accepted.")
    taken = replace(found, accepted=False, reason=BY_PERSON, by="person")
    return tuple(taken if decision is found else decision for decision in decisions)


def moment_of(transcript: Transcript, edit: Edit) -> Seconds:
    """Where the edit begins, in the transcript that it was made for."""
    segment = transcript.segments[edit.segment]
    return segment.words[edit.start].start if edit.start < len(segment.words) else segment.start


def _stored(decision: Decision) -> dict[str, Any]:
    edit = asdict(decision.edit)
    scores = None if decision.scores is None else {name: round(score, 4) for name, score in decision.scores.items()}
    told = {"accepted": decision.accepted, "by": decision.by, "reason": decision.reason}
    return {**edit, **told, "scores": scores}


def _read(document: Mapping[str, Any]) -> Decision:
    names = ("id", "segment", "start", "end", "before", "after", "kind")
    edit = Edit(**{name: document[name] for name in names})
    return Decision(edit, document["accepted"], document["reason"], document["by"], document.get("scores"))
