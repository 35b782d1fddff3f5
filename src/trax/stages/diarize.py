"""Stage v4, diarize: hear who speaks when, and give each word of a transcript to its speaker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from typing import Any

from trax.audio import Samples
from trax.errors import UsageError
from trax.flow import Hook, Made, Material, Progress, Request
from trax.media.channels import is_by_channel
from trax.media.decode import decode
from trax.stopwatch import Stopwatch
from trax.timeline import Seconds
from trax.transcription.engines import Engines
from trax.turns import Diarization, SpeakerTurn

INHERITED = ("model", "language", "times", "last_time_told", "decoding")  # what stays true of the parent's words
LOOK = 0.2  # seconds between two looks whether somebody wants to stop


def open_diarizer(request: Request, engines: Engines) -> None:
    """Load what will be needed; where each channel is a speaker, that is most likely nothing.

    Raises: as `Engines.diarizer`.
    """
    if request.channels != "split":
        engines.diarizer()


def check_parent(parent: Made) -> None:
    """Raises: UsageError: its speakers are known already, each by a channel of its own, or its words have no place."""
    _check_times(parent)
    if is_by_channel(parent.speaker_info):
        raise UsageError(
            "Its channels were heard one by one, and each is a speaker: there is nothing to tell apart.",
            "To tell voices apart by their sound, transcribe it again with --diarize and without --channels split.",
        )


def diarize(material: Material, request: Request, engines: Engines, hook: Hook) -> Made:
    """Stage v4: the parent's words, each with its speaker.

    Sound streams through: the same track, channel and stretch that the words come from.
    """
    parent = material.parent
    assert parent is not None, "this stage builds on a transcript"
    _check_times(parent)
    if is_by_channel(parent.speaker_info):
        hook.notice("Each channel is a speaker: they are kept, and no voices are told apart.")
        return replace(parent, decoding=None, profile={}, content=None, model_config=_config(parent, request, None))
    if parent.model_config.get("times") == "estimated":
        hook.notice("The times of this transcript are estimated: words may be given to the wrong speaker.")
    from trax.diarization.assign import assign
    from trax.diarization.info import speaker_info

    watch = Stopwatch()
    with watch.stage("load"):
        description = engines.diarizer().description()
    found = _heard(material, request, engines, hook, watch)
    with watch.stage("assign"):
        transcript = assign(parent.transcript, found)
        info = speaker_info(found, transcript)
    return Made(
        transcript=transcript,
        accuracy=parent.accuracy,
        model_used=parent.model_used,
        model_config=_config(parent, request, description),
        profile=watch.seconds,
        speaker_info=info,
        voices={speaker.label: speaker.embedding for speaker in found.speakers if speaker.embedding is not None},
        is_measured=parent.is_measured,
    )


def _check_times(parent: Made) -> None:
    """Raises: UsageError: it is a text alone, as another program may have stored it."""
    content = parent.content or {}
    if not parent.transcript.segments and (content.get("text") or content.get("enhanced_text")):
        raise UsageError(
            "This version has a text and no times, so that no word of it can be given to a speaker.",
            "Name the version that it was made from with --version.",
        )


def _heard(material: Material, request: Request, engines: Engines, hook: Hook, watch: Stopwatch) -> Diarization:
    """Who speaks when, on the media's time axis."""
    options = request.decode
    with (
        watch.stage("wait"),
        _turn(engines.diarizing, hook),
        watch.stage("diarize"),
        decode(material.path, options) as decoding,
    ):
        length = options.length(decoding.info.duration)
        found = engines.diarizer().diarize(
            watch.each("decode", _watched(decoding, hook)),
            request.speakers,
            hook.check,
            lambda done: hook.progress(Progress("diarize", done, length)),
        )
    hook.progress(Progress("diarize", length or 0.0, length))
    if found.profile:  # more telling than the whole
        del watch.seconds["diarize"]
        watch.add(found.profile)
    return _shifted(found, options.start)


@contextmanager
def _turn(lock: Lock, hook: Hook) -> Iterator[None]:
    """One file at a time: an engine takes all cores, and memory for one file is enough."""
    while not lock.acquire(timeout=LOOK):
        hook.check()
    try:
        yield
    finally:
        lock.release()


def _watched(blocks: Iterable[Samples], hook: Hook) -> Iterator[Samples]:
    for block in blocks:
        hook.check()
        yield block


def _shifted(found: Diarization, start: Seconds) -> Diarization:
    """What was heard in a stretch that begins there."""
    if not start:
        return found

    def later(turns: Iterable[SpeakerTurn]) -> tuple[SpeakerTurn, ...]:
        return tuple(replace(turn, start=turn.start + start, end=turn.end + start) for turn in turns)

    speakers = tuple(replace(speaker, first_at=speaker.first_at + start) for speaker in found.speakers)
    return replace(found, turns=later(found.turns), exclusive=later(found.exclusive), speakers=speakers)


def _config(parent: Made, request: Request, diarizer: dict[str, Any] | None) -> dict[str, Any]:
    known = {name: parent.model_config[name] for name in INHERITED if name in parent.model_config}
    return {**known, "diarizer": diarizer, "request": request.as_json()}
