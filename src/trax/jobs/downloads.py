"""Downloads, told to whoever waits as if they were a stage: in bytes instead of seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trax.flow import Hook, Progress
from trax.jobs import acquire


@dataclass(frozen=True, slots=True)
class Downloads(acquire.Observer):
    """Tells a hook."""

    hook: Hook

    def begin(self, name: Path) -> Callable[[int, int | None], None]:
        line = self.hook.begin(name)
        return lambda done, total: line.progress(Progress("download", done, total))

    def finish(self, name: Path) -> None:
        self.hook.finish(name)

    def notice(self, text: str) -> None:
        self.hook.notice(text)
