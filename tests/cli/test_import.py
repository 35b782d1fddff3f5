"""`trax import`: what a person sees of it, and of the transcript afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.conftest import REPOSITORY
from trax.archive import Archive
from trax.transcription.engines import Engines

SAMPLE = REPOSITORY / "samples" / "conversation.ogg"


@pytest.fixture
def cues(tmp_path: Path) -> Path:
    path = tmp_path / "talk.en.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:02,500\nHello \x1b[31mthere.\n\n2\n00:00:xx,000 --> 0\nlost\n")
    return path


def test_import_says_what_it_did_and_what_it_left_out(run: Run, database_url: str, cues: Path) -> None:
    done = run("import", str(SAMPLE), str(cues))
    assert (done.code, done.out.split(" of ")[0]) == (0, "Imported talk.en.srt as version 1")
    assert "make no sense: 1 of its segments" in done.err
    again = run("import", str(SAMPLE), str(cues))
    assert again.code == 0
    assert "was imported before: it is version 1" in again.out
    facts = run("import", str(SAMPLE), str(cues), "--json").json
    assert (facts["version"], facts["format"], facts["segments"], facts["existed"]) == (1, "srt", 1, True)
    shown = run("show", facts["media_id"])
    assert "import, import:srt" in shown.out
    assert "Hello [31mthere." in shown.out
    (listed,) = run("versions", facts["media_id"], "--json").json
    assert (listed["pipeline_version"], listed["accuracy"], listed["language"]) == ("import", None, "en")


def test_ours_is_shown_and_exported_though_an_import_is_newer(
    run: Run, database_url: str, tiny_engines: Engines, cues: Path
) -> None:
    with Archive(engines=tiny_engines) as archive:
        ours = archive.transcribe(SAMPLE, model="tiny.en")
        imported = run("import", str(ours.media_id), str(cues), "--json").json
        assert imported["version"] == 2
        assert "radio station" in run("show", str(ours.media_id)).out
        assert "Hello" not in run("export", str(ours.media_id), "--format", "srt").out
        assert "Hello" in run("export", str(ours.media_id), "--version", "2").out
        assert "Hello" in run("show", imported["result_id"]).out
        again = archive.transcribe(SAMPLE, model="tiny.en")
    assert (again.id, again.existed) == (ours.id, True)


def test_import_explains_what_it_cannot_do(run: Run, database_url: str, cues: Path, tmp_path: Path) -> None:
    refused = run("import", str(cues), str(SAMPLE))
    assert refused.code == 1
    assert "Name the media first" in refused.err
    missing = run("import", str(SAMPLE), str(tmp_path / "missing.srt"))
    assert (missing.code, "missing.srt" in missing.err) == (1, True)
    assert run("import", "not-there.mp3", str(cues)).code == 1
    assert run("import", str(SAMPLE), str(cues), "--language", "!").code == 2
    assert run("media", "list", "--json").json == []


def test_transcripts_alone(run: Run, database_url: str, tmp_path: Path, cues: Path) -> None:
    notes, empty = tmp_path / "talk.md", tmp_path / "empty.txt"
    notes.write_text("**Ann:** Hello there. How are you?\n\n**Bob:** Fine.")
    empty.write_text("\n")
    done = run("import", "--without-media", str(notes), str(empty), str(cues), "--language", "en")
    assert done.code == 1
    assert "empty.txt can't be imported: it is empty." in done.err
    first, second = done.out.splitlines()
    assert first.startswith("Imported talk.md as version 1 of ")
    assert (first.endswith("; its times are estimated."), second.endswith("estimated.")) == (True, False)
    listed = run("import", "--without-media", str(notes), str(empty), "--json").json
    assert [(item.get("existed"), item.get("estimated"), item["error"] is None) for item in listed] == [
        (True, True, True),
        (None, None, False),
    ]
    shown = run("show", listed[0]["media_id"]).out
    assert "times are estimated" in shown
    assert [line[:2] for line in shown.splitlines() if "Bob: Fine." in line] == ["[~"]
    (measured,) = run("import", "--without-media", str(cues), "--json").json
    assert "~" not in (shown := run("show", measured["media_id"]).out)
    assert "estimated" not in shown
    assert len(run("media", "list", "--json").json) == 2


def test_import_wants_media_and_one_transcript(run: Run, database_url: str, cues: Path) -> None:
    for given in ([str(cues)], [str(SAMPLE), str(cues), str(cues)]):
        refused = run("import", *given)
        assert (refused.code, "--without-media" in refused.err) == (2, True)
    assert run("media", "list", "--json").json == []
