"""What requests to language models cost, and may cost at most."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from trax.enhancement.llm import Message
from trax.errors import UsageError

MILLION = 1_000_000
BYTES_PER_TOKEN = 1  # at least: figures and rare scripts come to that, so what is reserved is never too little
PER_MESSAGE = 8  # tokens around a message


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    sent: float
    cached: float  # of what is sent, what the provider had read shortly before
    received: float

    def cost(self, sent: int, cached: int, received: int) -> float:
        """US dollars; `cached` are among those sent."""
        fresh = max(0, sent - cached)
        return (fresh * self.sent + min(sent, cached) * self.cached + received * self.received) / MILLION


# https://api-docs.deepseek.com/quick_start/pricing, as of the end of 2025; later ones are for TRAX_LLM_PRICES.
PRICES = {
    "deepseek-chat": Price(0.28, 0.028, 0.42),
    "deepseek-reasoner": Price(0.28, 0.028, 0.42),
}


def price_of(model: str, prices: str | None = None) -> Price | None:
    """What that model costs, by `prices` where they are given: input/cached/output; None: nobody knows.

    Raises: UsageError: those are no prices.
    """
    if prices is None or not prices.strip():
        return PRICES.get(model)
    found = re.fullmatch(r"\s*(\d+(?:\.\d*)?)\s*/\s*(\d+(?:\.\d*)?)\s*/\s*(\d+(?:\.\d*)?)\s*", prices)
    if found is None:
        raise UsageError(
            f"TRAX_LLM_PRICES: {prices!r} are no prices.",
            "Give US dollars per million tokens: 0.28/0.028/0.42.",
        )
    return Price(*map(float, found.groups()))


def most_tokens(messages: Sequence[Message]) -> int:
    """How many tokens the messages have at most, whatever the tokenizer."""
    return sum(PER_MESSAGE + len(message["content"].encode()) // BYTES_PER_TOKEN for message in messages)
