"""The whole flow on one page: each pipeline version is a visible list of stages.

A stage takes a media file, and what the stage before it made of it, and returns values. It knows nothing of the
database, of jobs or of who waits for it; `jobs` runs the stages and commits what each returns as a row of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from pathlib import Path
from time import perf_counter
from typing import Any

from trax.audio import SAMPLE_RATE, Samples, Window
from trax.errors import LanguageUnsupported, ModelUnavailable, UsageError
from trax.media.decode import DecodeOptions, DecodeReport, Decoding, decode
from trax.settings import DEFAULT_MODEL
from trax.stopwatch import Stopwatch
from trax.storable import storable_json
from trax.timeline import Seconds
from trax.transcript import Segment, Transcript
from trax.transcription.confidence import estimate_accuracy
from trax.transcription.engines import MULTILINGUAL_FALLBACK, Engines
from trax.transcription.transcriber import LanguageGuess, Listening, TranscribeOptions, Transcriber, WindowResult
from trax.vad.regions import VadOptions
from trax.vad.silero import runtime
from trax.vad.windows import windows

LANGUAGE_WINDOWS = 3  # windows of speech from which the language is told
QUIET_DBFS = -60.0  # sound below this is hardly audible
WORDLESS = ("notes", "source", "workers", "threads_per_worker", "batch_size")  # of an engine's description
SURE_LANGUAGE = 0.5  # a guess below this doesn't overrule an English-only model


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for; two equal requests for the same bytes ask for the same transcript."""

    pipeline: str = "v1"
    model: str = DEFAULT_MODEL
    language: str | None = None  # None: detect
    compute_type: str = "auto"
    decode: DecodeOptions = field(default_factory=DecodeOptions)
    vad: VadOptions = field(default_factory=VadOptions)
    transcribe: TranscribeOptions = field(default_factory=TranscribeOptions)

    def as_json(self) -> dict[str, Any]:
        """All that shapes the transcript, as it is stored with each result."""
        document: dict[str, Any] = storable_json(asdict(self))
        del document["pipeline"]  # has a column of its own
        del document["decode"]["max_duration"]  # a limit refuses a file; it doesn't shape a transcript
        return document

    def is_answered_by(self, stored: dict[str, Any]) -> bool:
        """Whether a stored request asks for the same; an option that it doesn't know yet had its default."""
        return _filled(stored, Request().as_json()) == self.as_json()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is; `total` is None while it can't be known."""

    stage: str
    done: Seconds
    total: Seconds | None


class Hook:
    """What whoever waits is told; this one is told and keeps quiet."""

    def begin(self, source: Path) -> Hook:
        """A file is taken up, perhaps beside others; returns who is told of what happens to it."""
        return self

    def finish(self, source: Path) -> None:
        """A file is done with, one way or the other."""

    def progress(self, progress: Progress) -> None:
        """Called often."""

    def notice(self, text: str) -> None:
        """Something the user should know, such as an assumption that was made."""

    def check(self) -> None:
        """Called several times a second, from the thread that runs the stage; what it raises ends the stage at once."""


class Memory:
    """Windows that are not heard twice, whoever interrupts; this one remembers nothing."""

    def recall(self, engine: dict[str, Any]) -> Mapping[int, WindowResult]:
        """What an earlier attempt heard, by position from 0; `engine` is everything that shapes the words."""
        return {}

    def keep(self, position: int, result: WindowResult, engine_seconds: Seconds) -> None:
        """Called once for each window that was not recalled, with the time that the engine spent on it.

        A later window may come before an earlier one.
        """


@dataclass(frozen=True, slots=True)
class Material:
    """What a stage works on."""

    path: Path
    parent: Transcript | None = None  # what the stage before made of it
    memory: Memory = field(default_factory=Memory)


@dataclass(frozen=True, slots=True)
class Made:
    """What a stage made: a row of `transcription_results`, as yet without identity."""

    transcript: Transcript
    accuracy: float | None
    model_used: str
    model_config: dict[str, Any]
    decoding: DecodeReport | None = None  # of a stage that listened to the whole file
    profile: Mapping[str, Seconds] = field(default_factory=dict)  # seconds of work by stage, of all threads
    content: dict[str, Any] | None = None  # None: that of v1, made from the transcript
    speaker_info: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Tongue:
    """The language in force, the engine that understands it, and how we know."""

    guess: LanguageGuess
    engine: Transcriber
    how: str  # given, detected or assumed

    def as_json(self) -> dict[str, Any]:
        probability = self.guess.probability if self.how == "detected" else None
        return {"code": self.guess.language, "probability": probability, "how": self.how}


