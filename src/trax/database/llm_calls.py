"""Queries about what language models were asked: a call is written down before it is sent, with its cost at most.

So a limit holds whoever asks at the same time, and a process that dies leaves nothing uncounted behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from trax.database.fencing import require_ours
from trax.database.llm_models import LlmCall
from trax.storable import storable_json, storable_text

KEPT_DAYS = 30  # that an answer waits for its request to be answered as a whole


@dataclass(frozen=True, slots=True)
class Asker:
    """The attempt that asks, the request that it is for, and the purse that pays."""

    job_id: UUID
    ticket_id: int
    request_id: UUID
    purse_id: UUID


@dataclass(frozen=True, slots=True)
class Usage:
    """What calls took, in all."""

    calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None  # US dollars; None: no price is known


def answers(session: Session, request_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """What was answered for that request, by question; the oldest first, where it was asked several times."""
    call = LlmCall
    statement = select(call.question, call.answer).where(call.request_id == request_id, call.answer.is_not(None))
    found: dict[str, list[dict[str, Any]]] = {}
    for question, answer in session.execute(statement.order_by(call.answered_at, call.id)):
        if answer is not None:
            found.setdefault(question, []).append(answer)
    return found


def reserve(
    session: Session, asker: Asker, question: str, model: str, *, cost: float | None, limit: float | None
) -> UUID | None:
    """ID of a call that may now be sent; None: with what it may cost its purse would pass the limit.

    cost: at most. Raises: JobInterrupted: the job is no longer this attempt's.
    """
    require_ours(session, asker.job_id, asker.ticket_id)
    if limit is not None:
        _one_at_a_time(session, asker.purse_id)
        if spent(session, asker.purse_id) + (cost or 0.0) > limit:
            return None
    call = insert(LlmCall).values(
        job_id=asker.job_id,
        request_id=asker.request_id,
        purse_id=asker.purse_id,
        question=question,
        model=storable_text(model)[:200],
        cost=cost,
    )
    return session.scalars(call.returning(LlmCall.id)).one()


def settle(session: Session, call_id: UUID, answer: dict[str, Any] | None, used: Usage) -> None:
    """Record what a call took, and what was answered; None: nothing that could be used another time."""
    statement = update(LlmCall).where(LlmCall.id == call_id)
    session.execute(
        statement.values(
            answer=None if answer is None else storable_json(answer),
            prompt_tokens=used.prompt_tokens,
            cached_tokens=used.cached_tokens,
            completion_tokens=used.completion_tokens,
            cost=used.cost,
            answered_at=func.clock_timestamp(),
        )
    )


def drop(session: Session, call_id: UUID) -> None:
    """Take back a call that has cost nothing."""
    session.execute(delete(LlmCall).where(LlmCall.id == call_id))


def spent(session: Session, purse_id: UUID) -> float:
    """US dollars that the purse has paid, and at most will have to for what is under way."""
    return session.scalar(select(func.coalesce(func.sum(LlmCall.cost), 0.0)).where(LlmCall.purse_id == purse_id)) or 0.0


def usage(session: Session, job_ids: Sequence[UUID]) -> Usage:
    """What all attempts at these jobs have taken."""
    call = LlmCall
    row = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(call.prompt_tokens), 0),
            func.coalesce(func.sum(call.cached_tokens), 0),
            func.coalesce(func.sum(call.completion_tokens), 0),
            func.sum(call.cost),
        ).where(call.job_id.in_(job_ids))
    ).one()
    return Usage(*row)


def forget(session: Session, request_id: UUID) -> None:
    """Drop the answers, and not what they cost: the request is answered."""
    call = LlmCall
    session.execute(update(call).where(call.request_id == request_id, call.answer.is_not(None)).values(answer=None))


def prune(session: Session) -> None:
    """Drop answers that nobody has come back to for long."""
    call = LlmCall
    old = and_(call.created_at < func.now() - timedelta(days=KEPT_DAYS), call.answer.is_not(None))
    session.execute(update(call).where(old).values(answer=None))


def _one_at_a_time(session: Session, purse_id: UUID) -> None:
    """Keep others from the purse until the transaction ends."""
    session.execute(sql("SELECT pg_advisory_xact_lock(hashtextextended(:purse, 0))"), {"purse": str(purse_id)})
