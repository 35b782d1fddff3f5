"""`trax evaluate` and `trax reference`, as a person or a script meets them; two real clips through the real model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jiwer
import pytest

from tests.cli.conftest import Run
from tests.database import talks
from tests.finding.archive import Said, add_transcript
from trax.archive import Archive
from trax.database import Database
from trax.evaluation.normalise import normalise
from trax.jobs.evaluate import evaluate_results, read_against
from trax.transcription.engines import Engines

SAID = "The river runs fast. Boats stay on the shore today.\n"
RTTM = "SPEAKER x 1 0 5 <NA> <NA> a <NA> <NA>\n"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Database(database_url) as opened:
        yield opened


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


@pytest.mark.shared_data
def test_real_speech_is_measured_by_what_was_read(
    run: Run, database_url: str, tiny_engines: Engines, shared_data: Path, tmp_path: Path
) -> None:
    lines = [json.loads(line) for line in (shared_data / "speech/read/manifest.jsonl").read_text().splitlines()]
    clips = sorted(lines, key=lambda line: line["duration"])[:2]
    with Archive(engines=tiny_engines) as archive:
        heard = [archive.transcribe(shared_data / "speech/read" / clip["file"], model="tiny.en") for clip in clips]
    for clip, result in zip(clips, heard, strict=True):
        added = run("reference", "add", str(result.media_id), write(tmp_path, f"{clip['speaker']}.txt", clip["text"]))
        assert (added.code, "version 1: " in added.out) == (0, True), added.err
    report = run("evaluate", "--references", "--json").json
    expected = {
        str(result.id): jiwer.process_words(
            normalise(clip["text"], "whisper", "en"), normalise(result.transcript.text, "whisper", "en")
        )
        for clip, result in zip(clips, heard, strict=True)
    }
    for file in report["files"]:
        theirs = expected[file["result_id"]]
        assert file["words"]["wer"] == pytest.approx(theirs.wer, abs=1e-6)
        assert (file["words"]["substitutions"], file["normaliser"]) == (theirs.substitutions, "whisper-english")
    measured = {file["result_id"]: file for file in run("media", "list", "--json").json}
    for id, theirs in expected.items():
        found = measured[id]
        assert (found["accuracy"], found["accuracy_measured"]) == (pytest.approx(max(0, 1 - theirs.wer)), True)
    total = report["total"]["words"]
    errors = sum(one.substitutions + one.deletions + one.insertions for one in expected.values())
    words = sum(one.hits + one.substitutions + one.deletions for one in expected.values())
    assert (total["count"], total["wer"]) == (words, pytest.approx(errors / words, abs=1e-6))
    assert run("reference", "remove", str(heard[0].media_id)).code == 0
    again = {file["result_id"]: file for file in run("media", "list", "--json").json}[str(heard[0].id)]
    assert (again["accuracy"], again["accuracy_measured"]) == (heard[0].accuracy, False)


def test_tables_for_people(run: Run, database: Database, tmp_path: Path) -> None:
    first = add_transcript(database, "river.mp3", "The river runs fast.", "Boats stay on the store.")
    second = add_transcript(database, "shore.mp3", "The river runs fast. Boats stay on the shore today.")
    said = write(tmp_path, "said.txt", SAID)
    shown = run("evaluate", str(first.id), str(second.media_file_id), "--against", said)
    assert (shown.code, shown.err) == (0, "")
    head, one, two, both = shown.out.splitlines()
    assert "DER" not in head
    assert one.split()[:9] == [str(first.id)[:8], "1", "v1", "10", "20.00%", *one.split()[5:6], "1", "1", "0"]
    assert two.split()[4:6] == ["0.00%", "0.00-0.00"]
    assert both.split()[:4] == ["in", "all", "20", "10.00%"]
    added = run("reference", "add", str(first.media_file_id), said)
    assert added.out.splitlines()[1] == "version 1: 80.0% of words right"
    assert "said.txt is now stored as a reference of river.mp3: 10 words." in added.out
    assert "was stored before" in run("reference", "add", str(first.media_file_id), said).out
    assert "80.0% of words right by its reference" in run("show", str(first.id)).out
    assert "0.800 measured" in run("versions", str(first.id)).out
    assert "80.0% measured" in run("media", "list").out
    assert "1 transcripts, 80.0% of words right" in run("stats").out
    (listed,) = run("reference", "list", "--json").json
    assert (listed["words"], listed["has_times"], listed["format"]) == (10, False, "text")
    assert said[-8:] in run("reference", "list", str(first.media_file_id)).out
    assert run("reference", "list", str(second.media_file_id), "--json").json == []
    removed = run("reference", "remove", listed["id"][:12], "--json").json
    assert (removed["name"], removed["measured"]) == ("said.txt", [])
    assert "reference" not in run("show", str(first.id)).out


def test_a_transcript_against_a_transcript(run: Run, database: Database) -> None:
    first = add_transcript(database, "river.mp3", "The river runs fast.")
    second = add_transcript(database, "river.mp3", "The river ran.", media_id=first.media_file_id)
    words = run("evaluate", str(second.id), "--against", str(first.id), "--json").json["files"][0]["words"]
    assert (words["wer"], words["substitutions"], words["deletions"]) == (0.5, 1, 1)
    assert run("evaluate", str(first.id), "--version", "2", "--against", str(first.id), "--json").code == 0
    itself = run("evaluate", str(first.id), "--against", str(first.id))
    assert (itself.code, "is the reference itself" in itself.err) == (1, True)
    added = run("reference", "add", str(first.media_file_id), str(first.id), "--json").json
    assert [(one["version"], one["accuracy"]) for one in added["measured"]] == [(2, 0.5)]
    assert run("evaluate", str(first.media_file_id), "--json").json["files"][0]["version"] == 2
    media = run("evaluate", str(first.id), "--against", str(first.media_file_id))
    assert (media.code, "is a media file" in media.err) == (1, True)


def test_speakers_against_rttm(run: Run, database: Database, tmp_path: Path) -> None:
    from tests.jobs import queued

    media_id = queued.add_media(database)
    with database.transaction() as session:
        result = talks.store(session, media_id)
    lines = [f"SPEAKER x 1 {start} {end - start} <NA> <NA> {label}x <NA> <NA>" for start, end, label in talks.TALK]
    turns = write(tmp_path, "who.rttm", "\n".join(lines))
    words = write(tmp_path, "said.txt", " ".join(f"Word {start}." for start, _, _ in talks.TALK))
    facts = run("evaluate", str(result.id), "--against", turns, "--against", words, "--json").json
    (file,) = facts["files"]
    assert (file["speakers"]["der"], file["words"]["wer"]) == (0.0, 0.0)
    assert file["speakers"]["mapping"][talks.ALPHA] == f"{talks.ALPHA}x"
    assert file["references"] == ["who.rttm", "said.txt"]
    wrong = write(tmp_path, "wrong.rttm", "\n".join(lines[:-1]))
    shown = run("evaluate", str(result.id), str(result.id), "--against", wrong).out
    assert "WER" not in shown
    assert [line.split()[3] for line in shown.splitlines()[1:3]] == ["12.7%", "12.7%"]
    collar = run("evaluate", "--text", turns, "--against", wrong, "--collar", "0.5", "--skip-overlap", "--json").json
    assert 0 < collar["total"]["speakers"]["der"] < 0.127
    assert run("reference", "add", str(media_id), turns).out.endswith("5 turns of speakers.\n")
    assert run("evaluate", "--references", "--json").json["total"]["speakers"]["der"] == 0.0


def test_files_without_an_archive(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAX_DATABASE_URL", "postgresql://nobody@localhost:1/nothing")
    said, heard = write(tmp_path, "said.txt", "It's twenty-five."), write(tmp_path, "heard.txt", "it is 25")
    english = run("evaluate", "--text", heard, "--against", said, "--language", "English", "--json").json
    assert english["files"][0]["words"]["wer"] == 0.0
    plain = run("evaluate", "--text", heard, "--against", said, "--normaliser", "plain", "--json").json
    assert plain["files"][0]["words"]["wer"] == 1.0
    assert "language is not known" in run("evaluate", "--text", heard, "--against", said).err
    long = write(tmp_path, "long.en.txt", "word " * 40), write(tmp_path, "other.en.txt", "nothing " * 40)
    assert "Hardly a word agrees" in run("evaluate", "--text", long[0], "--against", long[1]).err


def test_requests_that_make_no_sense_never_reach_the_archive(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAX_DATABASE_URL", "postgresql://nobody@localhost:1/nothing")
    said, turns = write(tmp_path, "said.txt", SAID), write(tmp_path, "who.rttm", RTTM)
    for arguments, code, message in (
        ([], 2, "nothing to evaluate"),
        (["3f2a", "--references"], 2, "exclude each other"),
        (["--references", "--against", said], 2, "Leave out --against"),
        (["--text", said], 2, "--against FILE"),
        (["--text", said, "--against", "3f2a"], 2, "compared with a file"),
        (["--text", said, "--against", said, "--version", "1"], 2, "--version"),
        (["--text", turns, "--against", said], 2, "says only who speaks"),
        (["3f2a", "--against", said, "--normaliser", "none"], 2, "whisper, plain"),
        (["3f2a", "--against", said, "--language", "!"], 2, "is no language"),
        (["3f2a", "--against", "missing.txt"], 1, "no file missing.txt"),
        (["3f2a", "--against", write(tmp_path, "empty.txt", "")], 1, "empty.txt can't be read: it is empty"),
    ):
        refused = run("evaluate", *arguments)
        assert (refused.code, message in refused.err) == (code, True), (arguments, refused)


def refusals(talk: str, part: str, folder: Path) -> list[tuple[str, int | None, list[str], str]]:
    """What is to be evaluated, its version, references, and why that can't be done."""
    said = write(folder, "said.txt", SAID)
    german = write(folder, "talk.de.txt", "Der Fluss")
    long = write(folder, "long.txt", "word " * 500)
    late = write(folder, "late.srt", "1\n00:10:00,000 --> 00:10:02,000\nHello there.\n")
    mute = write(folder, "mute.txt", "[music] [applause] ...")
    turns = write(folder, "who.rttm", RTTM)
    two = write(folder, "two.stm", "a 1 x 0 1 one\nb 1 x 0 1 two\n")
    return [
        (talk, None, [], "talk.mp3 has no reference. Give one with --against FILE"),
        (talk, None, [german], "in the language de, and the transcript in en"),
        (talk, None, [long], "has 500 words, and the media is 0:10 long"),
        (talk, None, [late], "goes on until 10:02, and the media ends at 0:10"),
        (talk, None, [mute], "No word of the reference is left"),
        (talk, None, [turns], "doesn't say who speaks"),
        (talk, None, [two], "none is called talk.mp3"),
        (talk, None, [said, german], "Two references have words"),
        (talk, 7, [said], "no version 7"),
        (part, None, [said], "doesn't tell when its words are said"),
        ("ffffffff", None, [said], "No media file or transcript"),
        ("../x", None, [said], "is not an ID"),
    ]


