"""One measured process of `benchmarks.speed`: a system, or the floor, on a list of files; prints one line of JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main() -> None:
    """`speed_run ORDER`: a JSON file that names the system, the files and the place."""
    order = json.loads(Path(sys.argv[1]).read_text())
    out = os.dup(1)
    os.dup2(2, 1)  # whatever libraries print must not spoil the answer
    files = [Path(file) for file in order["files"]]
    from benchmarks.speed_systems import SYSTEMS, Place

    place = Place(Path(order["model"]), Path(order["ggml"]), Path(order["home"]), order["database_url"])
    if order["system"] in SYSTEMS:
        answer: dict[str, object] = {"texts": SYSTEMS[order["system"]](files, place)}
    else:
        from benchmarks.speed_floor import floor

        answer = floor(files, place, order["round"])
    os.write(out, json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main()
