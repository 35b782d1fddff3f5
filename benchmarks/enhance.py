"""Does the sound tell good corrections from bad ones? On speech with known errors, and a language model that does harm.

    python -m benchmarks.enhance [--quick] [--tune] [--report] [--details FILE]

Trax transcribes with tiny.en; known errors are put into its text; a stand-in for a language model mends them and the
recogniser's own, makes the text worse elsewhere, and in a second round answers with what is no correction at all. The
stage itself decides, with the same model as the judge. An edit is good where the text, with that edit alone, has fewer
word errors beside the reference, and bad where it has more. `--tune` takes the readers whom the thresholds were tuned
on. Exit code 1 where an aim is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from benchmarks.enhance_cases import Case, kind_at, mixed, runaway
from benchmarks.enhance_errors import Vocabulary
from benchmarks.enhance_llm import NAME, Adversary
from benchmarks.enhance_report import Judged, Record, Verdict, broken_aims, markdown
from benchmarks.recordings import DATA
from benchmarks.scoring import Errors, errors
from benchmarks.systems import MODEL
from trax.enhancement.apply import applied
from trax.enhancement.chunks import chunks_of
from trax.enhancement.content import decisions_of
from trax.enhancement.prompts import messages_for
from trax.enhancement.values import Decision, Hints
from trax.enhancement.words import letters
from trax.flow import EnhanceOptions, Hook, Made, Material, Request
from trax.media.decode import DecodeOptions
from trax.stages.enhance import enhance
from trax.stages.transcribe import transcribe
from trax.timeline import Seconds
from trax.transcript import Segment, Transcript
from trax.transcription.engines import EngineOptions, Engines

RESULTS = Path(__file__).parent / "results" / "enhance.json"
MOST_TERMS = 30
LONG_FILE = "ls_35min_2spk"


@dataclass(frozen=True, slots=True)
class Utterance:
    """A stretch of sound with its words."""

    name: str
    source: str  # of the recordings: read, longform, dialogue
    speaker: str
    path: Path
    text: str
    start: Seconds = 0.0
    end: Seconds | None = None

    def request(self, glossary: Sequence[str] = ()) -> Request:
        decode = DecodeOptions(start=self.start, end=self.end)
        options = EnhanceOptions(model=NAME, glossary=tuple(glossary))
        return Request(model=MODEL, language="en", decode=decode, enhance=options)


def utterances(*, held: bool) -> list[Utterance]:
    """Of every second reader; those of dialogue are all held out."""
    found = [*_read(), *_longform()]
    readers = sorted({one.speaker for one in found})[1 if held else 0 :: 2]
    chosen = {one.name: one for one in found if one.speaker in readers}  # some are in both
    return [*chosen.values(), *(_dialogue() if held else ())]


def glossary(everything: Sequence[Utterance], speaker: str) -> tuple[str, ...]:
    """What a user might list: words that come again in what this reader reads, and that no other reader reads."""
    own = Counter(word for one in everything if one.speaker == speaker for word in one.text.split())
    others = {word for one in everything if one.speaker != speaker for word in one.text.split()}
    terms = [word.title() for word, count in own.most_common() if count >= 2 and len(word) >= 3 and word not in others]
    return tuple(terms[:MOST_TERMS])


def main() -> int:
    options = _options()
    path = _results(options)
    if options.report:
        print(markdown(Record.load(path)))
        return 0
    began = time.perf_counter()
    chosen = utterances(held=not options.tune)[:: 12 if options.quick else 1]
    everything = utterances(held=False) + utterances(held=True)
    words = tuple(sorted({letters(word) for one in everything for word in one.text.split()} - {""}))
    record = Record()
    with tempfile.TemporaryDirectory(prefix="trax-enhance-") as folder:
        bench = Bench.open(Path(folder))
        for number, utterance in enumerate(chosen):
            bench.measure(utterance, number, Vocabulary(words, glossary(everything, utterance.speaker)), record)
            if number % 10 == 9:
                _say(f"{number + 1} of {len(chosen)}")
        bench.measure_cost(record)
    record.save(path)
    if options.details is not None:
        options.details.write_text("\n".join(json.dumps(asdict(judged)) for judged in record.judged))
    print(markdown(record))
    missed = broken_aims(record) if path == RESULTS else []
    print("\n" + "\n".join(missed or ["No aim is missed." if path == RESULTS else "Only a full run is judged."]))
    _say(f"{(time.perf_counter() - began) / 60:.1f} min")
    return 1 if missed else 0


class Bench:
    """The recogniser, which is the judge, too."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._corrected: list[Case] = []
        self._tokenizer = engines.get(MODEL)._engine.hf_tokenizer  # type: ignore[attr-defined]

    @classmethod
    def open(cls, folder: Path) -> Bench:
        return cls(Engines(EngineOptions(folder, offline=True, cache_folder=folder / "cache"), lambda _: None))

    def measure(self, utterance: Utterance, number: int, known: Vocabulary, record: Record) -> None:
        """Both rounds on one utterance."""
        heard = transcribe(Material(utterance.path), utterance.request(), self._engines, Hook())
        random = Random(zlib.crc32(utterance.name.encode()))
        case = mixed(heard.transcript, utterance.text, known, random)
        if not case.transcript.segments:
            return
        self._round(utterance, heard, case, known.terms, record)
        other = runaway(case, number, random)
        if other is not None:
            self._round(utterance, heard, other, known.terms, record)

    def _round(self, utterance: Utterance, heard: Made, case: Case, terms: Sequence[str], record: Record) -> None:
        llm = Adversary(case.answers, self._count)
        self._engines.open_llm = lambda _: llm
        self._engines._llms.clear()
        parent = Made(case.transcript, None, heard.model_used, heard.model_config)
        hints = Hints(utterance.name, "", "", ())
        made = enhance(Material(utterance.path, parent, hints=hints), utterance.request(terms), self._engines, Hook())
        assert made.content is not None, "a v2 has content of its own"
        decisions = decisions_of(made.content)
        before = errors(utterance.text, case.transcript.text)
        record.judged += [_judged(utterance, case, decision, before) for decision in decisions]
        if not case.kind:
            everything = applied(case.transcript, [_accepted(decision) for decision in decisions])
            texts = (heard.transcript.text, case.transcript.text, made.transcript.text, everything.text)
            record.add_texts([errors(utterance.text, text) for text in texts])
            self._corrected.append(case)

    def measure_cost(self, record: Record) -> None:
        """What a language model reads and writes, were all of it one recording: clips would need a prompt each."""
        segments: list[Segment] = []
        answers: dict[int, str] = {}
        for case in self._corrected:
            answers |= {len(segments) + number: text for number, text in case.answers.items()}
            segments += case.transcript.segments
            record.seconds += case.transcript.segments[-1].end - case.transcript.segments[0].start
        llm = Adversary(answers, self._count)
        for chunk in chunks_of(Transcript("en", record.seconds, tuple(segments))):
            llm.complete(messages_for(chunk, Hints("All readers", "LibriSpeech", "", ()), "en"))
        record.sent, record.received = llm.sent, llm.received

    def _count(self, text: str) -> int:
        return len(self._tokenizer.encode(text).ids)


