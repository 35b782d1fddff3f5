"""What a fenced child and its parent say to each other: one request in, framed messages back."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, Final

from trax.audio import SAMPLE_RATE
from trax.timeline import Seconds

HEADER: Final = struct.Struct("!cI")  # a message of the child: kind, length of the body in bytes
LENGTH: Final = struct.Struct("!I")  # ahead of a request
STATUS: Final = struct.Struct("!i")  # how a child ended, as waitpid() has it
BYTES_PER_SAMPLE: Final = 2
MAX_PCM_BYTES: Final = 30 * SAMPLE_RATE * BYTES_PER_SAMPLE
MAX_JSON_BYTES: Final = 8 << 20


class Kind(Enum):
    """What the body of a message is."""

    INFO = b"I"  # JSON: what the container says; always first
    PCM = b"P"  # mono s16le at 16 kHz
    ALIVE = b"A"  # empty: the child still makes its way through the file
    REPORT = b"R"  # JSON: how the decoding went; always last
    FAILURE = b"F"  # JSON: an error of trax.errors; always last


MAX_BODY_BYTES: Final = {
    Kind.INFO: MAX_JSON_BYTES,
    Kind.PCM: MAX_PCM_BYTES,
    Kind.ALIVE: 0,
    Kind.REPORT: MAX_JSON_BYTES,
    Kind.FAILURE: MAX_JSON_BYTES,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost: the child that reads it ends at these."""

    memory_bytes: int = 2 << 30
    cpu_seconds: int = 60
    stall_seconds: Seconds = 60.0  # of silence while the parent waits


@dataclass(frozen=True, slots=True)
class Request:
    """One file's task; the file itself travels as an open descriptor."""

    name: str  # for messages only
    suffix: str  # lower case with its dot: a hint where the content doesn't tell
    decode: bool
    track: int | None
    channel: int | None
    max_duration: Seconds
    limits: Limits
    start_sample: int = 0  # of the stretch, at 16 kHz on the media's time axis
    end_sample: int | None = None  # None: to the end

    def to_bytes(self) -> bytes:
        return json.dumps(asdict(self)).encode("ascii")

    @classmethod
    def from_bytes(cls, body: bytes) -> Request:
        fields: dict[str, Any] = json.loads(body)
        return cls(**{**fields, "limits": Limits(**fields["limits"])})
