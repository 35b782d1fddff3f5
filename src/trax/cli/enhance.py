"""`trax enhance`: a language model corrects transcripts that are there, as far as the sound agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trax.cli.enhance_options import Glossary, MaxCost, enhance_options
from trax.cli.further import Again, Ids, Telling, run
from trax.cli.options import AsJson, Quiet, Version

if TYPE_CHECKING:
    from trax.result import Result


def enhance(
    ids: Ids,
    glossary: Glossary = None,
    max_cost: MaxCost = None,
    version: Version = None,
    again: Again = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Have a language model correct stored transcripts: a new version of each, made from the one that is named.

    The text is sent to the language model of TRAX_LLM_BASE_URL, the sound never. What changes the words is taken over
    only if the sound agrees; `trax diff` shows what was, and `trax revert-edit` takes it back. Exit code 1 if one of
    them can't be done.
    """
    options = enhance_options(glossary, max_cost)
    run(
        lambda archive, hook: archive.enhance(ids, version=version, hook=hook, force=again, **options),
        Telling(_done, _facts, "had been corrected"),
        as_json=as_json,
        quiet=quiet,
    )


def money(cost: float | None) -> str:
    """What it cost, after a comma; nothing where no price is known."""
    return "" if cost is None else f", ${cost:.4f}"


def _done(result: Result) -> str:
    """What was taken over, and what it cost."""
    metadata = _metadata(result)
    counts = f"{metadata.get('accepted', 0)} edits accepted, {metadata.get('refused', 0)} refused"
    return f"{counts}{money(metadata.get('cost'))}"


def _facts(result: Result | None) -> dict[str, Any]:
    return {
        "improvements": [] if result is None else list(result.content.get("improvements", [])),
        "enhancement_metadata": None if result is None else _metadata(result) or None,
    }


def _metadata(result: Result) -> dict[str, Any]:
    return dict(result.content.get("enhancement_metadata") or {})
