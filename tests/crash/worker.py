"""`trax work` with the suite's pipeline.

With `--without-fence` as its first argument, nothing keeps stale attempts out.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.crash import ledger, pipeline
from trax.jobs import memory

KEEPING = 0.1  # seconds of work from which on windows are kept: jobs here last no longer than a second


def without_fence() -> None:
    """Let every attempt believe that its job is still its own, wherever it asks.

    The look for a result of the same job before the commit goes too: it is there for commits whose answer was lost, and
    would hide what the fence is for.
    """
    from trax.database import checkpoints, fencing, queue, transcripts  # noqa: F401 - their users are loaded now
    from trax.jobs import attempt  # noqa: F401

    _replace_everywhere(fencing.is_ours, lambda *_: True)
    _replace_everywhere(fencing.require_ours, lambda *_: None)
    _replace_everywhere(transcripts.of_job, lambda *_: None)


def _replace_everywhere(function: Any, by: Any) -> None:
    modules = [module for name, module in list(sys.modules.items()) if name.startswith("trax")]
    places = [(module, name) for module in modules for name in _names(module, function)]
    assert places
    for module, name in places:
        setattr(module, name, by)


def _names(module: ModuleType, value: Any) -> list[str]:
    return [name for name, found in vars(module).items() if found is value]


def main() -> None:
    """Run the worker; further arguments go to `trax work`."""
    from trax.cli.main import main as trax

    pipeline.register()
    if book := os.environ.get(ledger.PLACE):
        ledger.keep(Path(book))
    else:
        memory.WORTH_KEEPING = KEEPING
    arguments = sys.argv[1:]
    if arguments[:1] == ["--without-fence"]:
        without_fence()
        arguments = arguments[1:]
    sys.argv = ["trax", "work", *arguments]
    trax()


if __name__ == "__main__":
    main()
