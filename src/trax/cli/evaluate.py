"""`trax evaluate`: how right transcripts are, beside what really was said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trax.cli.console import one_line, print_json, print_table, say, say_cause, say_progress, short
from trax.cli.options import AsJson, Version
from trax.errors import UsageError

if TYPE_CHECKING:
    from trax.diarization.der import DiarizationError
    from trax.evaluation.bootstrap import Bounds
    from trax.evaluation.errors import Errors
    from trax.evaluation.score import Score
    from trax.jobs.evaluate import Evaluation, Options, Outcome

NOTHING = "-"
DIGITS = 6  # of a rate in JSON

Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID...", help="Media files or transcripts, by their IDs.", show_default=False),
]
AgainstOption = Annotated[
    list[str] | None,
    typer.Option(
        "--against",
        metavar="FILE",
        help="Reference: text, SRT, WebVTT, STM, RTTM, or the ID of a transcript; twice for words and turns. "
        "[default: the stored one]",
    ),
]
AllReferences = Annotated[bool, typer.Option("--references", help="All media files that have a stored reference.")]
Text = Annotated[
    Path | None, typer.Option("--text", metavar="FILE", help="Evaluate a file, and nothing of the archive.")
]
NormaliserName = Annotated[
    str, typer.Option("--normaliser", metavar="NAME", help="whisper: spellings and numbers alike; or plain.")
]
Collar = Annotated[
    float, typer.Option("--collar", min=0.0, max=10.0, help="Seconds around borders of turns that don't count.")
]
SkipOverlap = Annotated[bool, typer.Option("--skip-overlap", help="Where several speak at once doesn't count.")]
LanguageOption = Annotated[
    str | None, typer.Option("--language", "-l", help="Of files that don't say it: a code, such as en.")
]


def evaluate(
    ids: Ids = None,
    against: AgainstOption = None,
    references: AllReferences = False,
    version: Version = None,
    text: Text = None,
    normaliser: NormaliserName = "whisper",
    collar: Collar = 0.0,
    skip_overlap: SkipOverlap = False,
    language: LanguageOption = None,
    as_json: AsJson = False,
) -> None:
    """Count what is wrong in transcripts, by words, characters and speakers, with intervals of 95 %.

    Exit code 1 if one of them can't be evaluated.
    """
    from trax.evaluation.normalise import named
    from trax.jobs.evaluate import Options

    _check(ids or [], against or [], references=references, version=version, text=text)
    options = Options(named(normaliser), collar, skip_overlap, language)
    outcomes = list(_outcomes(ids or [], against or [], version, text, options))
    _report(outcomes, as_json=as_json)
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(1)


def _check(
    ids: Sequence[str], against: Sequence[str], *, references: bool, version: int | None, text: Path | None
) -> None:
    """Raises: UsageError: it isn't clear what is to be compared with what."""
    ways = bool(ids) + references + (text is not None)
    if ways == 0:
        raise UsageError(
            "There is nothing to evaluate.", "Name media files or transcripts, --references, or a file with --text."
        )
    if ways > 1:
        raise UsageError("IDs, --references and --text exclude each other.", "Choose one of them.")
    if references and against:
        raise UsageError("--references takes the references that are stored.", "Leave out --against.")
    if text is not None and not against:
        raise UsageError("A text is compared with a reference.", "Name it with --against FILE.")
    if text is not None and version is not None:
        raise UsageError("A file has no versions.", "Leave out --version.")


def _outcomes(
    ids: Sequence[str], against: Sequence[str], version: int | None, text: Path | None, options: Options
) -> Iterator[Outcome]:
    from trax.jobs import evaluate as work

    named = work.read_against(against, options.language)
    if text is not None:
        yield work.Outcome(text.name, work.evaluate_files(text, named, options))
        return
    from trax.archive import Archive

    with Archive(announce=say_progress) as archive:
        if ids:
            yield from work.evaluate_results(archive.database, ids, named, version, options)
        else:
            yield from work.evaluate_referenced(archive.database, version, options)


def _report(outcomes: Sequence[Outcome], *, as_json: bool) -> None:
    for outcome in outcomes:
        if outcome.error is not None:
            say(f"trax: {_named(outcome)}: {outcome.error}")
            say_cause(outcome.error)
        elif outcome.evaluation is not None:
            for note in outcome.evaluation.notes:
                say(f"{one_line(outcome.evaluation.judged.title)}: {note}")
    found = [outcome.evaluation for outcome in outcomes if outcome.evaluation is not None]
    score, speakers = _total(found)
    if as_json:
        print_json(
            {
                "confidence_level": 0.95,
                "files": [_facts(outcome) for outcome in outcomes],
                "total": {"files": len(found), **_rates(score, speakers)},
            }
        )
    elif found:
        _print(found, score, speakers)


