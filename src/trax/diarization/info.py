"""What is stored beside a transcript about who speaks: `speaker_info`."""

from __future__ import annotations

from collections import Counter
from typing import Any

from trax.diarization.spans import spans
from trax.timeline import Seconds
from trax.transcript import Transcript
from trax.turns import Diarization

DIGITS = 3  # of a second


def speaker_info(diarization: Diarization, transcript: Transcript) -> dict[str, Any]:
    """The engine, the speakers by first appearance with how much they say, all turns, and who speaks at once."""
    words = _words(transcript)
    return {
        "engine": diarization.engine,
        "model_id": diarization.model_id,
        "params": dict(diarization.params),
        "num_speakers": len(diarization.speakers),
        "speakers": [
            {
                "label": speaker.label,
                "name": None,
                "seconds": _time(speaker.seconds),
                "words": words[speaker.label],
                "first_at": _time(speaker.first_at),
                "turns": speaker.turns,
            }
            for speaker in diarization.speakers
        ],
        "turns": [[_time(turn.start), _time(turn.end), turn.speaker] for turn in sorted(diarization.turns)],
        "overlaps": [
            [_time(span.start), _time(span.end), list(span.speakers)]
            for span in spans(diarization.turns)
            if len(span.speakers) > 1
        ],
    }


def _words(transcript: Transcript) -> Counter[str | None]:
    """How many words each label says."""
    words: Counter[str | None] = Counter()
    for segment in transcript.segments:
        if segment.words:
            words.update(word.speaker for word in segment.words if word.text.strip())
        else:
            words[segment.speaker] += len(segment.text.split())
    return words


def _time(seconds: Seconds) -> Seconds:
    return round(float(seconds), DIGITS)
