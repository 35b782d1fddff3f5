"""`trax passes`: what is doubtful in transcripts that are there is heard again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trax.cli.enhance_options import Glossary, enhance_options
from trax.cli.further import Again, Ids, Telling, run
from trax.cli.options import AsJson, Quiet, SecondModel, Version

if TYPE_CHECKING:
    from trax.result import Result


def passes(
    ids: Ids,
    second_model: SecondModel = None,
    glossary: Glossary = None,
    version: Version = None,
    again: Again = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Hear again what is doubtful in stored transcripts: a new version of each, made from the one that is named.

    What sounds unsure is heard with its noise turned down, and by a second model where one is named; of all that was
    heard the best stands. `trax diff` shows what changed. Exit code 1 if one of them can't be done.
    """
    options = {"second_model": second_model, **enhance_options(glossary, None)}
    run(
        lambda archive, hook: archive.passes(ids, version=version, hook=hook, force=again, **options),
        Telling(_done, _facts, "was heard again"),
        as_json=as_json,
        quiet=quiet,
    )


def _done(result: Result) -> str:
    """How much was heard again, and what that changed."""
    done = result.content.get("passes", {})
    changes = len(done.get("changes", []))
    heard = f"{done.get('heard_again', 0)} of {done.get('windows', 0)} windows heard again"
    return f"{heard}, {changes} change{'' if changes == 1 else 's'}"


def _facts(result: Result | None) -> dict[str, Any]:
    return {"passes": None if result is None else result.content.get("passes")}
