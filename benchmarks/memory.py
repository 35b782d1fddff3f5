"""Peak memory of transcribing a long file against a short one: it must not grow with the length.

    python -m benchmarks.memory

Each measurement is a fresh process; memory of its children is included. What a batch needs depends on what is said in
it: full batches come after 20 minutes, and the dearest, of which one window is read to the end of the model's context,
some time later, by chance. So the short run is of an hour. Exit code 1 where 3 hours need more than 1.25 times as much.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.recordings import long_speech
from benchmarks.watch import resident

LIMIT = 1.25
SHORT_SECONDS, LONG_SECONDS = 3600, 10_800
SAMPLING_SECONDS = 0.02
RESULTS = Path(__file__).parent / "results"
TASK = "import sys; from pathlib import Path; from benchmarks.systems import trax_system; " + (
    "run, _ = trax_system(Path(sys.argv[2])); print(len(run(Path(sys.argv[1])).text.split()))"
)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        peaks = []
        for seconds in (SHORT_SECONDS, LONG_SECONDS):
            path = Path(folder) / f"{seconds}.mp3"
            _rows(long_speech().path, path, seconds)
            peaks.append(_peak(path, Path(folder)))
    short, long = peaks
    ratio = long / short
    print(f"1 h: {short:.0f} MB   3 h: {long:.0f} MB   ratio {ratio:.2f} (limit {LIMIT})")
    RESULTS.mkdir(exist_ok=True)
    facts = {"short_mb": round(short), "long_mb": round(long), "ratio": round(ratio, 3)}
    (RESULTS / "memory.json").write_text(json.dumps(facts, indent=2) + "\n")
    return 0 if ratio <= LIMIT else 1


def _rows(source: Path, target: Path, seconds: float) -> None:
    """So many seconds of an MP3, over and over where it is shorter; its packets are copied."""
    import av

    with av.open(str(target), "w") as part:
        copied, shift = None, 0
        while True:
            with av.open(str(source)) as whole:
                stream = whole.streams.audio[0]
                copied = copied or part.add_stream_from_template(stream)
                end = shift
                for packet in whole.demux(stream):
                    if packet.pts is None or packet.time_base is None:
                        continue
                    packet.pts, packet.dts = packet.pts + shift, None
                    if packet.pts * packet.time_base >= seconds:
                        return
                    end = packet.pts + (packet.duration or 0)
                    packet.stream = copied
                    part.mux(packet)
                shift = end


def _peak(path: Path, models_folder: Path) -> float:
    """Highest sum of the resident memory of the process and its children, in MB."""
    process = subprocess.Popen([sys.executable, "-c", TASK, str(path), str(models_folder)])
    watched, peak = psutil.Process(process.pid), 0
    while process.poll() is None:
        peak = max(peak, resident(watched))
        time.sleep(SAMPLING_SECONDS)
    if process.returncode:
        raise SystemExit(f"the measured process failed with exit code {process.returncode}")
    return peak / 1e6


if __name__ == "__main__":
    sys.exit(main())
