"""Calls of a language model that outlive their attempt: counted before they are sent, and not paid for twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from uuid import UUID

from trax.database import llm_calls
from trax.database.engine import Database, Transaction
from trax.errors import CostLimit, DatabaseUnavailable, LlmNotSetUp
from trax.flow import Answer, Calls

PATIENCE = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before each further try to write down what was paid for


@dataclass(slots=True)
class KeptCalls(Calls):
    """The calls of one attempt."""

    database: Database
    asker: llm_calls.Asker
    limit: float | None = None

    def known(self) -> Mapping[str, Sequence[Answer]]:
        with self.database.transaction() as session:
            found = llm_calls.answers(session, self.asker.request_id)
        return {question: [Answer(**answer) for answer in answers] for question, answers in found.items()}

    def begin(self, question: str, model: str, cost: float | None) -> UUID:
        if self.limit is not None and cost is None:
            raise LlmNotSetUp(
                f"What {model} costs is not known, so no limit to it can be kept.",
                "Set TRAX_LLM_PRICES (0/0/0 for a model of your own), or leave the limit out.",
            )
        with self.database.transaction() as session:
            call = llm_calls.reserve(session, self.asker, question, model, cost=cost, limit=self.limit)
            spent = llm_calls.spent(session, self.asker.purse_id) if call is None else 0.0
        if call is None:
            raise CostLimit(
                f"The corrections may cost ${self.limit:.4g}; ${spent:.4f} of it is spent or under way, and the next "
                f"request might cost up to ${cost or 0:.4f}.",
                "Allow more with --max-cost and run it again: it goes on where it stopped.",
            )
        return call

    def end(self, call: UUID, answer: Answer) -> None:
        used = llm_calls.Usage(1, answer.prompt_tokens, answer.cached_tokens, answer.completion_tokens, answer.cost)
        self._patiently(lambda session: llm_calls.settle(session, call, asdict(answer), used))

    def drop(self, call: UUID) -> None:
        self._patiently(lambda session: llm_calls.drop(session, call))

    def _patiently(self, write: Callable[[Transaction], None]) -> None:
        for delay in PATIENCE:
            with suppress(DatabaseUnavailable), self.database.transaction() as session:
                write(session)
                return
            time.sleep(delay)
            with suppress(DatabaseUnavailable):
                self.database.wake()
        with self.database.transaction() as session:
            write(session)
