"""Trax, the transcript database: speech in, accurate, versioned, searchable transcripts in PostgreSQL out.

import trax

result = trax.transcribe("talk.mp3", model="tiny.en")
for segment in result.transcript.segments:
    print(segment.start, segment.text)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trax.archive import Archive, Outcome, transcribe
    from trax.errors import TraxError
    from trax.result import Result

__version__ = "0.1.0"

__all__ = ["Archive", "Outcome", "Result", "TraxError", "__version__", "transcribe"]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    # Resolved on first use: `trax --help` and the database's keeper don't wait for NumPy and SQLAlchemy.
    if name == "TraxError":
        from trax.errors import TraxError

        return TraxError
    if name in ("Archive", "Outcome", "Result", "transcribe"):
        from trax import archive

        return getattr(archive, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
