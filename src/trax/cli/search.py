"""`trax search`: what was said, where, and by whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from trax.cli import search_options as option
from trax.cli.console import one_line, print_json, say, say_progress
from trax.cli.options import AsJson
from trax.cli.search_options import filters_of, mode_of, text_of

if TYPE_CHECKING:
    from trax.finding import Finder, Mode
    from trax.search.filters import Filters
    from trax.search.hits import Answer, Hit

NOTHING_FOUND = 1  # exit code, as that of grep


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be found and shown."""

    text: str
    mode: Mode
    filters: Filters
    fuzzy: bool | None
    limit: int
    page: int
    context: int

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.limit


def search(
    query: option.Query = None,
    substring: option.Substring = False,
    semantic: option.Semantic = False,
    hybrid: option.Hybrid = False,
    fuzzy: option.Fuzzy = None,
    unsure: option.Unsure = False,
    speaker: option.Speaker = None,
    channel: option.Channel = None,
    media: option.Media = None,
    since: option.Since = None,
    until: option.Until = None,
    language: option.Language = None,
    min_confidence: option.MinConfidence = None,
    max_confidence: option.MaxConfidence = None,
    longer: option.Longer = None,
    shorter: option.Shorter = None,
    all_versions: option.AllVersions = False,
    limit: option.Limit = 20,
    page: option.Page = 1,
    context: option.Context = 0,
    count: option.Count = False,
    as_json: AsJson = False,
) -> None:
    """Find what was said: moments of the newest transcripts, best first. Exit code 1 if there is none.

    All words have to be said within about 40 seconds, in any form: machine finds machines. What is in double quotes is
    found as it stands; they have to reach Trax, so put single ones around: '"to be or not to be"'.
    """
    filters = filters_of(
        speaker=speaker,
        channel=channel,
        media=media,
        since=since,
        until=until,
        language=language,
        min_confidence=min_confidence,
        max_confidence=max_confidence,
        longer=longer,
        shorter=shorter,
        all_versions=all_versions,
    )
    text = text_of(query, unsure=unsure)
    mode = mode_of(substring=substring, semantic=semantic, hybrid=hybrid, fuzzy=fuzzy, unsure=unsure)
    _answer(
        _Wanted(text, mode, filters, fuzzy, limit, page, context), is_unsure=unsure, is_count=count, as_json=as_json
    )


def _answer(wanted: _Wanted, *, is_unsure: bool, is_count: bool, as_json: bool) -> None:
    from trax.archive import Archive

    with Archive(announce=say_progress) as archive:
        finder = archive.finder
        if is_count:
            number = finder.count_unsure(wanted.filters) if is_unsure else _number(finder, wanted)
            typer.echo(number)
            raise typer.Exit(0 if number else NOTHING_FOUND)
        hits = _unsure(finder, wanted) if is_unsure else _hits(finder, wanted)
    _print(hits[: wanted.limit], as_json=as_json)
    if len(hits) > wanted.limit:
        say(f"There is more: --page {wanted.page + 1} shows it.")
    if not hits:
        say(_nothing(wanted, is_unsure=is_unsure))
        raise typer.Exit(NOTHING_FOUND)


def _number(finder: Finder, wanted: _Wanted) -> int:
    answer = finder.count(wanted.text, mode=wanted.mode, filters=wanted.filters, fuzzy=wanted.fuzzy)
    _remark(answer, wanted)
    return answer.total or 0


def _unsure(finder: Finder, wanted: _Wanted) -> list[Hit]:
    return finder.unsure(wanted.filters, limit=wanted.limit + 1, offset=wanted.offset, context=wanted.context)


def _hits(finder: Finder, wanted: _Wanted) -> Sequence[Hit]:
    """The hits of a page, and one more where there is more."""
    answer = finder.find(
        wanted.text,
        mode=wanted.mode,
        filters=wanted.filters,
        limit=wanted.limit + 1,
        offset=wanted.offset,
        context=wanted.context,
        fuzzy=wanted.fuzzy,
    )
    _remark(answer, wanted)
    return answer.hits


def _remark(answer: Answer, wanted: _Wanted) -> None:
    """What a person has to know of the answer beside its hits."""
    if answer.corrected is not None:
        why = "With similar words" if wanted.fuzzy else f"Nothing was found for {one_line(wanted.text)}"
        say(f"{why}: this is for {one_line(answer.corrected)}")
    if answer.is_partial:
        say("That is said so often that not every place was compared; more words, or a filter, find what is meant.")
    for note in answer.notes:
        say(one_line(note))


def _print(hits: Sequence[Hit], *, as_json: bool) -> None:
    from trax.cli.hits import facts, shown

    if as_json:
        print_json([facts(hit) for hit in hits])
        return
    for number, hit in enumerate(hits):
        lines = [*([""] if number else []), *shown(hit)]
        typer.echo("\n".join(lines))


def _nothing(wanted: _Wanted, *, is_unsure: bool) -> str:
    """Why there is nothing, as far as can be guessed, and what to try."""
    from trax.search.filters import Filters

    if wanted.page > 1:
        return "There are no more hits. Go back a page."
    if wanted.filters not in (Filters(), Filters(all_versions=True)):
        return "Nothing was found with these filters. Leave one out, or try fewer words."
    if is_unsure:
        return "There is nothing that the model was unsure of. Imported transcripts don't say how sure they are."
    if wanted.mode == "words":
        return "Nothing was found. Try fewer words, --fuzzy, or --substring for a part of a word."
    return "Nothing was found. Try other words."