def transcribe(material: Material, request: Request, engines: Engines, hook: Hook) -> Made:
    """Stage v1: decode, find speech, tell the language, and transcribe window by window.

    Sound streams through: memory doesn't grow with the length of the file.
    """
    began, watch, others = perf_counter(), Stopwatch(), Stopwatch()  # the others: the engine's threads
    with watch.stage("load"):
        engine = engines.get(request.model, request.compute_type)
    for note in engine.description()["notes"]:  # such as a GPU that was found and doesn't work
        hook.notice(f"{request.model}: {note}.")
    with decode(material.path, request.decode) as decoding:
        found = watch.each("vad", windows(watch.each("decode", _watched(decoding, hook)), request.vad))
        first = list(islice(found, LANGUAGE_WINDOWS))
        with watch.stage("language"):
            tongue = choose_language(first, request, engine, engines, hook)
        listening = _listening(material.memory, _identity(request, tongue), hook, watch, others)
        heard: list[Segment] = []
        for result in tongue.engine.transcribe(
            chain(first, found), tongue.guess.language, request.transcribe, listening
        ):
            heard.extend(result.segments)
            hook.progress(Progress("transcribe", result.end, decoding.info.duration))
        report = decoding.report
    hook.progress(Progress("transcribe", report.duration, report.duration))
    for remark in remarks(report, heard):
        hook.notice(remark)
    watch.add({"wait": perf_counter() - began - sum(watch.seconds.values())})
    watch.add(others.seconds)
    transcript = _transcript(heard, tongue, report)
    return Made(
        transcript=transcript,
        accuracy=estimate_accuracy(transcript),
        model_used=str(tongue.engine.description()["model"])[:100],
        model_config=_model_config(request, tongue),
        decoding=report,
        profile=watch.seconds,
    )


