"""What corrections of that much sound will take of a language model."""

from __future__ import annotations

from dataclasses import dataclass

from trax.enhancement.budget import Price
from trax.timeline import Seconds

# Of read speech, 9,900 words an hour, in the chunks and with the prompt of this version, as Whisper's tokenizer counts
# them where most segments are corrected (benchmarks/README.md); prompts of fast talk are a little longer.
SENT_PER_HOUR = 40_000  # tokens
RECEIVED_PER_HOUR = 18_000


@dataclass(frozen=True, slots=True)
class Corrections:
    """Tokens, and what they cost where a price is known."""

    model: str
    sent: int
    received: int
    cost: float | None  # US dollars, nothing of it read before


def corrections_for(seconds: Seconds, model: str, price: Price | None) -> Corrections:
    """What it takes to correct so much speech, roughly."""
    sent, received = (round(seconds / 3600 * rate) for rate in (SENT_PER_HOUR, RECEIVED_PER_HOUR))
    cost = None if price is None else price.cost(sent, 0, received)
    return Corrections(model, sent, received, cost)
