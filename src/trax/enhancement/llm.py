"""What a language model promises to whoever asks it, and how what it takes is counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from trax.timeline import Seconds

Message = Mapping[str, str]  # role and content, as in OpenAI's chat completions


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer, and what it took."""

    text: str
    prompt_tokens: int
    cached_tokens: int  # of these, those that the provider had read before
    completion_tokens: int
    model: str  # as the provider calls it
    finish_reason: str  # stop, length, ...
    seconds: Seconds
    cost: float | None  # US dollars; None: no price is known


class Meter:
    """Counts each request that is sent; this one counts nothing. Several threads may use it at the same time."""

    def begin(self, cost: float | None) -> Any:
        """A request is about to be sent, which will cost so much at most; what this raises keeps it from being sent."""

    def end(self, call: Any, completion: Completion) -> None:
        """It was answered."""

    def drop(self, call: Any) -> None:
        """It was refused, and cost nothing. A request of which neither is known may have cost what it could."""


def unchecked() -> None:
    """Nobody wants to stop."""


class Llm(Protocol):
    """A language model that is ready to be asked; any number of threads may."""

    @property
    def model(self) -> str:
        """Its name, as it is asked for."""
        ...

    @property
    def has_price(self) -> bool:
        """Whether it is known what it costs."""
        ...

    @property
    def concurrency(self) -> int:
        """How many requests it takes at a time."""
        ...

    def description(self) -> dict[str, Any]:
        """Everything that shapes its answers but the messages, as JSON."""
        ...

    def complete(
        self, messages: Sequence[Message], *, check: Callable[[], None] = unchecked, meter: Meter = ...
    ) -> Completion:
        """What it answers. What `check` raises, called several times a second, ends the wait at once.

        Raises: LlmRefused, LlmOutOfCredit: trying again is in vain. LlmUnreachable: it was tried again, in vain.
            What `meter` raises.
        """
        ...
