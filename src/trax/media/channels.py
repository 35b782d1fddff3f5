"""The channels of a track, each heard by itself: one speaker for each side of a call."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

from trax.errors import UsageError
from trax.media.decode import DecodeReport
from trax.media.probe import MediaInfo
from trax.transcript import Segment

Channels = Literal["mix", "split"]  # all heard as one, or each by itself

BY_CHANNEL: Final = "channels"  # `method` of speakers who are told apart by the channel that they are on
MOST_CHANNELS = 8  # that are split: every one is heard in full


def split_count(info: MediaInfo, told: Callable[[str], None]) -> int:
    """How many channels there are to be heard by themselves; `told` hears that there is nothing to split.

    Raises: UsageError: too many.
    """
    count = int(info.file_metadata.get("channels") or 1)
    if count > MOST_CHANNELS:
        raise UsageError(
            f"The track has {count} channels, and at most {MOST_CHANNELS} can be split.",
            "Hear one of them with --channel, or all of them as one without --channels split.",
        )
    if count == 1:
        told("There is one channel only: nothing was split, and no speakers are told apart.")
    return count


def combined(reports: Sequence[DecodeReport]) -> DecodeReport:
    """One report for all channels of a track; they share everything but their levels."""
    peaks = [report.peak_dbfs for report in reports if report.peak_dbfs is not None]
    energies = [(10 ** (report.rms_dbfs / 10)) for report in reports if report.rms_dbfs is not None]
    rms_dbfs = 10 * math.log10(sum(energies) / len(reports)) if energies else None
    return replace(reports[0], peak_dbfs=max(peaks, default=None), rms_dbfs=rms_dbfs)


def repeated(reports: Sequence[DecodeReport], told: Callable[[str], None]) -> set[int]:
    """Channels that hold the same sound as one before them, as both sides of a mono recording do; `told` hears it."""
    levels = [(report.peak_dbfs, report.rms_dbfs) for report in reports]
    same = {n for n, level in enumerate(levels) if level[0] is not None and level in levels[:n]}
    if same:
        told(f"{len(same)} of {len(reports)} channels hold the same sound as another one: their words are kept once.")
    return same


def speakers_of(heard: Iterable[tuple[int, Segment]]) -> list[Segment]:
    """What was heard on each channel, by the time at which it begins; the speaker of channel 0 is called 1."""
    spoken = [_spoken_by(segment, str(channel + 1)) for channel, segment in heard]
    return sorted(spoken, key=lambda segment: (segment.start, segment.end))


def speaker_info(spoken: Sequence[Segment], channels: int) -> dict[str, Any]:
    """Who speaks on which channel, how much, and from when on; a channel without words has no speaker."""
    speakers = [
        {"label": label, "channel": channel, **_share(own)}
        for channel, label in ((channel, str(channel + 1)) for channel in range(channels))
        if (own := [segment for segment in spoken if segment.speaker == label])
    ]
    return {"method": BY_CHANNEL, "channels": channels, "num_speakers": len(speakers), "speakers": speakers}


def is_by_channel(info: Mapping[str, Any] | None) -> bool:
    """Whether each speaker is on a channel of their own, and was heard by itself."""
    return (info or {}).get("method") == BY_CHANNEL


def _spoken_by(segment: Segment, speaker: str) -> Segment:
    return replace(segment, speaker=speaker, words=tuple(replace(word, speaker=speaker) for word in segment.words))


def _share(spoken: Sequence[Segment]) -> dict[str, Any]:
    return {
        "words": sum(len(segment.text.split()) for segment in spoken),
        "seconds": round(sum(segment.end - segment.start for segment in spoken), 3),
        "first_at": round(spoken[0].start, 3),
    }
