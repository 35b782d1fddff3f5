"""Stage v3, passes: what is doubtful is heard again in other ways, and the best of all hearings stands."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final

from trax.audio import Samples, Window
from trax.enhancement.votes import decide
from trax.errors import UnknownModel, UsageError
from trax.flow import Hook, Made, Material, Progress, Request
from trax.media.channels import is_by_channel
from trax.media.decode import DecodeOptions, decode
from trax.passes.doubt import gaps, reasons
from trax.passes.findings import Finding, Gap, findings, of_name
from trax.passes.foreign import may_be_foreign, of_language
from trax.passes.hearings import Candidate, Role, Span
from trax.passes.names import edit_of, heard_names, names_of, possible
from trax.passes.repairs import Removal, removals, without
from trax.passes.rewriting import rewritten, with_segments
from trax.stages.rehearing import Doubtful, Rehearing
from trax.stopwatch import Stopwatch
from trax.timeline import Seconds
from trax.transcript import Transcript, Word
from trax.transcription.confidence import estimate_accuracy
from trax.transcription.engines import Engines
from trax.transcription.hearing import UNSPACED_LANGUAGES
from trax.transcription.models import canonical_name
from trax.transcription.transcriber import Transcriber, WindowResult
from trax.vad.regions import VadOptions
from trax.vad.windows import windows

INHERITED: Final = ("model", "language", "times", "last_time_told", "decoding", "diarizer", "speakers")
LENIENT_THRESHOLD: Final = 0.15  # of the VAD
LENIENT_END_THRESHOLD: Final = 0.1
AT_ONCE: Final = 16  # windows that are heard together, by one model after the other


def open_models(request: Request, engines: Engines) -> None:
    """Load the second model, where one is asked for.

    Raises: ModelUnavailable, UnknownModel.
    """
    if request.passes.second_model is not None:
        engines.get(request.passes.second_model, request.compute_type)


def check_parent(parent: Made) -> None:
    """Raises: UsageError: its words are not those that a model of ours heard."""
    if not parent.is_measured or not parent.transcript.words:
        raise UsageError(
            "Nobody knows how sure the words of this version are, so that none can be called doubtful.",
            "Transcribe the recording, or name a version with --version that Trax has heard.",
        )
    if "edited" in (parent.content or {}):
        raise UsageError(
            "This version was corrected by hand: to hear it again would undo that.",
            "Name the version that it was made from with --version, and carry the corrections over with `trax rebase`.",
        )
    if "enhanced_text" in (parent.content or {}):
        raise UsageError(
            "This version was corrected: to hear it again would undo that.",
            "Name the version that it was made from with --version, and correct the result.",
        )


def passes(material: Material, request: Request, engines: Engines, hook: Hook) -> Made:
    """Stage v3: the parent's words, with those that other hearings know better."""
    parent = material.parent
    assert parent is not None, "this stage builds on a transcript"
    watch, report = Stopwatch(), Report()
    transcript = parent.transcript
    if transcript.language in UNSPACED_LANGUAGES:
        hook.notice(f"Hearings in {transcript.language!r} can't be compared word by word: the words stay as they are.")
    else:
        with watch.stage("load"):
            rehearing = _rehearing(material, request, engines, hook, watch)
        with watch.stage("store"):
            known = material.memory.recall(rehearing.identity())
        made = [
            _heard_again(track, options, material, rehearing, known, hook, report)
            for track, options in _tracks(parent, request.decode)
        ]
        transcript = _merged(transcript, made)
        report.engines = {role: engine.description() for role, engine in rehearing.engines.items()}
    hook.progress(Progress("passes", transcript.duration, transcript.duration))
    return Made(
        transcript=transcript,
        accuracy=estimate_accuracy(transcript),
        model_used=parent.model_used,
        model_config={**_inherited(parent), "hearings": report.engines, "request": request.as_json()},
        profile=watch.seconds,
        speaker_info=parent.speaker_info,
        is_measured=parent.is_measured,
        beside={"passes": report.facts()},
    )


