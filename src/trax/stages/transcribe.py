"""Stage v1, transcribe: decode, find speech, tell the language, and listen window by window."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, replace
from itertools import chain, islice
from pathlib import Path
from time import perf_counter
from typing import Any

from trax.audio import SAMPLE_RATE, Samples, Window
from trax.coverage.explaining import covered
from trax.coverage.listening import Listener
from trax.coverage.values import Coverage, Heard, Track
from trax.flow import Hook, Made, Material, Memory, Progress, Request
from trax.media.channels import combined, repeated, speaker_info, speakers_of, split_count
from trax.media.decode import DecodeReport, Decoding, decode
from trax.media.probe import MediaInfo
from trax.media.remarks import remarks
from trax.stages.language import Tongue, choose_language
from trax.stopwatch import Stopwatch
from trax.timeline import Seconds
from trax.transcript import Segment, Transcript
from trax.transcription.confidence import estimate_accuracy
from trax.transcription.engines import Engines
from trax.transcription.transcriber import Listening, WindowResult
from trax.vad.silero import runtime
from trax.vad.windows import windows

LANGUAGE_WINDOWS = 3  # windows of speech from which the language is told
WORDLESS = ("notes", "source", "workers", "threads_per_worker", "batch_size")  # of an engine's description


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
        coverage=sound.coverage(heard),
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
        self._tracks: list[Track] = []  # what each channel holds beside speech
        self._same: set[int] = set()  # channels that say nothing of their own

    def windows(self) -> Generator[Window, None, None]:
        """All windows, in the same order every time: their positions tell them apart."""
        channel = 0
        while channel < self._channels:
            options = replace(self._request.decode, channel=channel) if self._splits else self._request.decode
            with decode(self._path, options) as decoding:
                if channel == 0:
                    self._begin(decoding.info)
                listener = Listener()
                blocks = listener.listen(self._watch.each("decode", self._watched(decoding, channel)))
                for window in self._watch.each("vad", windows(blocks, self._request.vad)):
                    listener.heard(window)
                    self._waiting.append(channel)
                    yield window.shifted(options.start_sample)
                self._tracks.append(listener.track(options.start_sample / SAMPLE_RATE))
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
        self._same = repeated(self._reports, self._hook.notice)
        return speakers_of((channel, segment) for channel, segment in self._segments if channel not in self._same)

    def coverage(self, heard: list[Segment]) -> Coverage:
        """What every second holds, after everything was heard."""
        own = [channel for channel in range(self._channels) if channel not in self._same]
        labels = tuple(str(channel + 1) for channel in own) if self._splits else ()
        return covered(Heard(tuple(self._tracks[channel] for channel in own), labels), heard)

    def speaker_info(self, heard: list[Segment]) -> dict[str, Any] | None:
        """Who speaks on which channel, for how long."""
        return speaker_info(heard, self._channels) if self._splits else None


def _listening(memory: Memory, identity: dict[str, Any], hook: Hook, watch: Stopwatch, others: Stopwatch) -> Listening:
    """What the engine is told; who remembers, and how long that takes, is no concern of its."""

    def heard(position: int, result: WindowResult, seconds: Mapping[str, Seconds]) -> None:
        others.add(seconds)
        with watch.stage("store"):
            memory.keep(position, result, sum(seconds.values()))

    with watch.stage("store"):
        known = memory.recall(identity)
    return Listening(known, hook.check, heard)


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
