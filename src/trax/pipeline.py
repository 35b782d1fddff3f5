"""The whole flow on one page: each pipeline version is a visible list of stages.

A stage takes a media file, and what the stage before it made of it, and returns values. It knows nothing of the
database, of jobs or of who waits for it; `jobs` runs the stages and commits what each returns as a row of its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from time import perf_counter
from typing import Any

from trax.audio import SAMPLE_RATE, Samples, Window
from trax.errors import LanguageUnsupported, ModelUnavailable, UsageError
from trax.media.channels import Channels, combined, repeated, speaker_info, speakers_of, split_count
from trax.media.decode import DecodeOptions, DecodeReport, Decoding, decode
from trax.media.probe import MediaInfo
from trax.media.remarks import remarks
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
WORDLESS = ("notes", "source", "workers", "threads_per_worker", "batch_size")  # of an engine's description
LATER_OPTIONS = {"start": 0.0, "end": None, "channels": "mix"}  # documents of before there were these stay the same
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
    channels: Channels = "mix"  # split: each channel is a speaker and heard by itself

    def __post_init__(self) -> None:
        if self.channels not in ("mix", "split"):
            raise UsageError(f"Channels can't be heard as {self.channels!r}.", "Choose mix or split.")
        if self.channels == "split" and self.decode.channel is not None:
            raise UsageError("One channel alone can't be split.", "Leave out --channel or --channels split.")

    def as_json(self) -> dict[str, Any]:
        """All that shapes the transcript, as it is stored with each result."""
        document: dict[str, Any] = storable_json(asdict(self))
        del document["pipeline"]  # has a column of its own
        del document["decode"]["max_duration"]  # a limit refuses a file; it doesn't shape a transcript
        for options in (document, document["decode"]):
            for name, default in LATER_OPTIONS.items():
                if name in options and options[name] == default:
                    del options[name]
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
    sound = _Sound(material.path, request, hook, watch)
    with closing(sound.windows()) as found:
        first = list(islice(found, LANGUAGE_WINDOWS))
        with watch.stage("language"):
            tongue = choose_language(first, request, engine, engines, hook)
        listening = _listening(material.memory, _identity(request, tongue), hook, watch, others)
        for result in tongue.engine.transcribe(
            chain(first, found), tongue.guess.language, request.transcribe, listening
        ):
            sound.heard(result)
    report, heard = sound.report, sound.segments()
    hook.progress(Progress("transcribe", report.duration, report.duration))
    for remark in remarks(report, is_speech=bool(heard)):
        hook.notice(remark)
    watch.add({"wait": perf_counter() - began - sum(watch.seconds.values())})
    watch.add(others.seconds)
    transcript = _transcript(heard, tongue, report)
    return Made(
        transcript=transcript,
        accuracy=estimate_accuracy(transcript),
        model_used=str(tongue.engine.description()["model"])[:100],
        model_config=_model_config(request, tongue, report),
        decoding=report if request.decode.is_whole else None,
        profile=watch.seconds,
        speaker_info=sound.speaker_info(heard),
    )


class _Sound:
    """The windows of a file and what was heard in them: one channel after the other, where they are split."""

    def __init__(self, path: Path, request: Request, hook: Hook, watch: Stopwatch) -> None:
        self._path, self._request, self._hook, self._watch = path, request, hook, watch
        self._splits = request.channels == "split"
        self._channels = 1
        self._length: Seconds | None = None  # of the stretch, as far as it is known
        self._reports: list[DecodeReport] = []
        self._waiting: deque[int] = deque()  # the channel of each window whose result is still to come
        self._segments: list[tuple[int, Segment]] = []

    def windows(self) -> Generator[Window, None, None]:
        """All windows, in the same order every time: their positions tell them apart."""
        channel = 0
        while channel < self._channels:
            options = replace(self._request.decode, channel=channel) if self._splits else self._request.decode
            with decode(self._path, options) as decoding:
                if channel == 0:
                    self._begin(decoding.info)
                blocks = self._watch.each("decode", self._watched(decoding, channel))
                for window in self._watch.each("vad", windows(blocks, self._request.vad)):
                    self._waiting.append(channel)
                    yield _shifted(window, options.start_sample)
                self._reports.append(decoding.report)
                self._length = decoding.report.duration
            channel += 1

    def _begin(self, info: MediaInfo) -> None:
        self._length = self._request.decode.length(info.duration)
        if self._splits:
            self._channels = split_count(info, self._hook.notice)
            self._splits = self._channels > 1

    def _watched(self, decoding: Decoding, channel: int) -> Iterator[Samples]:
        done = 0
        for block in decoding:
            self._hook.check()
            done += len(block)
            self._hook.progress(self._progress("decode", channel, done / SAMPLE_RATE))
            yield block

    def _progress(self, stage: str, channel: int, done: Seconds) -> Progress:
        """So much of a channel as so much of the whole, that it goes once from its beginning to its end."""
        return Progress(stage, (channel * (self._length or 0.0) + done) / self._channels, self._length)

    def heard(self, result: WindowResult) -> None:
        """Take up the result of the next window."""
        channel = self._waiting.popleft()
        self._segments.extend((channel, segment) for segment in result.segments)
        self._hook.progress(self._progress("transcribe", channel, result.end - self._request.decode.start))

    @property
    def report(self) -> DecodeReport:
        """How the decoding of all channels went."""
        return combined(self._reports)

    def segments(self) -> list[Segment]:
        """Everything that was heard, in order of time, with its speakers where channels were split."""
        if not self._splits:
            return [segment for _, segment in self._segments]
        same = repeated(self._reports, self._hook.notice)
        return speakers_of((channel, segment) for channel, segment in self._segments if channel not in same)

    def speaker_info(self, heard: list[Segment]) -> dict[str, Any] | None:
        """Who speaks on which channel, for how long."""
        return speaker_info(heard, self._channels) if self._splits else None


def _shifted(window: Window, samples: int) -> Window:
    """The window of a stretch that begins at that sample of the media, on the media's time axis."""
    if not samples:
        return window
    waveform = replace(window.waveform, start_sample=window.waveform.start_sample + samples)
    return Window(waveform, tuple(speech.shifted(samples / SAMPLE_RATE) for speech in window.speech))


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