@dataclass(slots=True)
class Report:
    """What was done and found, of all channels."""

    findings: list[Finding] = field(default_factory=list)
    windows: int = 0
    heard_again: int = 0
    reasons: dict[str, int] = field(default_factory=dict)  # number of windows
    engines: dict[Role, dict[str, Any]] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """For `content`."""
        return {
            "windows": self.windows,
            "heard_again": self.heard_again,
            "reasons": self.reasons,
            "changes": [dict(finding.as_json()) for finding in self.findings],
        }


def _rehearing(material: Material, request: Request, engines: Engines, hook: Hook, watch: Stopwatch) -> Rehearing:
    assert material.parent is not None
    first = _engine_of(material.parent, request, engines)
    ways: dict[Role, Transcriber] = {"again": first}
    if request.passes.second_model is not None:
        second = engines.get(request.passes.second_model, request.compute_type)
        ways |= {"second": second, "second again": second}
    language = material.parent.transcript.language
    names = names_of(material.hints, request.passes.glossary)
    told: dict[str, Any] = material.parent.model_config.get("language") or {}
    is_told = request.language is not None or told.get("how") == "given"
    return Rehearing(ways, language, request, material.memory, hook.check, watch, names, is_told)


def _engine_of(parent: Made, request: Request, engines: Engines) -> Transcriber:
    """The model that heard the words; where they are others', that of the request."""
    try:
        name = canonical_name(parent.model_used)
    except UnknownModel:
        name = request.model
    return engines.get(name, request.compute_type)


def _tracks(parent: Made, options: DecodeOptions) -> Iterator[tuple[Transcript, DecodeOptions]]:
    """The transcript with the sound that it is of; each channel by itself, where each is a speaker."""
    transcript = parent.transcript
    if not is_by_channel(parent.speaker_info):
        yield transcript, options
        return
    for label in sorted({segment.speaker or "1" for segment in transcript.segments}):
        own = tuple(segment for segment in transcript.segments if (segment.speaker or "1") == label)
        channel = int(label) - 1 if label.isdecimal() else None
        yield replace(transcript, segments=own), replace(options, channel=channel)


def _merged(transcript: Transcript, tracks: Sequence[Transcript]) -> Transcript:
    segments = sorted((segment for track in tracks for segment in track.segments), key=lambda one: one.start)
    return replace(transcript, segments=tuple(segments))


def _heard_again(
    transcript: Transcript,
    options: DecodeOptions,
    material: Material,
    rehearing: Rehearing,
    known: Mapping[int, WindowResult],
    hook: Hook,
    report: Report,
) -> Transcript:
    """One track, window by window: memory doesn't grow with its length."""
    found: list[Finding] = []
    with closing(_windows(material, options, rehearing, hook)) as stream:
        doubtful = _doubtful(transcript, stream, report)
        while batch := list(islice(doubtful, AT_ONCE)):
            found += _judged(transcript, batch, rehearing, known)
            end = batch[-1].window.start + batch[-1].window.duration
            hook.progress(Progress("passes", min(end, transcript.duration), transcript.duration))
    report.findings += found
    changed = rewritten(transcript, [change for finding in found for change in finding.rewriting])
    return with_segments(changed, [segment for finding in found for segment in finding.segments])


def _windows(
    material: Material, options: DecodeOptions, rehearing: Rehearing, hook: Hook
) -> Generator[Window, None, None]:
    """The windows of the first hearing, on the media's time axis."""
    watch = rehearing.watch
    with decode(material.path, options) as decoding:
        blocks = watch.each("decode", _checked(decoding, hook))
        for window in watch.each("vad", windows(blocks, _lenient(rehearing.request.vad))):
            yield window.shifted(options.start_sample)


def _lenient(options: VadOptions) -> VadOptions:
    """With these the VAD hears more speech, and more that is none: two hearings have to agree on what is new."""
    return replace(
        options,
        threshold=min(options.threshold, LENIENT_THRESHOLD),
        end_threshold=min(options.end_threshold, LENIENT_END_THRESHOLD),
    )


def _checked(blocks: Iterable[Samples], hook: Hook) -> Iterator[Samples]:
    for block in blocks:
        hook.check()
        yield block


