"""Corrections by hand are versions of their own, and are carried over to those that machines make later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest

from tests.editing.stored import store
from tests.jobs import queued
from tests.passes.words import transcript
from trax.archive import Archive
from trax.database import Database, measuring, naming, references
from trax.editing.merge import Conflict
from trax.errors import UsageError
from trax.jobs.edits import open_for_editing
from trax.jobs.rebase import conflicts_of, rebase
from trax.result import Result
from trax.search.filters import Filters
from trax.settings import load_settings
from trax.transcript import Transcript

HEARD = ("the cat sat on the mat", "and it purred all night")
LABELS = ("SPEAKER_00", "SPEAKER_01")
INFO = {
    "engine": "stand-in",
    "num_speakers": 2,
    "speakers": [
        {"label": label, "name": None, "seconds": 2.0, "words": words, "first_at": 0.0, "turns": 1}
        for label, words in zip(LABELS, (6, 5), strict=True)
    ],
    "turns": [[0.0, 3.0, LABELS[0]], [3.0, 6.0, LABELS[1]]],
    "overlaps": [],
}


@pytest.fixture
def archive(embedded_database: Database) -> Iterator[Archive]:
    with Archive(load_settings(database_url=embedded_database.address())) as opened:
        yield opened


@pytest.fixture
def media(archive: Archive) -> UUID:
    return queued.add_media(archive.database)


def spoken_by(spoken: Transcript, *labels: str) -> Transcript:
    segments = (
        replace(segment, speaker=label, words=tuple(replace(word, speaker=label) for word in segment.words))
        for segment, label in zip(spoken.segments, labels, strict=True)
    )
    return replace(spoken, segments=tuple(segments))


def document(archive: Archive, id: UUID) -> str:
    return open_for_editing(archive.database, str(id)).document


def edited(archive: Archive, id: UUID, old: str, new: str) -> Result:
    """As in an editor."""
    return archive.edit(str(id), document(archive, id).replace(old, new))


def texts(result: Result) -> list[str]:
    return [segment.text for segment in result.transcript.segments]


def accuracy(archive: Archive, id: UUID) -> float | None:
    return archive.result(str(id)).accuracy


def test_an_edit_is_a_child_with_the_times_of_its_words(archive: Archive, media: UUID) -> None:
    first = store(archive.database, media, *HEARD)
    made = edited(archive, media, "cat", "bat")
    assert (made.parent_id, made.pipeline_version, made.version, made.existed) == (first, "edit", 2, False)
    assert texts(made) == ["the bat sat on the mat", HEARD[1]]
    before = archive.result(str(first)).transcript.words
    assert [(word.start, word.end) for word in made.transcript.words] == [(word.start, word.end) for word in before]
    assert made.content["edited"] == {
        "from": str(first), "how": "file", "changes": 1, "speakers": 0, "checked": True
    }  # fmt: skip
    assert (made.model_used, made.profile) == ("tiny.en", {})
    assert [hit.result_id for hit in archive.finder.find("bat").hits] == [made.id]
    assert queued.status_of(archive.database, made.job_id) == "completed"


def test_where_nothing_changes_nothing_is_stored(archive: Archive, media: UUID) -> None:
    first = store(archive.database, media, *HEARD)
    again = archive.edit(str(media), document(archive, media))
    assert (again.id, again.existed, len(archive.versions(str(media)))) == (first, True, 1)


def test_a_document_is_of_the_version_that_it_names(archive: Archive, media: UUID) -> None:
    first = store(archive.database, media, *HEARD)
    old = document(archive, media)
    second = store(archive.database, media, "something else")
    made = archive.edit(str(media), old.replace("cat", "bat"))
    assert (made.parent_id, made.version) == (first, 3)
    with pytest.raises(UsageError, match=r"is of version 1, and .* is version 2"):
        archive.edit(str(second), old)
    elsewhere = queued.add_media(archive.database)
    store(archive.database, elsewhere, *HEARD)
    with pytest.raises(UsageError, match="is of another recording"):
        archive.edit(str(elsewhere), old)


def test_checked_edits_measure_the_others(archive: Archive, media: UUID) -> None:
    first = store(archive.database, media, *HEARD)
    by_rule = archive.edit(str(media), replacing=[("cat", "bat")])
    assert accuracy(archive, first) == 0.8, "nobody has read the whole"
    assert by_rule.accuracy is not None
    assert by_rule.content["edited"]["replaced"] == [["cat", "bat"]]
    with archive.database.transaction() as session:
        assert references.standing(session, media) is None
        assert media not in references.media_with_reference(session)
    by_hand = edited(archive, first, "cat", "bat")
    assert accuracy(archive, first) == pytest.approx(10 / 11)
    assert (accuracy(archive, by_rule.id), accuracy(archive, by_hand.id)) == (1.0, None)
    with archive.database.transaction() as session:
        assert set(measuring.of_results(session, [first, by_rule.id, by_hand.id])) == {first, by_rule.id}
    checked = archive.edit(str(by_rule.id), replacing=[("mat", "hat")], checked=True)
    assert accuracy(archive, first) == pytest.approx(9 / 11)
    assert checked.content["edited"]["checked"] is True


def test_an_edit_of_a_part_measures_nothing(archive: Archive, media: UUID) -> None:
    part = store(archive.database, media, *HEARD, decode={"start": 0.0, "end": 60.0})
    edited(archive, part, "cat", "bat")
    assert accuracy(archive, part) == 0.8


def test_names_of_speakers_are_kept(archive: Archive, media: UUID) -> None:
    first = store(archive.database, media, spoken=spoken_by(transcript(*HEARD), *LABELS), speaker_info=INFO)
    with archive.database.transaction() as session:
        naming.rename(session, naming.result_of(session, str(first)), LABELS[0], "Ada [x]")
    text = document(archive, media)
    assert r"| Ada [x\]] the cat" in text
    made = archive.edit(str(media), text.replace("cat", "bat"))
    assert [segment.speaker for segment in made.transcript.segments] == ["Ada [x]", LABELS[1]]
    swapped = archive.edit(str(made.id), document(archive, made.id).replace(f"| {LABELS[1]}]", r"| Ada [x\]]"))
    assert {word.speaker for word in swapped.transcript.words} == {"Ada [x]"}
    assert swapped.content["edited"]["speakers"] == 1
    assert [fact["words"] for fact in (swapped.speaker_info or {})["speakers"]] == [11, 0]
    new = archive.edit(str(made.id), document(archive, made.id).replace(f"| {LABELS[1]}]", "| Eve]"))
    assert [segment.speaker for segment in new.transcript.segments] == ["Ada [x]", "Eve"]
    assert (new.speaker_info or {})["turns"] == INFO["turns"]
    assert [one["label"] for one in (new.speaker_info or {})["speakers"]] == [*LABELS, "Eve"]
    with archive.database.transaction() as session:
        naming.rename(session, naming.result_of(session, str(new.id)), "Eve", "Eve Lee")
    assert [hit.result_id for hit in archive.finder.find("purred", filters=Filters(speaker="Eve Lee")).hits] == [new.id]


def test_corrections_are_carried_over(archive: Archive, media: UUID) -> None:
    first = store(archive.database, media, *HEARD)
    edit = edited(archive, first, "cat", "bat")
    again = store(
        archive.database,
        media,
        spoken=spoken_by(transcript(HEARD[0], "and it slept all night"), *LABELS),
        speaker_info=INFO,
        made_by="v4",
    )
    assert archive.result(str(again)).lacks == edit.version
    made = archive.rebase(str(media))
    assert (made.parent_id, made.pipeline_version, made.existed) == (again, "edit", False)
    assert texts(made) == ["the bat sat on the mat", "and it slept all night"]
    assert {segment.speaker for segment in made.transcript.segments} == set(LABELS)
    assert {word.speaker for word in made.transcript.segments[0].words} == {LABELS[0]}
    facts = made.content["edited"]
    assert (facts["edit"], facts["base"], facts["changes"], facts["conflicts"], facts["checked"]) == (
        str(edit.id), str(first), 1, [], False
    )  # fmt: skip
    assert accuracy(archive, made.id) == pytest.approx(10 / 11), "by what somebody has checked"
    assert [hit.result_id for hit in archive.finder.find("bat slept").hits] == [made.id]
    assert [archive.result(str(id)).lacks for id in (first, again, made.id)] == [None, None, None]


def test_conflicts_are_kept(archive: Archive, media: UUID) -> None:
    first = store(archive.database, media, *HEARD)
    edit = edited(archive, first, "cat", "bat")
    store(archive.database, media, HEARD[0].replace("cat", "hat"), HEARD[1])
    made = archive.rebase(str(edit.id))
    conflict = Conflict(0.5, 0.9, "cat", "bat", "hat", "edit")
    assert conflicts_of(made.content) == (conflict,)
    assert texts(made)[0] == "the bat sat on the mat"
    other = archive.rebase(str(edit.id), take="machine")
    assert (texts(other)[0], other.version) == ("the hat sat on the mat", made.version + 1)
    assert conflicts_of(other.content) == (replace(conflict, taken="machine"),)
    with pytest.raises(UsageError, match="No corrections were carried over"):
        conflicts_of(edit.content)


def test_what_was_corrected_before_a_machine_s_stage_is_carried_over_too(archive: Archive, media: UUID) -> None:
    first = store(archive.database, media, *HEARD)
    edit = edited(archive, first, "cat", "bat")
    told = store(archive.database, media, spoken=edit.transcript, made_by="v4", parent_id=edit.id)
    assert archive.result(str(told)).lacks is None
    edited(archive, told, "purred", "slept")
    store(archive.database, media, *HEARD)
    assert texts(archive.rebase(str(media))) == ["the bat sat on the mat", "and it slept all night"]


def test_two_who_corrected_the_same_version(archive: Archive, media: UUID) -> None:
    first = store(archive.database, media, *HEARD)
    one = edited(archive, first, "cat", "bat")
    other = edited(archive, first, "purred", "slept")
    assert texts(archive.rebase(str(other.id), str(one.id))) == ["the bat sat on the mat", "and it slept all night"]


def test_where_nothing_is_to_be_done_it_is_said(archive: Archive, media: UUID) -> None:
    first = store(archive.database, media, *HEARD)
    with pytest.raises(UsageError, match="Nobody has corrected"):
        archive.rebase(str(media))
    edit = edited(archive, first, "cat", "bat")
    database = archive.database
    assert "its corrections are of that one" in (rebase(database, str(media)).nothing or "")
    told = store(database, media, spoken=edit.transcript, made_by="v4", parent_id=edit.id)
    assert "Version 3 has the corrections of version 2" in (rebase(database, str(media)).nothing or "")
    again = store(database, media, "the cat sat on the rug")
    assert archive.result(str(again)).lacks == 2
    assert rebase(database, str(media), dry_run=True).result_id is None
    assert rebase(database, str(media)).result_id is not None
    known = rebase(database, str(edit.id), str(again))
    assert "Version 5 has the corrections of version 2" in (known.nothing or "")
    assert archive.rebase(str(edit.id), str(again)).existed
    assert rebase(database, str(edit.id), str(told)).nothing is not None
    assert len(archive.versions(str(media))) == 5


def test_what_does_not_belong_together_is_refused(archive: Archive, media: UUID) -> None:
    first = store(archive.database, media, *HEARD)
    edit = edited(archive, first, "cat", "bat")
    part = store(archive.database, media, *HEARD, decode={"start": 0.0, "end": 60.0})
    silent = store(archive.database, media, spoken=Transcript("en", 9.0))
    elsewhere = queued.add_media(archive.database)
    other = store(archive.database, elsewhere, *HEARD)
    assert archive.result(str(part)).lacks is None
    for onto, problem in (
        (part, "not of the same part"),
        (other, "is a transcript of"),
        (elsewhere, "is a transcript of"),
        (media, "is a media file"),
        (silent, "has no text with times"),
    ):
        with pytest.raises(UsageError, match=problem):
            archive.rebase(str(edit.id), str(onto))
    with pytest.raises(UsageError, match="Nobody has corrected version 1"):
        archive.rebase(str(first))
    with pytest.raises(UsageError, match="has no text with times"):
        archive.edit(str(silent), replacing=[("a", "b")])
