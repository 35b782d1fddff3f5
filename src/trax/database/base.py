"""The one registry that all tables hang on, and what every core table has in common."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import DateTime, MetaData, text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

# Stable names, so that a later migration can name what it changes.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

JsonObject = dict[str, Any]

mapper_registry = registry(
    metadata=MetaData(naming_convention=NAMING_CONVENTION),
    type_annotation_map={JsonObject: JSONB, list[Any]: JSONB, datetime: DateTime(timezone=True)},
)

_registered: dict[str, type[Any]] = {}

Model = TypeVar("Model", bound="Base")


class Base(DeclarativeBase):
    """Base of every model. A second definition of a registered model is left unmapped: see `register_model`."""

    registry = mapper_registry

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if cls.__name__ not in _registered:
            super().__init_subclass__(**kwargs)


def register_model(model: type[Model]) -> type[Model]:
    """The one mapped class of that name, whichever module path it was imported under.

    Importing a models file twice (`trax.database.models` and `src.trax.database.models`, say) otherwise ends in
    "Table is already defined" or "Multiple classes found for path".
    """
    known: type[Model] = _registered.setdefault(model.__name__, model)
    if known.__tablename__ != model.__tablename__:
        raise TypeError(f"two models are called {model.__name__}: one of {known.__tablename__}, one of another table")
    return known


class TimestampMixin:
    """`created_at` and `updated_at`; a trigger in the database moves the latter on every UPDATE."""

    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"), nullable=False, sort_order=90)
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"), nullable=False, sort_order=91)


class IdentityMixin:
    """A UUID primary key that the database generates."""

    id: Mapped[uuid.UUID] = mapped_column(
        UUID(as_uuid=True), primary_key=True, server_default=text("gen_random_uuid()"), sort_order=-1
    )