def _transcript(heard: list[Segment], tongue: Tongue, report: DecodeReport) -> Transcript:
    probability = tongue.guess.probability if tongue.how == "detected" else None
    return Transcript(tongue.guess.language, report.end, tuple(heard), probability)


def _identity(request: Request, tongue: Tongue) -> dict[str, Any]:
    """Everything that shapes the words of a window: where one of these differs, no window is taken over.

    How many threads and batches share the work changes no word, time or probability (measured: benchmarks/README.md),
    so that another machine can go on.
    """
    engine = {name: fact for name, fact in tongue.engine.description().items() if name not in WORDLESS}
    heard_by = {"vad": runtime(), "language": tongue.guess.language}
    return {**engine, **heard_by, "stage": "v1", "request": request.as_json()}


def _model_config(request: Request, tongue: Tongue, report: DecodeReport) -> dict[str, Any]:
    return {
        **tongue.engine.description(),
        "vad": runtime(),
        "language": tongue.as_json(),
        "temperature": request.transcribe.temperatures[0],
        "response_format": "verbose_json",
        "request": request.as_json(),
        **({} if request.decode.is_whole else {"decoding": asdict(report)}),  # the media row has that of the whole
    }


def _filled(document: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """The document with the defaults of what it lacks."""
    filled = defaults | document
    for name, default in defaults.items():
        if isinstance(default, dict) and isinstance(filled[name], dict):
            filled[name] = _filled(filled[name], default)
    return filled
