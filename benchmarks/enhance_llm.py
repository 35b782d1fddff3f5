"""A language model that is told beforehand what to answer, good and bad: it stands in for one that can be paid."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trax.enhancement.llm import Completion, Message, Meter, unchecked

NAME = "adversary"
Counting = Callable[[str], int]  # tokens of a text


@dataclass(slots=True)
class Adversary:
    """Answers about one transcript, whose segments it knows by their number."""

    answers: Mapping[int, str]  # what it would have segments read; of others it says nothing
    count: Counting
    sent: int = field(default=0, init=False)  # tokens, in all
    received: int = field(default=0, init=False)
    model: str = NAME
    has_price: bool = True
    concurrency: int = 1

    def description(self) -> dict[str, Any]:
        return {"model": self.model}

    def complete(
        self, messages: Sequence[Message], *, check: Callable[[], None] = unchecked, meter: Meter = Meter()
    ) -> Completion:
        """The answers about the segments that are asked about, as JSON."""
        asked = json.loads(messages[-1]["content"])["segments"]
        known = {segment["id"]: self.answers.get(segment["id"], segment["text"]) for segment in asked}
        wanted = [{"id": s["id"], "text": known[s["id"]]} for s in asked if known[s["id"]] != s["text"]]
        text = json.dumps({"segments": wanted}, ensure_ascii=False)
        call = meter.begin(0.0)
        sent, received = sum(self.count(message["content"]) for message in messages), self.count(text)
        self.sent, self.received = self.sent + sent, self.received + received
        completion = Completion(text, sent, 0, received, self.model, "stop", 0.0, 0.0)
        meter.end(call, completion)
        return completion