def test_every_bad_input_is_explained(run: Run, database: Database, tmp_path: Path) -> None:
    talk = str(add_transcript(database, "talk.mp3", "The river runs fast.", Said("Boats stay.")).id)
    for id, version, against, message in refusals(talk, str(add_part(database)), tmp_path):
        (outcome,) = evaluate_results(database, [id], read_against(against), version)
        assert message in str(outcome.error), outcome
    both = run("evaluate", talk, "ffffffff", "--against", str(tmp_path / "said.txt"), "--json")
    assert (both.code, both.json["total"]["files"]) == (1, 1)
    assert [file["error"] is None for file in both.json["files"]] == [True, False]
    assert "trax: ffffffff: No media file or transcript" in both.err
    none = run("evaluate", "--references")
    assert (none.code, "No media file has a reference" in none.err) == (1, True)


def add_part(database: Database) -> Any:
    from tests.database.test_references import store
    from tests.jobs import queued

    media_id = queued.add_media(database)
    with database.transaction() as session:
        config = {"request": {"decode": {"start": 5.0, "end": 10.0}}}
        return store(session, media_id, "Boats stay.", model_config=config).id


def test_references_that_are_refused(run: Run, database: Database, tmp_path: Path) -> None:
    talk = add_transcript(database, "talk.mp3", "The river runs fast.", Said("Boats stay."))
    other = add_transcript(database, "other.mp3", "The river runs fast.")
    media, late = str(talk.media_file_id), "1\n00:10:00,000 --> 00:10:02,000\nHello there.\n"
    for source, message in (
        (write(tmp_path, "late.srt", late), "late.srt goes on until 10:02"),
        (write(tmp_path, "empty.txt", ""), "empty.txt can't be read"),
        (str(tmp_path / "missing.srt"), "no file missing.srt"),
        (str(other.id), "is a transcript of other.mp3"),
        (str(other.media_file_id), "is a media file"),
        (str(add_part(database)), "is a transcript of"),
    ):
        refused = run("reference", "add", media, source)
        assert (refused.code, message in refused.err) == (1 if ".srt" in source or ".txt" in source else 2, True), (
            refused
        )
    assert run("reference", "list", "--json").json == []
    assert run("reference", "remove", media).code == 2
    german = run("reference", "add", media, write(tmp_path, "talk.de.txt", "Der Fluss ist schnell."))
    assert german.code == 0
    assert "Version 1 is not measured: The reference is in the language de" in german.err
    assert run("reference", "add", media, write(tmp_path, "said.txt", SAID)).code == 0
    refused = run("reference", "remove", media)
    assert (refused.code, "has 2 references" in refused.err) == (2, True)
