"""`trax speakers` and `trax speaker` as a person and a program meet them."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.cli.conftest import Run
from tests.database import talks
from tests.database.talks import ALPHA, BETA, GAMMA
from tests.database.test_speakers_voices import EARS, voice
from tests.jobs import queued
from trax.archive import Archive
from trax.database import voices


@pytest.fixture
def media_id(database_url: str) -> str:
    """A file with a diarized transcript, whose voices were kept."""
    return str(talk())


def talk(**heard: tuple[float, ...]) -> UUID:
    with Archive() as archive:
        media_id = queued.add_media(archive.database)
        with archive.database.transaction() as session:
            result = talks.store(session, media_id)
            voices.keep_and_recognise(session, result.id, EARS, heard or {ALPHA: voice(0), BETA: voice(1)})
    return media_id


def test_who_speaks_is_listed(run: Run, media_id: str) -> None:
    run("speaker", "rename", media_id, BETA, "Bob")
    listed = run("speakers", media_id)
    assert listed.code == 0
    header, first, second, third = listed.out.splitlines()
    assert header.split() == ["speaker", "label", "time", "words", "turns", "first", "how"]
    assert first.split() == [ALPHA, ALPHA, "0:50", "4", "2", "0:00", "-"]
    assert second.split() == ["Bob", BETA, "0:18", "4", "2", "0:30", "named"]
    assert third.split()[0] == GAMMA
    (_, facts, _) = run("speakers", media_id, "--json").json
    assert facts == {
        "label": BETA, "labels": [BETA], "name": "Bob", "how": "named", "score": None, "seconds": 18, "words": 4,
        "turns": 2, "first_at": 30, "suggestion": None,
    }  # fmt: skip


def test_a_name_is_told_once_and_read_everywhere(run: Run, media_id: str) -> None:
    named = run("speaker", "rename", media_id[:8], ALPHA.lower(), "Ann Lee")
    assert (named.code, named.err) == (0, "")
    assert named.out == f"{ALPHA} is Ann Lee now, whom Trax didn't know before.\n"
    assert "Ann Lee: Word 0." in run("show", media_id).out
    assert run("show", media_id, "--speaker", "ann").out.count("Ann Lee:") == 2
    assert "Ann Lee: Word 0." in run("export", media_id).out
    assert "<v Ann Lee>" in run("export", media_id, "-f", "vtt").out
    found = run("search", "word", "--speaker", "ann lee", "--json")
    assert {hit["speaker"] for hit in found.json} == {"Ann Lee"}
    assert run("search", "word", "--speaker", ALPHA).code == 1
    (person,) = run("speakers", "--json").json
    assert (person["name"], person["files"], person["prints"]) == ("Ann Lee", 1, 0)
    assert run("speakers").out.splitlines()[1].split()[:3] == ["Ann", "Lee", "1"]


def test_names_are_merged_taken_back_and_changed(run: Run, media_id: str) -> None:
    assert run("speaker", "merge", media_id, GAMMA, ALPHA).out == f"{ALPHA} and {GAMMA} are one person now.\n"
    assert run("speaker", "rename", media_id, GAMMA, "Ann").out.startswith(f"{ALPHA} and {GAMMA} are Ann now")
    assert run("speaker", "rename-person", "ann", "Anna").out == "ann is called Anna now.\n"
    run("speaker", "rename", media_id, BETA, "Bob")
    assert run("speaker", "merge-people", "Anna", "Bob").out == "Anna is Bob now.\n"
    assert [fact["labels"] for fact in run("speakers", media_id, "--json").json] == [[ALPHA, BETA, GAMMA]]
    assert run("speaker", "unname", media_id, "Bob").out == f"{ALPHA} and {BETA} and {GAMMA} have no name now.\n"
    assert run("speaker", "forget", "bob").out == "Bob is forgotten.\n"
    assert run("speakers").err.startswith("Nobody has a name yet")


def test_a_voice_is_enrolled_recognised_and_forgotten(run: Run, media_id: str) -> None:
    kept = run("speaker", "rename", media_id, ALPHA, "Ann", "--enrol")
    assert "Kept: a print of the voice of Ann, the newest made of 50 s; numbers, and no sound." in kept.out
    other = str(talk(SPEAKER_00=voice(1), SPEAKER_01=voice(0, 0.8), SPEAKER_02=voice(0, 0.5, 9)))
    assert [line.split()[-2:] for line in run("speakers", other).out.splitlines()[1:3]] == [
        ["0:00", "-"], ["recognised", "(0.80)"],
    ]  # fmt: skip
    assert run("speaker", "reject", other, "Ann").out == f"{BETA} is not Ann.\n"
    assert run("speaker", "recognise").out == "0 recognised, 1 suggested, in 2 transcripts.\n"
    assert "maybe Ann (0.50)" in run("speakers", other).out
    listed = run("speaker", "suggestions")
    assert listed.out.splitlines()[1].split()[:5] == [other[:8], GAMMA, "Ann", "0.50", "1:00"]
    assert "trax speaker accept" in listed.err
    (suggestion,) = run("speaker", "suggestions", "--json").json
    assert (suggestion["media_id"], suggestion["label"], suggestion["name"]) == (other, GAMMA, "Ann")
    assert run("speaker", "accept", other, GAMMA).out == f"{GAMMA} is Ann.\n"
    assert run("speaker", "suggestions").err == "Nobody is suggested.\n"
    assert run("speaker", "recognise", other).out == "0 recognised, 0 suggested, in 1 transcript.\n"
    forgotten = run("speaker", "forget", "Ann", "--prints")
    assert forgotten.out == "The voice of Ann is forgotten.\n"
    assert forgotten.err.startswith("3 other voices are still kept of those files; `trax speaker forget --all-voices`")
    assert run("speaker", "enrol", media_id, "Ann").code == 1
    assert run("speaker", "forget", "--all-voices").out == "3 voices are forgotten.\n"
    assert run("speakers", "--json").json[0]["prints"] == 0


REFUSED: tuple[tuple[list[str], int], ...] = (
    (["speaker", "rename", "ID", "SPEAKER_09", "Ann"], 1),
    (["speaker", "rename", "ID", "SPEAKER_00", ""], 2),
    (["speaker", "rename", "ID", "SPEAKER_00", "\x1b[31mred"], 2),
    (["speaker", "rename", "ffffffff", "SPEAKER_00", "Ann"], 1),
    (["speaker", "merge", "ID", "SPEAKER_00", "SPEAKER_00"], 2),
    (["speaker", "enrol", "ID", "SPEAKER_00"], 2),
    (["speaker", "accept", "ID", "SPEAKER_00"], 1),
    (["speaker", "reject", "ID", "\udcff"], 1),
    (["speaker", "merge-people", "Ann", "Bob"], 1),
    (["speaker", "rename-person", "\udcff", "Bob"], 1),
    (["speaker", "forget"], 2),
    (["speaker", "forget", "Ann", "--all-voices"], 2),
    (["speaker", "forget", "Ann"], 1),
    (["speakers", "--version", "1"], 2),
    (["speakers", "nonsense"], 2),
)


def test_what_can_not_be_done_is_said(run: Run, media_id: str) -> None:
    for arguments, code in REFUSED:
        done = run(*(media_id if argument == "ID" else argument for argument in arguments))
        assert (done.code, done.out) == (code, ""), arguments
        assert done.err.startswith("trax: ")
        assert "unexpected" not in done.err
        assert done.err.replace("\n", "").isprintable()


def test_a_transcript_without_speakers_says_what_to_do(run: Run, database_url: str) -> None:
    with Archive() as archive:
        mute = queued.add_media(archive.database)
        with archive.database.transaction() as session:
            talks.store(session, mute, (), info=None)
    listed = run("speakers", str(mute))
    assert (listed.code, listed.out) == (0, "")
    assert "trax diarize" in listed.err
