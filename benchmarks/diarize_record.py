"""What `benchmarks.diarize` has measured, as it is kept in `results/diarize.json`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.diarize_dialogues import Dialogue, Spoken
from benchmarks.diarize_phrases import token
from benchmarks.speed_record import facts_of_machine
from benchmarks.watch import Watched
from trax.diarization.der import der
from trax.diarization.spans import spans
from trax.timeline import Seconds
from trax.transcript import Transcript, Word
from trax.turns import Diarization

COLLAR: Seconds = 0.25  # that isn't scored on each side of a border, as older papers have it


@dataclass(frozen=True, slots=True)
class Talk:
    """What is to be known of a dialogue."""

    name: str
    fingerprint: str  # of its sound and truth
    seconds: Seconds
    speakers: int
    overlap: float  # share of the speech during which two speak
    is_real: bool


@dataclass(frozen=True, slots=True)
class Run:
    """One system on one dialogue."""

    talk: str
    system: str
    wall: Seconds
    cpu: Seconds
    peak_mb: float
    speakers: int  # that were found
    missed: Seconds
    false_alarm: Seconds
    confusion: Seconds
    speech: Seconds  # in the reference
    rate_with_collar: float
    words_right: int | None = None  # of words that were heard right, those that have the right speaker
    words_judged: int | None = None
    words_spoken: int | None = None
    profile: dict[str, Seconds] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return (self.missed + self.false_alarm + self.confusion) / self.speech


@dataclass(slots=True)
class Record:
    """Everything that was measured, on one state of Trax and one machine."""

    machine: dict[str, Any] = field(default_factory=facts_of_machine)
    talks: dict[str, Talk] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    recognition: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Record:
        """What was saved there; nothing if there is no such file."""
        if not path.exists():
            return cls()
        document = json.loads(path.read_text())
        talks = {one["name"]: Talk(**one) for one in document["talks"]}
        runs = [Run(**run) for run in document["runs"]]
        return cls(document["machine"], talks, runs, document["recognition"])

    def save(self, path: Path) -> None:
        path.parent.mkdir(exist_ok=True)
        document = asdict(self) | {"talks": [asdict(talk) for talk in self.talks.values()]}
        part = path.with_suffix(".part")
        part.write_text(json.dumps(document, indent=1) + "\n")
        part.replace(path)

    def begin(self, talk: Talk) -> None:
        """What was measured of another dialogue of that name no longer counts."""
        if self.talks.get(talk.name) != talk:
            self.talks[talk.name] = talk
            self.runs = [run for run in self.runs if run.talk != talk.name]

    def of(self, talk: str, system: str) -> Run | None:
        return next((run for run in self.runs if (run.talk, run.system) == (talk, system)), None)

    def by(self, system: str) -> list[Run]:
        return [run for run in self.runs if run.system == system]


def resumed(path: Path) -> Record:
    """What was measured with the same Trax on the same machine; nothing else is to be mixed with new runs."""
    known, new = Record.load(path), Record()
    return known if _same(known.machine) == _same(new.machine) else new


def talk_of(dialogue: Dialogue) -> Talk:
    found = spans(dialogue.turns)
    seconds = sum(span.end - span.start for span in found)
    together = sum(span.end - span.start for span in found if len(span.speakers) > 1)
    digest = hashlib.sha256(dialogue.path.read_bytes())
    digest.update(repr((dialogue.turns, dialogue.words)).encode())
    return Talk(
        name=dialogue.name,
        fingerprint=digest.hexdigest()[:16],
        seconds=round(dialogue.seconds, 2),
        speakers=dialogue.speakers,
        overlap=round(together / seconds, 4),
        is_real=dialogue.is_real,
    )


def run_of(dialogue: Dialogue, system: str, watched: Watched, found: Diarization, transcript: Transcript | None) -> Run:
    """The run, judged by what the dialogue says of itself."""
    from trax.diarization.assign import assign

    error = der(dialogue.turns, found.turns)
    right = judged = None
    if transcript is not None:
        right, judged = words_right(dialogue.words, assign(transcript, found).words, error.mapping)
    return Run(
        talk=dialogue.name,
        system=system,
        wall=round(watched.wall, 2),
        cpu=round(watched.cpu, 2),
        peak_mb=round(watched.peak_mb),
        speakers=len({turn.speaker for turn in found.turns}),
        missed=round(error.missed, 3),
        false_alarm=round(error.false_alarm, 3),
        confusion=round(error.confusion, 3),
        speech=round(error.total, 3),
        rate_with_collar=round(der(dialogue.turns, found.turns, COLLAR).rate, 5),
        words_right=right,
        words_judged=judged,
        words_spoken=None if transcript is None else len(dialogue.words),
        profile=dict(found.profile),
    )


def words_right(spoken: Sequence[Spoken], heard: Iterable[Word], names: dict[str, str]) -> tuple[int, int]:
    """How many words have the right speaker, of how many that were heard right.

    names: the true speaker of each label; a label without one is wrong everywhere.
    """
    import jiwer

    true = [(token(word), speaker) for word, speaker in spoken if token(word)]
    made = [(token(word.text), word.speaker) for word in heard if token(word.text)]
    if not true or not made:
        return 0, 0
    lines = [" ".join(word for word, _ in words) for words in (true, made)]
    right = judged = 0
    for chunk in jiwer.process_words(lines[0], lines[1]).alignments[0]:
        if chunk.type != "equal":
            continue
        for step in range(chunk.ref_end_idx - chunk.ref_start_idx):
            judged += 1
            label = made[chunk.hyp_start_idx + step][1]
            right += label is not None and names.get(label) == true[chunk.ref_start_idx + step][1]
    return right, judged


def _same(machine: dict[str, Any]) -> dict[str, Any]:
    return {name: fact for name, fact in machine.items() if name != "measured"}
