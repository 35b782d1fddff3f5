"""`trax versions`: how a transcript came to be what it is."""

from __future__ import annotations

from trax.cli.console import local, print_json, print_table, short
from trax.cli.options import AsJson, Id


def versions(id: Id, as_json: AsJson = False) -> None:
    """List the versions of a transcript, oldest first, each with the one it was made from."""
    from trax.archive import Archive
    from trax.cli.console import say_progress
    from trax.database import measuring

    with Archive(announce=say_progress) as archive:
        found = archive.versions(id)
        with archive.database.transaction() as session:
            measured = measuring.of_results(session, [result.id for result in found])
    if as_json:
        print_json(
            [
                {
                    "id": str(result.id),
                    "media_id": str(result.media_id),
                    "version": result.version,
                    "parent_id": str(result.parent_id) if result.parent_id else None,
                    "pipeline_version": result.pipeline_version,
                    "model_used": result.model_used,
                    "language": result.transcript.language,
                    "word_count": result.word_count,
                    "accuracy": result.accuracy,
                    "accuracy_measured": result.id in measured,
                    "processing_time": result.processing_time,
                    "created_at": result.created_at.isoformat(),
                }
                for result in found
            ]
        )
        return
    print_table(
        ("version", "id", "from", "pipeline", "model", "language", "words", "accuracy", "seconds", "made"),
        [
            (
                result.version,
                short(result.id),
                short(result.parent_id) if result.parent_id else "-",
                result.pipeline_version,
                result.model_used,
                result.transcript.language,
                result.word_count,
                "-" if result.accuracy is None else _accuracy(result.accuracy, result.id in measured),
                "-" if result.processing_time is None else f"{result.processing_time:.1f}",
                local(result.created_at),
            )
            for result in found
        ],
    )


def _accuracy(accuracy: float, is_measured: bool) -> str:
    return f"{accuracy:.3f} measured" if is_measured else f"{accuracy:.2f}"