def _judged(utterance: Utterance, case: Case, decision: Decision, before: Errors) -> Judged:
    edit = decision.edit
    with_it = errors(utterance.text, applied(case.transcript, [_accepted(decision)]).text)
    gained = _wrong(before) - _wrong(with_it)
    verdict: Verdict = "good" if gained > 0 else "bad" if gained < 0 else "neither"
    return Judged(
        utterance.source,
        utterance.name,
        kind_at(case, edit.segment, edit.start, edit.end),
        bool(case.kind),
        edit.kind,
        edit.before,
        edit.after,
        verdict,
        decision.accepted,
        decision.by,
        decision.reason,
        dict(decision.scores or {}),
    )


def _wrong(found: Errors) -> int:
    return found.substituted + found.deleted + found.inserted


def _accepted(decision: Decision) -> Decision:
    return Decision(decision.edit, True, "", "person")


def _read() -> Iterator[Utterance]:
    folder = DATA / "speech" / "read"
    for entry in map(json.loads, (folder / "manifest.jsonl").read_text().splitlines()):
        name = entry["file"].removesuffix(".flac")
        yield Utterance(name, "read", entry["speaker"], folder / entry["file"], entry["text"])


def _longform() -> Iterator[Utterance]:
    folder = DATA / "speech" / "longform"
    for entry in map(json.loads, (folder / f"{LONG_FILE}.segments.jsonl").read_text().splitlines()):
        place = folder / f"{LONG_FILE}.mp3", entry["text"], entry["start"], entry["end"]
        yield Utterance(entry["id"], "longform", entry["speaker"], *place)


def _dialogue() -> list[Utterance]:
    """The phone call, in one."""
    folder = DATA / "speech" / "dialogue"
    lines = (folder / "sample.stm").read_text().splitlines()
    text = " ".join(line.split(maxsplit=5)[5] for line in lines)
    return [Utterance("phone call", "dialogue", "both", folder / "sample.wav", text, 6.0)]


def _results(options: argparse.Namespace) -> Path:
    """What isn't judged is kept apart."""
    kind = "-".join(name for name in ("quick", "tune") if getattr(options, name))
    return Path(tempfile.gettempdir()) / f"trax-enhance-{kind}.json" if kind else RESULTS


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.enhance")
    parser.add_argument("--quick", action="store_true", help="every 12th utterance; kept apart, and nothing is judged")
    parser.add_argument("--tune", action="store_true", help="the other readers; kept apart, and nothing is judged")
    parser.add_argument("--report", action="store_true", help="print the tables of what was measured before")
    parser.add_argument("--details", type=Path, help="write every edit there, one JSON object a line")
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
