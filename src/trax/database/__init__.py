"""PostgreSQL: the only part of Trax that knows SQL. `embedded/` runs the server, the other modules talk to one.

Names resolve on first use, so that the embedded server's keeper process never loads SQLAlchemy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trax.database.base import Base, mapper_registry, register_model
    from trax.database.connect import open_database
    from trax.database.engine import Database
    from trax.database.models import (
        MediaFile,
        ProcessingJob,
        TranscriptionJob,
        TranscriptionResult,
        YouTubeVideo,
    )

_HOMES = {
    "Base": "base",
    "Database": "engine",
    "MediaFile": "models",
    "ProcessingJob": "models",
    "TranscriptionJob": "models",
    "TranscriptionResult": "models",
    "YouTubeVideo": "models",
    "mapper_registry": "base",
    "open_database": "connect",
    "register_model": "base",
}

__all__ = [
    "Base",
    "Database",
    "MediaFile",
    "ProcessingJob",
    "TranscriptionJob",
    "TranscriptionResult",
    "YouTubeVideo",
    "mapper_registry",
    "open_database",
    "register_model",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
