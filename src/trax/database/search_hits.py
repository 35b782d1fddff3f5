"""From places to hits: what is shown of the few segments on a page."""

# ruff: noqa: S608  (statements are made of our own parts alone; what users say is bound)

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import quote

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from trax.database.search import Place
from trax.database.search_filters import CHANNEL, MEDIA_SAID, PUBLISHED, TITLE
from trax.database.search_sql import TRANSLATION, configuration_of
from trax.database.search_terms import Terms
from trax.search.exact import Span, joined
from trax.search.hits import Hit, Line
from trax.search.words import plain

MARK, UNMARK = "\ue000", "\ue001"  # of Unicode's private area: nobody's text has them
LONGEST_SPREAD = 12  # segments after its own that a phrase may reach into


@dataclass(frozen=True, slots=True)
class Shown:
    """What is wanted of each hit."""

    context: int = 0  # segments before and after
    terms: Terms | None = None  # whose single words are marked
    spans: Callable[[str], list[Span]] = lambda _: []  # what else is marked in a text
    may_go_on: bool = False  # what was searched for may end in a segment after that in which it begins


def hits(session: Session, places: Sequence[Place], shown: Shown) -> list[Hit]:
    """The hits at these places, in their order."""
    if not places:
        return []
    values = {
        "results": [place.result_id for place in places],
        "places": [place.idx for place in places],
        "lasts": [place.idx if place.last_idx is None else place.last_idx for place in places],
    }
    after = shown.context + (LONGEST_SPREAD if shown.may_go_on else 0)
    is_longer = any(place.last_idx is not None for place in places)
    around = _lines(session, values, shown.context, after) if after or is_longer else {}
    rows = session.execute(*_details(values, shown.terms)).all()
    return [_hit(row, places[row.number - 1], around.get(row.number, []), shown) for row in rows]


def _details(values: dict[str, Any], terms: Terms | None) -> tuple[Any, dict[str, Any]]:
    """Everything that is shown of segments, and their texts with the words marked."""
    marked = "NULL"
    if terms is not None and terms.single:
        query, of_query = terms.query("s", "single")
        options = f'\'HighlightAll=true, StartSel="{MARK}", StopSel="{UNMARK}"\''
        words = "translate(s.text, :translated, :spaces)"
        marked = f"ts_headline({configuration_of(terms, 's')}, {words}, {query}, {options})"
        values = {**values, **of_query, **TRANSLATION}
    statement = f"""
        SELECT at.number, s.idx, s.start_ms, s.end_ms, s.text, s.speaker, s.confidence, s.language, {marked} AS marked,
            r.id AS result_id, r.version, r.pipeline_version,
            coalesce(r.model_config->>'times' = 'estimated', false) AS is_estimated,
            m.id AS media_id, m.source_path, {TITLE} AS title, {CHANNEL} AS channel, {PUBLISHED} AS published,
            v.youtube_id, web.source AS address
        FROM unnest(CAST(:results AS uuid[]), CAST(:places AS integer[]))
            WITH ORDINALITY AS at (result_id, idx, number)
        JOIN transcript_segments s ON s.result_id = at.result_id AND s.idx = at.idx
        JOIN transcription_results r ON r.id = at.result_id
        JOIN media_files m ON m.id = r.media_file_id {MEDIA_SAID}
        LEFT JOIN LATERAL (
            SELECT place.source FROM media_sources place WHERE place.media_file_id = m.id AND place.kind = 'web'
            ORDER BY place.created_at, place.id LIMIT 1
        ) web ON true
        ORDER BY at.number"""
    return text(statement), values


Around: TypeAlias = list[tuple[int, Line]]


def _lines(session: Session, values: dict[str, Any], before: int, after: int) -> dict[int, Around]:
    """The segments around each place, with their places in the transcript."""
    statement = text("""
        SELECT at.number, s.idx, s.start_ms, s.end_ms, s.speaker, s.text
        FROM unnest(CAST(:results AS uuid[]), CAST(:places AS integer[]), CAST(:lasts AS integer[]))
            WITH ORDINALITY AS at (result_id, idx, last_idx, number)
        JOIN transcript_segments s
            ON s.result_id = at.result_id AND s.idx BETWEEN at.idx - :before AND at.last_idx + :after
        ORDER BY at.number, s.idx""")
    found: dict[int, Around] = {}
    for number, idx, start, end, speaker, said in session.execute(
        statement, {**values, "before": before, "after": after}
    ):
        found.setdefault(number, []).append((idx, Line(start / 1000, end / 1000, speaker, said)))
    return found


def _hit(row: Row[Any], place: Place, around: Around, shown: Shown) -> Hit:
    """The hit, with as many of the next segments as its words reach into."""
    later = [line for idx, line in around if idx > row.idx]
    said, end, used = row.text, row.end_ms / 1000, 0
    if place.last_idx is not None:
        used = sum(row.idx < idx <= place.last_idx for idx, _ in around)
        said = " ".join([said, *(line.text for line in later[:used])])
        end = max([end, *(line.end for line in later[:used])])
    elif shown.may_go_on:
        said, end, used = _stretched(said, end, later, shown.spans)
    marks = {*shown.spans(said), *_marked(row.text, row.marked)}
    return Hit(
        media_id=row.media_id,
        result_id=row.result_id,
        version=row.version,
        pipeline_version=row.pipeline_version,
        title=row.title,
        start=row.start_ms / 1000,
        end=end,
        text=said,
        speaker=row.speaker,
        confidence=None if row.confidence is None else round(row.confidence, 4),
        score=round(place.score, 6),
        marks=tuple(joined(marks)),
        language=row.language,
        link=_link(row),
        source=row.source_path,
        channel=row.channel,
        published=row.published,
        is_estimated=row.is_estimated,
        before=tuple(line for idx, line in around if idx < row.idx)[-shown.context :] if shown.context else (),
        after=tuple(later[used : used + shown.context]),
    )


def _stretched(
    said: str, end: float, later: Sequence[Line], spans: Callable[[str], list[Span]]
) -> tuple[str, float, int]:
    """Text and end, with those that follow until whatever begins in the text is whole."""
    whole = " ".join([said, *(line.text for line in later)])
    reach = max((stop for start, stop in spans(whole) if start < len(said)), default=0)
    used = 0
    while len(said) < reach:
        said, end = f"{said} {later[used].text}", later[used].end
        used += 1
    return said, end, used


def _marked(said: str, marked: str | None) -> list[Span]:
    """Where the server has marked words of a text."""
    if marked is None or marked.replace(MARK, "").replace(UNMARK, "") != plain(said):
        return []
    spans, place, start = [], 0, 0
    for character in marked:
        if character == MARK:
            start = place
        elif character == UNMARK:
            spans.append((start, place))
        else:
            place += 1
    return spans


def _link(row: Row[Any]) -> str | None:
    """A web address that begins to play there, where there is one."""
    seconds = row.start_ms // 1000
    if row.youtube_id:
        return f"https://youtu.be/{quote(row.youtube_id)}?t={seconds}"
    return None if row.address is None else f"{row.address.split('#')[0]}#t={seconds}"
