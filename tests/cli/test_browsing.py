"""`trax stats`, `trax media list` and `trax show` on an archive whose figures are known."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run
from tests.database import small_archive
from tests.finding.archive import Said, add_transcript
from trax.database import Database


@pytest.fixture
def archive(run: Run, database_url: str) -> Run:
    """The command on the small archive."""
    with Database(database_url) as database:
        small_archive.fill(database)
    return run


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def test_stats_of_an_archive(archive: Run) -> None:
    shown = archive("stats", "--days", "36500")
    assert (shown.code, shown.err) == (0, "")
    totals, groups, failures = (part.splitlines() for part in shown.out.split("\n\n"))
    assert [cells(line)[1] for line in totals[1:]] == ["6 (3 with a transcript)", "1.9 (0.8 transcribed)", "6", "33"]
    assert [cells(line) for line in groups[1:]] == [
        ["import", "1", "1", "0.3", "10", "-", "-", "-"],
        ["v1", "3", "4", "0.8", "33", "1:45", "88.5%", "11.6x"],
        ["v2", "1", "1", "0.5", "20", "0:30", "96.0%", "60.0x"],
    ]
    assert sorted(cells(line)[1:] for line in failures[1:]) == [["2", "1"], ["2", "2"]]


def test_stats_in_json(archive: Run) -> None:
    facts = archive("stats", "--by", "channel", "--days", "36500", "--json").json
    assert (facts["files"], facts["transcribed_files"], facts["results"], facts["by"]) == (6, 3, 6, "channel")
    assert [group["name"] for group in facts["groups"]] == ["River Radio", "Water Podcast", None]
    assert facts["groups"][0] == {
        "name": "River Radio",
        "files": 1,
        "results": 3,
        "audio_hours": 0.5,
        "words": 20,
        "mean_processing_seconds": 110.0,
        "mean_accuracy": pytest.approx(0.9067, abs=1e-4),
        "speed": pytest.approx(5400 / 330),
    }
    assert sum(day["failed_jobs"] for day in facts["failures_by_day"]) == 4
    assert {len(day["day"]) for day in facts["failures_by_day"]} == {10}
    assert facts["time_zone"]


def test_stats_of_nothing(run: Run, database_url: str) -> None:
    shown = run("stats", "--days", "1")
    assert (shown.code, "No job failed today." in shown.out) == (0, True)
    assert run("stats", "--json").json["groups"] == []


def test_stats_by_model_and_language(archive: Run) -> None:
    assert "import:srt" in archive("stats", "--by", "model").out
    assert [group["name"] for group in archive("stats", "--by", "language", "--json").json["groups"]] == [
        "en",
        "de",
        "fr",
    ]


def test_media_lists_with_filters_and_orders(archive: Run) -> None:
    by_words = archive("media", "list", "--sort", "words", "--limit", "2")
    assert [cells(line)[-1] for line in by_words.out.splitlines()[1:]] == ["A walk along the river", "Episode 7: Dams"]
    assert "These are the first 2; there are more" in by_words.err
    (found,) = archive("media", "list", "--language", "German", "--longer", "10:00", "--json").json
    known = ("title", "channel", "published", "language", "versions", "newest_version", "words", "accuracy", "filename")
    assert tuple(found[name] for name in known) == (
        "Episode 7: Dams", "Water Podcast", "2026-04-02", "de", 2, 1, 10, 0.88, "dams.wav",
    )  # fmt: skip
    names = [item["filename"] for item in archive("media", "list", "--sort", "title", "--reverse", "--json").json]
    assert (names[0], names[-1]) == ("noise.ogg", "talk.mp3")
    without = archive("media", "list", "--without-transcript", "--codec", "opus", "--since", "2026-01-01", "--json")
    assert {item["title"] for item in without.json} == {"broken.ogg", "noise.ogg"}
    nothing = archive("media", "list", "--title", "no such")
    assert (nothing.code, "Leave out a filter" in nothing.err) == (0, True)


def test_a_window_of_a_transcript(archive: Run) -> None:
    (dams,) = archive("media", "list", "--title", "dams", "--json").json
    (talk,) = archive("media", "list", "--title", "walk", "--json").json
    whole = archive("show", dams["id"]).out
    assert "[00:00:03.50]  Channel 2: Etwa sechzig Meter" in whole
    assert archive("show", dams["id"], "--around", "0:30").out == whole
    window = archive("show", talk["id"], "--around", "0:10", "--for", "4").out
    assert window.splitlines()[2:] == [
        "[00:00:04.50]  We talk about machine learning for water levels.",
        "[00:00:09.50]  And of something unclear there.",
    ]
    assert "(nothing is said there)" in archive("show", talk["id"], "--around", "20:00").out
    shown = archive("show", talk["id"], "--around", "11", "--for", "1", "--json").json
    assert [segment["start"] for segment in shown["segments"]] == [9.5]


def test_what_one_speaker_says(archive: Run) -> None:
    (dams,) = archive("media", "list", "--title", "dams", "--json").json
    said = archive("show", dams["id"], "--speaker", "CHANNEL 1").out
    assert ("Wie hoch" in said, "Etwa" in said) == (True, False)
    assert archive("show", dams["id"], "--speaker", "channel").out == archive("show", dams["id"]).out


def test_text_of_transcripts_is_no_command_to_the_terminal(run: Run, database_url: str) -> None:
    with Database(database_url) as database:
        result = add_transcript(database, "a.mp3", Said("Red \x1b[31malert.", speaker="Ann\x1b]0;me\x07"))
        add_transcript(database, "b\x1b[2J.mp3", "Fine.")
    shown = run("show", str(result.id)).out
    assert "alert." in shown
    assert "\x1b" not in shown + run("media", "list").out + run("stats", "--by", "model").out


REFUSED = [
    (("stats", "--by", "weather"), 2, "pipeline, model, language, channel"),
    (("stats", "--days", "0"), 2, "--days"),
    (("media", "list", "--sort", "beauty"), 2, "accuracy"),
    (("media", "list", "--language", "Klingonese"), 2, "is no language"),
    (("media", "list", "--longer", "long"), 2, "is no time"),
    (("media", "list", "--since", "yesterday"), 2, "--since"),
    (("show", "{id}", "--for", "1:00"), 2, "--around"),
    (("show", "{id}", "--around", "1:00", "--for", "0"), 2, "longer time"),
    (("show", "{id}", "--around", "2:00:00"), 2, "only 20:00 long"),
    (("show", "{id}", "--around", "soon"), 2, "is no time"),
    (("show", "{id}", "--speaker", "Cleo"), 1, "Channel 1, Channel 2"),
    (("show", "{id}", "--speaker", " "), 1, "Channel 1"),
    (("show", "{id}", "--version", "9", "--around", "1"), 1, "no version 9"),
]


def test_what_cannot_be_shown_is_explained(archive: Run) -> None:
    (dams,) = archive("media", "list", "--title", "dams", "--json").json
    for arguments, code, says in REFUSED:
        done = archive(*(argument.format(id=dams["id"]) for argument in arguments))
        assert (done.code, done.out) == (code, ""), arguments
        assert says in done.err