def _listening(memory: Memory, identity: dict[str, Any], hook: Hook, watch: Stopwatch, others: Stopwatch) -> Listening:
    """What the engine is told; who remembers, and how long that takes, is no concern of its."""

    def heard(position: int, result: WindowResult, seconds: Mapping[str, Seconds]) -> None:
        others.add(seconds)
        with watch.stage("store"):
            memory.keep(position, result, sum(seconds.values()))

    with watch.stage("store"):
        known = memory.recall(identity)
    return Listening(known, hook.check, heard)


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a pipeline."""

    makes: str  # `pipeline_version` of the row that it leads to
    run: Callable[[Material, Request, Engines, Hook], Made]


TRANSCRIBE = Stage("v1", transcribe)

PIPELINES: dict[str, tuple[Stage, ...]] = {
    "v1": (TRANSCRIBE,),
}


def stages_of(pipeline: str) -> tuple[Stage, ...]:
    """The stages of a pipeline, in order; each commits a result of its own, the child of the one before.

    Raises: UsageError: there is no such pipeline.
    """
    if pipeline not in PIPELINES:
        raise UsageError(f"There is no pipeline {pipeline!r} in this version.", f"Choose from: {', '.join(PIPELINES)}.")
    return PIPELINES[pipeline]


def choose_language(first: list[Window], request: Request, engine: Transcriber, engines: Engines, hook: Hook) -> Tongue:
    """The language of the speech and an engine that knows it; an English-only engine never gets another one.

    Raises: LanguageUnsupported: the model doesn't know the language, and no other model is to be had.
    """
    if request.language is not None:
        if engine.english_only and request.language != "en":
            raise LanguageUnsupported(
                f"Model {request.model} knows only English, not {request.language!r}.",
                f"Choose a multilingual model, such as --model {MULTILINGUAL_FALLBACK}.",
            )
        return Tongue(LanguageGuess(request.language, 1.0), engine, "given")
    if not first:
        return Tongue(LanguageGuess("en", 0.0), engine, "assumed")
    if not engine.english_only:
        return Tongue(engine.detect_language(first, hook.check), engine, "detected")
    return _check_english(first, request, engine, engines, hook)


def _check_english(first: list[Window], request: Request, engine: Transcriber, engines: Engines, hook: Hook) -> Tongue:
    # Whoever names a `.en` model has said English; fetching a second model to doubt it would be presumptuous.
    detector = engines.detector(may_download=not request.model.endswith(".en"))
    if detector is None:
        hook.notice(
            f"The language was not checked, but taken as English, the only one that {request.model} knows. "
            "`trax models download tiny` brings a model that can tell."
        )
        return Tongue(LanguageGuess("en", 0.0), engine, "assumed")
    guess = detector.detect_language(first, hook.check)
    if guess.language == "en":
        return Tongue(guess, engine, "detected")
    if guess.probability < SURE_LANGUAGE:
        hook.notice(
            f"The language is uncertain (perhaps {guess.language!r}, {guess.probability:.0%}). Taken as English, the "
            f"only language of {request.model}; name it with --language, or choose a multilingual model."
        )
        return Tongue(LanguageGuess("en", 0.0), engine, "assumed")
    return Tongue(guess, _multilingual(guess, request, engines, hook), "detected")


def _multilingual(guess: LanguageGuess, request: Request, engines: Engines, hook: Hook) -> Transcriber:
    sounds = f"This sounds like {guess.language!r} ({guess.probability:.0%}), and {request.model} knows only English"
    try:
        engine = engines.get(MULTILINGUAL_FALLBACK, request.compute_type)
    except ModelUnavailable as error:
        raise LanguageUnsupported(
            f"{sounds}; the multilingual {MULTILINGUAL_FALLBACK} is not on this machine.",
            f"Run `trax models download {MULTILINGUAL_FALLBACK}`, name another multilingual model with --model, "
            "or insist with --language en.",
        ) from error
    hook.notice(f"{sounds}: transcribed with {MULTILINGUAL_FALLBACK} instead.")
    return engine


def _watched(decoding: Decoding, hook: Hook) -> Iterator[Samples]:
    done = 0
    for block in decoding:
        hook.check()
        done += len(block)
        hook.progress(Progress("decode", done / SAMPLE_RATE, decoding.info.duration))
        yield block


def remarks(report: DecodeReport, heard: list[Segment]) -> Iterator[str]:
    """What the user should know of the sound: damage, and silence where words were expected."""
    damage = []
    if report.truncated:
        declared = report.declared_duration
        whole = "early" if declared is None else f"after {report.duration:.0f} of the {declared:.0f} s that it declares"
        damage.append(f"it ends {whole}")
    if report.decode_errors:
        damage.append(f"{report.decode_errors} damaged packets were passed over")
    if report.gaps:
        damage.append(f"{report.gap_seconds:.1f} s are missing and count as silence")
    if damage:
        yield f"The file seems damaged: {', '.join(damage)}."
    if not heard:
        quiet = report.rms_dbfs is None or report.rms_dbfs < QUIET_DBFS
        yield "No speech was found: the recording is silent." if quiet else "No speech was found."


def _transcript(heard: list[Segment], tongue: Tongue, report: DecodeReport) -> Transcript:
    probability = tongue.guess.probability if tongue.how == "detected" else None
    return Transcript(tongue.guess.language, report.duration, tuple(heard), probability)


def _identity(request: Request, tongue: Tongue) -> dict[str, Any]:
    """Everything that shapes the words of a window: where one of these differs, no window is taken over.

    How many threads and batches share the work changes no word, time or probability (measured: benchmarks/README.md),
    so that another machine can go on.
    """
    engine = {name: fact for name, fact in tongue.engine.description().items() if name not in WORDLESS}
    heard_by = {"vad": runtime(), "language": tongue.guess.language}
    return {**engine, **heard_by, "stage": "v1", "request": request.as_json()}


def _model_config(request: Request, tongue: Tongue) -> dict[str, Any]:
    return {
        **tongue.engine.description(),
        "vad": runtime(),
        "language": tongue.as_json(),
        "temperature": request.transcribe.temperatures[0],
        "response_format": "verbose_json",
        "request": request.as_json(),
    }


def _filled(document: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """The document with the defaults of what it lacks."""
    filled = defaults | document
    for name, default in defaults.items():
        if isinstance(default, dict) and isinstance(filled[name], dict):
            filled[name] = _filled(filled[name], default)
    return filled
