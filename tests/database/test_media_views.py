"""Which media files are listed, and in which order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import text

from tests.database import small_archive
from tests.finding.archive import add_media
from trax.database import Database, media_views
from trax.database.media_views import MediaFilter, MediaOrder


def listed(database: Database, **wanted: Any) -> list[str]:
    with database.transaction() as session:
        return [summary.media.filename for summary in media_views.listing(session, MediaFilter(**wanted))]


FILTERS: list[tuple[dict[str, Any], set[str]]] = [
    ({"status": "failed"}, {"broken.ogg", "noise.ogg"}),
    ({"format": "OGG"}, {"broken.ogg", "noise.ogg"}),
    ({"format": "og"}, set()),
    ({"format": "m4a"}, {"lecture.mp3"}),
    ({"codec": "PCM_s16le"}, {"dams.wav", "new.wav"}),
    ({"codec": "\x00"}, set()),
    ({"channel": "water"}, {"dams.wav"}),
    ({"language": "en"}, {"talk.mp3"}),
    ({"title": "walk along"}, {"talk.mp3"}),
    ({"title": "TALK"}, {"talk.mp3"}),
    ({"title": "%"}, set()),
    ({"title": "\x00\ud800"}, set()),
    ({"min_duration": 1200.0, "max_duration": 1800.0}, {"dams.wav", "talk.mp3"}),
    ({"without_transcript": True}, {"broken.ogg", "noise.ogg", "new.wav"}),
    ({"without_transcript": True, "status": "ready"}, {"new.wav"}),
]


def test_filters(database: Database) -> None:
    small_archive.fill(database)
    with database.transaction() as session:
        names = '{"format": "mov,mp4,m4a"}'
        session.execute(
            text("UPDATE media_files SET file_metadata = CAST(:names AS jsonb) WHERE filename = 'lecture.mp3'"),
            {"names": names},
        )
    for wanted, found in FILTERS:
        assert set(listed(database, **wanted)) == found, wanted


def test_since_a_day(database: Database) -> None:
    """What was published is as old as that; what was not, as old as its row."""
    small_archive.fill(database)
    known = {"talk.mp3", "dams.wav"}
    assert set(listed(database, since=date(2026, 3, 2))) - known == set(listed(database)) - known
    assert known & set(listed(database, since=date(2026, 3, 2))) == {"dams.wav"}
    assert listed(database, since=(datetime.now(UTC) + timedelta(days=2)).date()) == []


ORDERS: dict[MediaOrder, list[str]] = {
    "title": ["talk.mp3", "broken.ogg", "dams.wav", "lecture.mp3", "new.wav", "noise.ogg"],
    "duration": ["lecture.mp3", "talk.mp3", "dams.wav", "broken.ogg|noise.ogg", "broken.ogg|noise.ogg"],
    "size": ["talk.mp3"],
    "words": ["talk.mp3", "dams.wav", "lecture.mp3"],
    "accuracy": ["talk.mp3", "lecture.mp3", "dams.wav"],
}


def test_orders_and_the_other_way_round(database: Database) -> None:
    """What is not known stays last in both."""
    small_archive.fill(database)
    with database.transaction() as session:
        session.execute(text("UPDATE media_files SET file_size = 9000000 WHERE filename = 'talk.mp3'"))
    for order, found in ORDERS.items():
        assert all(map(_is, found, listed(database, order=order))), order
        turned = listed(database, order=order, reverse=True)
        if order == "size":
            assert turned[-1] == "talk.mp3"
        else:
            assert all(map(_is, found[::-1], turned)), order


def _is(expected: str, name: str) -> bool:
    return name in expected.split("|")


def test_the_newest_come_first(database: Database) -> None:
    for number in range(3):
        add_media(database, f"{number}.mp3")
    assert listed(database) == ["2.mp3", "1.mp3", "0.mp3"]
    assert listed(database, reverse=True) == ["0.mp3", "1.mp3", "2.mp3"]
    with database.transaction() as session:
        (first,) = media_views.listing(session, MediaFilter(), limit=1)
    assert first.media.filename == "2.mp3"
