"""`trax diarize` with the real networks on a phone call: words and turns beside what its transcribers wrote down."""

from __future__ import annotations

from pathlib import Path

import jiwer
import pytest

from tests.cli.conftest import Run
from trax.diarization.der import der
from trax.ingest.rttm import read_rttm_file

NAMES = {"speaker90": "Diane", "speaker91": "Sheila"}  # in the turns, and in the words


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, database_url: str, shared_data: Path) -> Path:
    monkeypatch.setenv("TRAX_MODEL", "tiny.en")
    return shared_data / "speech" / "dialogue"


def test_the_words_of_a_call_have_their_speakers(run: Run, call: Path, tmp_path: Path) -> None:
    assert run("transcribe", str(call / "sample.wav")).code == 0
    (media,) = run("media", "list", "--json").json
    done = run("diarize", media["id"])
    assert done.code == 0, done.err
    assert "sample.wav: 2 speakers" in done.out
    assert run("export", media["id"], "--format", "rttm", "--output", str(tmp_path / "found.rttm")).code == 0
    [found] = read_rttm_file(tmp_path / "found.rttm").values()
    error = der(read_rttm_file(call / "sample.rttm")["sample"], found)
    assert error.rate <= 0.10
    names = {label: NAMES[speaker] for label, speaker in error.mapping.items()}
    stored = run("show", media["id"], "--json").json["segments"]
    heard = [(_token(word["word"]), names[word["speaker"]]) for segment in stored for word in segment["words"]]
    right, judged = _judged(_spoken(call / "sample.stm"), heard)
    assert judged >= 60
    assert right / judged >= 0.95


def _spoken(path: Path) -> list[tuple[str, str]]:
    """The words of an STM file, each with its speaker."""
    rows = [line.split(maxsplit=5) for line in path.read_text("utf-8").splitlines()]
    return [(_token(word), who) for _, _, who, _, _, text in rows for word in text.split()]


def _token(word: str) -> str:
    return "".join(sign for sign in word.lower() if sign.isalnum())


def _judged(spoken: list[tuple[str, str]], heard: list[tuple[str, str]]) -> tuple[int, int]:
    """How many words have the right speaker, of how many that were heard right."""
    lines = [" ".join(word for word, _ in words) for words in (spoken, heard)]
    pairs = [
        (spoken[chunk.ref_start_idx + step][1], heard[chunk.hyp_start_idx + step][1])
        for chunk in jiwer.process_words(lines[0], lines[1]).alignments[0]
        if chunk.type == "equal"
        for step in range(chunk.ref_end_idx - chunk.ref_start_idx)
    ]
    return sum(speaker == label for speaker, label in pairs), len(pairs)