def _named(outcome: Outcome) -> str:
    return one_line(outcome.named[:8] if len(outcome.named) == 36 else outcome.named)


def _total(found: Sequence[Evaluation]) -> tuple[Score | None, DiarizationError | None]:
    from trax.evaluation.score import together
    from trax.jobs.evaluate import der_of_all

    scores = [one.score for one in found if one.score is not None]
    return together(scores), der_of_all([one.speakers for one in found if one.speakers is not None])


def _print(found: Sequence[Evaluation], score: Score | None, speakers: DiarizationError | None) -> None:
    rows = [_row(*_who(one), one.score, one.speakers, one_line(one.judged.title)) for one in found]
    if len(found) > 1:
        rows.append(_row("in all", "", "", score, speakers, f"{len(found)} files"))
    columns = ["id", "version", "pipeline", "words", "WER", "95 %", "S", "D", "I", "CER", "DER", "file"]
    empty = [place for place in range(1, len(columns) - 1) if all(row[place] in (NOTHING, "") for row in rows)]
    kept = [place for place in range(len(columns)) if place not in empty]
    print_table([columns[place] for place in kept], [[row[place] for place in kept] for row in rows])


def _who(one: Evaluation) -> tuple[str, str, str]:
    judged = one.judged
    return (
        NOTHING if judged.result_id is None else short(judged.result_id),
        NOTHING if judged.version is None else str(judged.version),
        judged.pipeline_version or NOTHING,
    )


def _row(
    id: str, version: str, pipeline: str, score: Score | None, speakers: DiarizationError | None, file: str
) -> list[str]:
    der = NOTHING if speakers is None else f"{speakers.rate:.1%}"
    if score is None:
        return [id, version, pipeline, *[NOTHING] * 7, der, file]
    words = score.words
    return [
        id,
        version,
        pipeline,
        f"{words.count:,}",
        f"{words.rate:.2%}",
        _interval(score.word_bounds),
        f"{words.substitutions:,}",
        f"{words.deletions:,}",
        f"{words.insertions:,}",
        f"{score.characters.rate:.2%}",
        der,
        file,
    ]


def _interval(bounds: Bounds | None) -> str:
    return NOTHING if bounds is None else f"{100 * bounds.low:.2f}-{100 * bounds.high:.2f}"


def _facts(outcome: Outcome) -> dict[str, Any]:
    found = outcome.evaluation
    if found is None:
        return {"named": one_line(outcome.named), "error": outcome.error and str(outcome.error)}
    judged = found.judged
    return {
        "named": one_line(outcome.named),
        "title": judged.title,
        "media_id": judged.media_id and str(judged.media_id),
        "result_id": judged.result_id and str(judged.result_id),
        "version": judged.version,
        "pipeline_version": judged.pipeline_version,
        "model_used": judged.model_used,
        "language": judged.language,
        "references": list(found.references),
        "normaliser": found.normaliser,
        **_rates(found.score, found.speakers),
        "notes": list(found.notes),
        "error": None,
    }


def _rates(score: Score | None, speakers: DiarizationError | None) -> dict[str, Any]:
    return {
        "words": None if score is None else _counts("wer", score.words, score.word_bounds),
        "characters": None if score is None else _counts("cer", score.characters, score.character_bounds),
        "speakers": None if speakers is None else _seconds(speakers),
    }


def _counts(name: str, errors: Errors, bounds: Bounds | None) -> dict[str, Any]:
    return {
        name: round(errors.rate, DIGITS),
        "low": None if bounds is None else round(bounds.low, DIGITS),
        "high": None if bounds is None else round(bounds.high, DIGITS),
        "count": errors.count,
        "substitutions": errors.substitutions,
        "deletions": errors.deletions,
        "insertions": errors.insertions,
    }


def _seconds(speakers: DiarizationError) -> dict[str, Any]:
    return {
        "der": round(speakers.rate, DIGITS),
        "missed_seconds": round(speakers.missed, 3),
        "false_alarm_seconds": round(speakers.false_alarm, 3),
        "confusion_seconds": round(speakers.confusion, 3),
        "speech_seconds": round(speakers.total, 3),
        "mapping": speakers.mapping,
    }
