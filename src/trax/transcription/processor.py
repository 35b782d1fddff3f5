"""Which CPU this is: what was measured or compiled on one may be wrong on another."""

from __future__ import annotations

import platform
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")
FLAGS = ("flags", "Features")  # on x86, on ARM


def processor() -> str:
    """Name of the CPU with a digest of the instructions that it has."""
    fields: dict[str, str] = {}
    with suppress(OSError):
        for line in CPU_INFO.read_text().splitlines():
            name, _, value = line.partition(":")
            fields.setdefault(name.strip(), value.strip())
    flags = next((fields[name] for name in FLAGS if name in fields), "")
    name = fields.get("model name") or platform.processor() or platform.machine()
    return f"{name} {sha256(flags.encode()).hexdigest()[:12]}"
