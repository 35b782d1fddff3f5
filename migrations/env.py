"""How Alembic reaches the database: over the connection that `trax db upgrade` hands in, or one opened here."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from trax.database import (  # noqa: F401  (the models register themselves)
    llm_models,
    mapper_registry,
    models,
    queue_models,
    reference_models,
    search_models,
    source_models,
    speaker_models,
)
from trax.database.connect import open_unchecked
from trax.settings import load_settings

PROCRASTINATE = "procrastinate_"  # its tables are made by our revisions and are no models of ours
BEYOND_THE_MODELS = {
    "table": search_models.PARTITIONS | search_models.OPTIONAL_TABLES,
    "index": search_models.OPTIONAL_INDEXES,
}
UPGRADE_LOCK = 7_287_829_101  # any number that nobody else uses: two upgrades at once would trip over each other


def run_migrations(connection: Connection) -> None:
    # Another upgrade is waited for as long as it takes; a table that somebody keeps locked is not.
    connection.execute(text("SET lock_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": UPGRADE_LOCK})
    connection.execute(text("SET lock_timeout = '10s'"))
    connection.commit()
    try:
        context.configure(
            connection=connection,
            target_metadata=mapper_registry.metadata,
            transaction_per_migration=True,
            compare_type=True,
            compare_server_default=True,
            include_name=_is_ours,
        )
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": UPGRADE_LOCK})
        connection.execute(text("RESET lock_timeout"))
        connection.commit()


def _is_ours(name: str | None, kind: str, _: object) -> bool:
    if kind == "table" and name is not None and name.startswith(PROCRASTINATE):
        return False
    return name not in BEYOND_THE_MODELS.get(kind, ())


def run_offline() -> None:
    """Print the SQL (`alembic upgrade head --sql`) for a database administrator to review or run."""
    context.configure(
        dialect_name="postgresql",
        target_metadata=mapper_registry.metadata,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},  # others write each % twice
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
elif (handed_in := context.config.attributes.get("connection")) is not None:
    run_migrations(handed_in)
else:
    with open_unchecked(load_settings()) as database, database.engine.connect() as own:
        run_migrations(own)
