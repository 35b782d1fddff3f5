"""What the decisions of `benchmarks.enhance` come to: shares, aims that are missed, and tables in Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from benchmarks.enhance_cases import MISHEARD
from benchmarks.scoring import Errors, total
from benchmarks.speed_record import facts_of_machine
from trax.enhancement.budget import PRICES
from trax.timeline import Seconds

LEAST_GOOD, LEAST_BAD = 0.90, 0.95  # shares of good edits accepted, and of bad ones refused
TEXTS = ("as Trax heard it", "with the errors put in", "corrected by Trax", "all edits taken over")
PRICED = "deepseek-chat"

Verdict = Literal["good", "bad", "neither"]


@dataclass(frozen=True, slots=True)
class Judged:
    """One edit, and what became of it."""

    source: str
    utterance: str
    error: str  # kind of error or of harm
    is_runaway: bool  # of an answer that is no correction
    kind: str  # of the edit
    before: str
    after: str
    verdict: Verdict
    accepted: bool
    by: str
    reason: str
    scores: dict[str, float] = field(default_factory=dict)

    @property
    def is_right(self) -> bool:
        return self.accepted == (self.verdict == "good")


@dataclass(slots=True)
class Record:
    """Everything that was measured."""

    machine: dict[str, Any] = field(default_factory=facts_of_machine)
    judged: list[Judged] = field(default_factory=list)
    texts: list[Errors] = field(default_factory=list)  # in the order of TEXTS
    sent: int = 0  # tokens
    received: int = 0
    seconds: Seconds = 0.0  # of speech that was corrected

    def add_texts(self, found: Sequence[Errors]) -> None:
        """Word errors of one utterance, in the order of TEXTS."""
        self.texts = [total(pair) for pair in zip(self.texts, found, strict=True)] if self.texts else list(found)

    def save(self, path: Path) -> None:
        path.parent.mkdir(exist_ok=True)
        document = asdict(self)
        document["judged"] = [asdict(one) for one in self.judged if one.verdict != "neither"]
        lines = [json.dumps(one, ensure_ascii=False) for one in document.pop("judged")]
        head = json.dumps(document, indent=1, ensure_ascii=False).removesuffix("\n}")
        path.write_text(head + ',\n "judged": [\n' + ",\n".join(lines) + "\n]}\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Record:
        """What was saved there; nothing if there is no such file."""
        if not path.exists():
            return cls()
        document = json.loads(path.read_text(encoding="utf-8"))
        judged = [Judged(**one) for one in document.pop("judged")]
        texts = [Errors(**one) for one in document.pop("texts")]
        return cls(judged=judged, texts=texts, **document)


def broken_aims(record: Record) -> list[str]:
    """Each aim that is missed, in words."""
    return list(_broken(record))


def share(judged: Sequence[Judged], verdict: Verdict) -> float | None:
    """Of the edits that are so, those that were decided rightly; None: there is none."""
    found = [one for one in judged if one.verdict == verdict]
    return sum(one.is_right for one in found) / len(found) if found else None


def single(record: Record) -> list[Judged]:
    """Edits of answers that correct: those of the others are told by rules, and would flatter the shares."""
    return [one for one in record.judged if not one.is_runaway]


def injected(record: Record) -> list[Judged]:
    """Edits of errors that were put in: of its own, the recogniser that is asked thinks as it thought before."""
    return [one for one in single(record) if one.error != MISHEARD]


def markdown(record: Record) -> str:
    """The tables of the README."""
    return "\n\n".join("\n".join(lines) for lines in (_sums(record), _errors(record), _texts(record), _costs(record)))


def _broken(record: Record) -> Iterator[str]:
    for name, judged in (("edits", injected(record)), ("edits by the sound", _by_sound(injected(record)))):
        good, bad = share(judged, "good"), share(judged, "bad")
        if good is not None and good < LEAST_GOOD:
            yield f"{100 * good:.1f} % of the good {name} are accepted, not {100 * LEAST_GOOD:.0f} %"
        if bad is not None and bad < LEAST_BAD:
            yield f"{100 * bad:.1f} % of the bad {name} are refused, not {100 * LEAST_BAD:.0f} %"


def _by_sound(judged: Sequence[Judged]) -> list[Judged]:
    return [one for one in judged if one.by == "audio"]


def _sums(record: Record) -> Iterator[str]:
    yield "| | good edits | accepted % | bad edits | refused % |"
    yield "|---|---|---|---|---|"
    yield _row("**all corrections**", single(record))
    yield _row("those that the sound decided", _by_sound(single(record)))
    yield _row("**of errors that were put in**", injected(record))
    yield _row("those that the sound decided", _by_sound(injected(record)))
    for source in dict.fromkeys(one.source for one in record.judged):
        yield _row(source, [one for one in single(record) if one.source == source])
    yield _row("answers that are no corrections", [one for one in record.judged if one.is_runaway])


def _errors(record: Record) -> Iterator[str]:
    yield "| error or harm | good edits | accepted % | bad edits | refused % |"
    yield "|---|---|---|---|---|"
    kinds = dict.fromkeys(one.error for one in sorted(record.judged, key=lambda one: (one.is_runaway, one.error)))
    for kind in kinds:
        yield _row(kind, [one for one in record.judged if one.error == kind])


def _row(name: str, judged: Sequence[Judged]) -> str:
    cells = [name]
    for verdict in ("good", "bad"):
        found = share(judged, verdict)
        cells.append(str(sum(one.verdict == verdict for one in judged)))
        cells.append("-" if found is None else f"{100 * found:.1f}")
    return f"| {' | '.join(cells)} |"


def _texts(record: Record) -> Iterator[str]:
    yield "| text | WER % |"
    yield "|---|---|"
    for name, found in zip(TEXTS, record.texts, strict=False):
        yield f"| {name} | {100 * found.wer:.2f} |"


def _costs(record: Record) -> Iterator[str]:
    if record.seconds:
        hours = record.seconds / 3600
        sent, received = record.sent / hours, record.received / hours
        cost = PRICES[PRICED].cost(round(sent), 0, round(received))
        yield (
            f"{sent:,.0f} tokens sent and {received:,.0f} back for an hour of speech, as the recogniser's tokenizer "
            f"counts them: {cost:.3f} US dollars with {PRICED}, nothing of it cached."
        )