def _doubtful(transcript: Transcript, stream: Iterable[Window], report: Report) -> Iterator[Doubtful]:
    """The windows that are worth it, each with its words."""
    words = transcript.words
    place = 0
    for window in stream:
        place = _first_after(words, place, window.start)
        end = _first_after(words, place, window.start + window.duration)
        segments = _segments(transcript, window)
        why = reasons(window, words[place:end], segments)
        report.windows += 1
        if why:
            silence = max((segment.no_speech_prob for segment in segments), default=0.0)
            yield Doubtful(report.heard_again, window, place, end, silence)
            report.heard_again += 1
            for reason in why:
                report.reasons[reason] = report.reasons.get(reason, 0) + 1
        place = end


def _first_after(words: Sequence[Any], place: int, time: Seconds) -> int:
    """The first word from that place on whose middle is not before a moment."""
    while place < len(words) and (words[place].start + words[place].end) / 2 < time:
        place += 1
    return place


def _segments(transcript: Transcript, window: Window) -> list[Any]:
    end = window.start + window.duration
    return [segment for segment in transcript.segments if segment.start < end and window.start < segment.end]


def _judged(
    transcript: Transcript, batch: Sequence[Doubtful], rehearing: Rehearing, known: Mapping[int, WindowResult]
) -> list[Finding]:
    """What is to be changed in the words of a few windows."""
    hearings = rehearing.hear(batch, known)
    words = transcript.words
    own = [words[one.start : one.end] for one in batch]
    removed = [
        removals(one.window, some, one.silence, heard) for one, some, heard in zip(batch, own, hearings, strict=True)
    ]
    lost = _gaps(batch, own, removed, rehearing)
    with rehearing.watch.stage("names"):
        named = [_names(one, some, rehearing) for one, some in zip(batch, own, strict=True)]
    with rehearing.watch.stage("language"):
        foreign = [_foreign(one, some, rehearing) for one, some in zip(batch, own, strict=True)]
    with rehearing.watch.stage("compare"):
        return [
            finding
            for place, one in enumerate(batch)
            for finding in foreign[place]
            or findings(own[place], one.start, hearings[place], removed[place], lost[place], named[place])
        ]


def _gaps(
    batch: Sequence[Doubtful], own: Sequence[Sequence[Word]], removed: Sequence[Sequence[Removal]], rehearing: Rehearing
) -> list[list[Gap]]:
    """Speech of each window that no word explains, and what is heard in it by itself."""
    found: list[list[Gap]] = [[] for _ in batch]
    lost = [
        (place, gap) for place, one in enumerate(batch) for gap in gaps(one.window, without(own[place], removed[place]))
    ]
    alone = rehearing.hear_alone([gap for _, gap in lost])
    for (place, gap), result in zip(lost, alone, strict=True):
        found[place].append(Gap(gap, result.segments))
    return found


def _names(one: Doubtful, words: Sequence[Word], rehearing: Rehearing) -> list[Finding]:
    """Names that are known of the recording, where they were misheard and the sound agrees."""
    names = possible(words, rehearing.names)
    if not names:
        return []
    named = rehearing.hear_named(one.window, names)
    found = list(heard_names(words, named, names))
    if not found:
        return []
    texts = ["".join(word.text for word in words).strip(), *(_with(words, span, name) for span, name in found)]
    before, *after = rehearing.readings(one.window, texts)
    return [
        of_name(words, one.start, span, name)
        for (span, name), score in zip(found, after, strict=True)
        if decide(edit_of(span, name), before, score, names).accepted
    ]


def _foreign(one: Doubtful, words: Sequence[Word], rehearing: Rehearing) -> list[Finding]:
    """The window in another language, where that is what is spoken there; else nothing."""
    if not may_be_foreign(words) or (heard := rehearing.hear_foreign(one.window)) is None:
        return []
    found = of_language(words, one.start, *heard)
    return [] if found is None else [found]


def _with(words: Sequence[Word], span: Span, candidate: Candidate) -> str:
    texts = [word.text.strip() for word in words]
    return " ".join([*texts[: span.start], *candidate.texts, *texts[span.end :]])


def _inherited(parent: Made) -> dict[str, Any]:
    return {name: parent.model_config[name] for name in INHERITED if name in parent.model_config}
