"""The options of `trax search`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from trax.cli.console import one_line
from trax.cli.options import seconds_of
from trax.errors import UsageError

if TYPE_CHECKING:
    from trax.finding import Mode
    from trax.search.filters import Filters

NOT_KNOWN = "und"  # the language of transcripts that don't tell

MOST = 1000  # hits on a page

Query = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="QUERY...",
        help="""Words; '"exact phrase"', 'this OR that', 'this -not -that', 'begin*'.""",
        show_default=False,
    ),
]
Substring = Annotated[bool, typer.Option("--substring", help="Any part of the text, of 3 characters or more.")]
Semantic = Annotated[bool, typer.Option("--semantic", help="By meaning, not by words.")]
Hybrid = Annotated[bool, typer.Option("--hybrid", help="By words and by meaning.")]
Fuzzy = Annotated[
    bool | None, typer.Option("--fuzzy/--no-fuzzy", help="Similar words, too. [default: where nothing is found]")
]
Unsure = Annotated[
    bool, typer.Option("--unsure", help="Instead of a query: what the model was least sure of, worst first.")
]
Speaker = Annotated[str | None, typer.Option(metavar="NAME", help="Said by them; a part of the name is enough.")]
Channel = Annotated[str | None, typer.Option(metavar="NAME", help="Of that channel or podcast.")]
Media = Annotated[str | None, typer.Option(metavar="ID|TITLE", help="In that media, or with that in its title.")]
Since = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Published that day or later.")
]
Until = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Published that day or before.")
]
Language = Annotated[str | None, typer.Option("--language", "-l", help="Spoken in it: a code, such as en.")]
MinConfidence = Annotated[
    float | None, typer.Option(min=0.0, max=1.0, metavar="0..1", help="The model was at least so sure.")
]
MaxConfidence = Annotated[
    float | None, typer.Option(min=0.0, max=1.0, metavar="0..1", help="The model was at most so sure.")
]
Longer = Annotated[str | None, typer.Option(metavar="TIME", help="In media of at least that length: 90, 1:30:00.")]
Shorter = Annotated[str | None, typer.Option(metavar="TIME", help="In media of at most that length.")]
AllVersions = Annotated[bool, typer.Option("--all-versions", help="In older versions of transcripts, too.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=MOST, help="Hits on a page.")]
Page = Annotated[int, typer.Option(min=1, max=10_000, help="Which page of them.")]
Context = Annotated[int, typer.Option(min=0, max=50, help="Show so many segments before and after each, too.")]
Count = Annotated[bool, typer.Option("--count", help="Print only how many there are.")]


def text_of(query: list[str] | None, *, unsure: bool) -> str:
    """What is searched for. Raises: UsageError: nothing, or something that --unsure has no use for."""
    text = " ".join(query or ())
    if unsure and text.strip():
        raise UsageError("--unsure takes no query.", "Leave out one of them; filters go with both.")
    if not unsure and not text.strip():
        raise UsageError("There is nothing to search for.", "Give words, or --unsure.")
    return text


def mode_of(*, substring: bool, semantic: bool, hybrid: bool, fuzzy: bool | None, unsure: bool) -> Mode:
    """How it is searched. Raises: UsageError: in two ways at once, or in one that --unsure has no use for."""
    if substring + semantic + hybrid > 1:
        raise UsageError("--substring, --semantic and --hybrid don't go together.", "Choose one of them.")
    if unsure and (substring or semantic or hybrid or fuzzy is not None):
        raise UsageError("--unsure searches for no words.", "Leave out how they are to be searched.")
    if fuzzy and (substring or semantic):
        raise UsageError(
            f"--fuzzy and {'--substring' if substring else '--semantic'} don't go together.",
            "Similar words are looked for where words are: leave one of them out.",
        )
    if substring:
        return "substring"
    return "semantic" if semantic else "hybrid" if hybrid else "words"


def filters_of(
    *,
    speaker: str | None,
    channel: str | None,
    media: str | None,
    since: datetime | None,
    until: datetime | None,
    language: str | None,
    min_confidence: float | None,
    max_confidence: float | None,
    longer: str | None,
    shorter: str | None,
    all_versions: bool,
) -> Filters:
    """Where it is searched. Raises: UsageError: an option that means nothing."""
    from trax.search.filters import Filters

    return Filters(
        speaker=_name("--speaker", speaker),
        channel=_name("--channel", channel),
        media=_name("--media", media),
        since=None if since is None else since.date(),
        until=None if until is None else until.date(),
        language=_code(language),
        min_confidence=min_confidence,
        max_confidence=max_confidence,
        min_duration=None if longer is None else seconds_of(longer),
        max_duration=None if shorter is None else seconds_of(shorter),
        all_versions=all_versions,
    )


def _name(option: str, value: str | None) -> str | None:
    if value is not None and not value.strip():
        raise UsageError(f"{option} names nothing.", "Give a part of the name.")
    return None if value is None else value.strip()


def _code(language: str | None) -> str | None:
    from trax.ingest.languages import language_code

    if language is not None and language.strip().lower() == NOT_KNOWN:
        return NOT_KNOWN
    code = language_code(language)
    if language is not None and code is None:
        raise UsageError(f"{one_line(language)!r} is no language.", "Give a code such as en, or a name.")
    return code
