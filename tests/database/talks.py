"""Diarized transcripts as a stage stores them, made up: no engine is needed to name those who speak."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tests.jobs import queued
from trax.database import transcripts
from trax.database.engine import Transaction
from trax.database.models import TranscriptionResult
from trax.transcript import Segment, Transcript, Word

Turn = tuple[float, float, str]

ALPHA, BETA, GAMMA = "SPEAKER_00", "SPEAKER_01", "SPEAKER_02"
TALK: tuple[Turn, ...] = ((0, 30, ALPHA), (30, 40, BETA), (40, 60, ALPHA), (60, 63, GAMMA), (62, 70, BETA))


def store(
    session: Transaction,
    media_id: UUID,
    turns: Sequence[Turn] = TALK,
    *,
    parent: TranscriptionResult | None = None,
    info: dict[str, Any] | str | None = "of turns",
    **options: Any,
) -> TranscriptionResult:
    """A result in which each turn is a segment of two words; by default with `speaker_info`."""
    job_id, _ = queued.begin(session, media_id)
    given: dict[str, Any] = {
        "pipeline_version": "v4",
        "model_config": {},
        "model_used": "m",
        "accuracy": 0.9,
        **options,
    }
    new = transcripts.NewResult(
        job_id,
        media_id,
        transcript=transcript(turns),
        processing_time=1.0,
        parent_id=None if parent is None else parent.id,
        speaker_info=speaker_info(turns) if info == "of turns" else info,  # type: ignore[arg-type]
        **given,
    )
    return transcripts.store(session, new)


def transcript(turns: Sequence[Turn]) -> Transcript:
    return Transcript("en", max((end for _, end, _ in turns), default=0.0), tuple(_segment(*turn) for turn in turns))


def _segment(start: float, end: float, label: str) -> Segment:
    middle = (start + end) / 2
    words = (Word(start, middle, " Word", 0.9, label), Word(middle, end, f" {int(start)}.", 0.9, label))
    return Segment(start, end, f"Word {int(start)}.", words, speaker=label)


def speaker_info(turns: Sequence[Turn]) -> dict[str, Any]:
    labels = dict.fromkeys(label for _, _, label in turns)
    speakers = [_fact(label, [turn for turn in turns if turn[2] == label]) for label in labels]
    return {
        "engine": "made-up",
        "model_id": "ears-1",
        "num_speakers": len(labels),
        "speakers": speakers,
        "turns": [list(turn) for turn in turns],
    }


def _fact(label: str, own: Sequence[Turn]) -> dict[str, Any]:
    return {
        "label": label,
        "name": None,
        "seconds": sum(end - start for start, end, _ in own),
        "words": 2 * len(own),
        "turns": len(own),
        "first_at": own[0][0],
    }
