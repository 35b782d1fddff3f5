"""Recognition across files: is a voice known again where it is, and taken for nobody where it isn't?

Each clip of `speech/read` is a file of its own, from which Trax makes the embedding that it would keep. Trax's limits
come from other recordings, so that all readers are judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import numpy as np

from trax.diarization.likeness import POSSIBLE, SURE, Voice, matches

ENROLLED = 3  # clips of a reader that prints are made of; the others are to be recognised


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A voice of which it is known whose it is."""

    speaker: str
    clip: str
    voice: Voice


def recognition(clean: Sequence[Known], changed: Sequence[Known]) -> dict[str, Any]:
    """All figures: pairs of clips, and people with prints.

    changed: the same clips as another device has them.
    """
    across = [(one, other) for one in clean for other in changed if one.clip != other.clip]
    prints, rest = _divided(clean)
    names = {known.clip for known in rest}
    return {
        "pairs": {"same device": pairs(combinations(clean, 2)), "another device": pairs(iter(across))},
        "people": {
            "same device": people(prints, rest),
            "another device": people(prints, [known for known in changed if known.clip in names]),
        },
        "clips": len(clean),
        "readers": len({known.speaker for known in clean}),
    }


def pairs(of: Iterator[tuple[Known, Known]]) -> dict[str, Any]:
    """How alike clips of one reader and of two are, and what a limit makes of it."""
    same: list[float] = []
    different: list[float] = []
    for one, other in of:
        (same if one.speaker == other.speaker else different).append(float(one.voice @ other.voice))
    return {
        "same": _spread(same),
        "different": _spread(different),
        "limits": {
            f"{limit:.2f}": {
                "misses": sum(score < limit for score in same),
                "false_accepts": sum(score >= limit for score in different),
            }
            for limit in (POSSIBLE, SURE)
        },
    }


def people(prints: dict[UUID, list[Voice]], probes: Sequence[Known]) -> dict[str, dict[str, int]]:
    """What Trax says of each voice: once with the prints of all, once without the reader's own."""
    there, strangers = Counter[str](), Counter[str]()
    for known in probes:
        own = _id(known.speaker)
        there[_verdict(known, prints)] += 1
        strangers[_verdict(known, {person: voices for person, voices in prints.items() if person != own})] += 1
    return {"has prints": dict(sorted(there.items())), "is a stranger": dict(sorted(strangers.items()))}


def _verdict(known: Known, prints: dict[UUID, list[Voice]]) -> str:
    found = matches({"voice": known.voice}, prints)
    if not found:
        return "unknown"
    who = "right" if found[0].speaker_id == _id(known.speaker) else "wrong"
    return f"{'named' if found[0].is_sure else 'suggested'} {who}"


def _divided(clean: Sequence[Known]) -> tuple[dict[UUID, list[Voice]], list[Known]]:
    """Prints of the first clips of each reader, and the rest."""
    prints: dict[UUID, list[Voice]] = {}
    rest = []
    for known in sorted(clean, key=lambda one: one.clip):
        own = prints.setdefault(_id(known.speaker), [])
        if len(own) < ENROLLED:
            own.append(known.voice)
        else:
            rest.append(known)
    return prints, rest


def _id(speaker: str) -> UUID:
    return uuid5(NAMESPACE_OID, speaker)


def _spread(scores: Sequence[float]) -> dict[str, float]:
    if not scores:
        return {"pairs": 0}
    low, middle, high = np.quantile(scores, (0.01, 0.5, 0.99))
    figures = {"mean": np.mean(scores), "least": min(scores), "p1": low, "p50": middle, "p99": high}
    return {"pairs": len(scores)} | {name: round(float(n), 3) for name, n in (figures | {"most": max(scores)}).items()}
