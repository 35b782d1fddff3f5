"""What the runs of `benchmarks.speed` come to: medians, ratios, aims that are missed, and tables in Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence

from benchmarks.scoring import Errors
from benchmarks.speed_record import Record, Run, SetRecord
from benchmarks.speed_systems import BATCHED, FLOOR, SEQUENTIAL, TRAX
from trax.stopwatch import STAGES
from trax.timeline import Seconds

AIMS = {"a": 2.5, "b": 1.4, "c": 2.0}  # times as fast as faster-whisper in batches
TOLERANCE = 0.002  # of WER: 0.2 points behind the better of the two ways of faster-whisper
WAITS = ("load", "wait")  # of a profile
LEAST_SHARE = 0.85  # of Trax's time on the long file that is the engine's


def broken_aims(record: Record) -> list[str]:
    """Each aim that is missed, in words; what wasn't measured misses none."""
    return [problem for key, found in record.sets.items() for problem in _broken(key, found)]


def ratios(found: SetRecord, system: str, base: str = BATCHED) -> list[float]:
    """How many times as fast as `base` a system was, round by round."""
    bases = {run.number: run.wall for run in found.of(base)}
    return [bases[run.number] / run.wall for run in found.of(system) if run.number in bases]


def middle_errors(runs: Sequence[Run]) -> Errors | None:
    """The word errors of the round with the median number of them."""
    scored = sorted((run.errors for run in runs if run.errors is not None), key=lambda found: found.wer)
    return scored[(len(scored) - 1) // 2] if scored else None


def floor_shares(found: SetRecord, *, aligned: bool) -> list[float]:
    """The share of Trax's time that the engine alone would have needed, round by round."""
    ours = {run.number: run.wall for run in found.of(TRAX)}
    floors = {run.number: _floor_seconds(run, aligned=aligned) for run in found.of(FLOOR)}
    return [floors[number] / ours[number] for number in floors if number in ours]


def markdown(record: Record) -> str:
    """Tables of all sets, and what has to be said beside them."""
    return "\n\n".join(_section(key, found) for key, found in sorted(record.sets.items()) if found.runs)


def _broken(key: str, found: SetRecord) -> Iterator[str]:
    speed = ratios(found, TRAX)
    if speed and statistics.median(speed) < AIMS[key]:
        yield f"set {key}: {statistics.median(speed):.2f} times as fast as {BATCHED}, not {AIMS[key]}"
    ours = middle_errors(found.of(TRAX))
    peers = [peer for name in (BATCHED, SEQUENTIAL) if (peer := middle_errors(found.of(name))) is not None]
    if ours is not None and peers and ours.wer > min(peer.wer for peer in peers) + TOLERANCE:
        best = min(peer.wer for peer in peers)
        yield f"set {key}: WER {100 * ours.wer:.2f} %, more than 0.2 points behind {100 * best:.2f} %"
    shares = floor_shares(found, aligned=True)
    if shares and statistics.median(shares) < LEAST_SHARE:
        yield f"set {key}: the engine's share is {statistics.median(shares):.2f}, not {LEAST_SHARE}"


def _section(key: str, found: SetRecord) -> str:
    minutes = found.audio_seconds / 60
    files = "1 file" if found.files == 1 else f"{found.files} files"
    title = f"**Set {key}: {found.title}** ({files}, {minutes:.1f} min, {found.words} words)"
    head = (
        "| | rounds | wall s (min-max) | x real time | times as fast as batched (min-max) | CPU s/min | peak MB "
        "| WER % | S | D | I |"
    )
    rows = [_row(found, system) for system in found.systems if system != FLOOR]
    parts = [title, "\n".join([head, "|" + "---|" * 11, *rows]), *_remarks(found)]
    return "\n\n".join(parts)


def _row(found: SetRecord, system: str) -> str:
    runs, minutes = found.of(system), found.audio_seconds / 60
    wall = _spread([run.wall for run in runs], 1)
    pace = found.audio_seconds / statistics.median(run.wall for run in runs)
    speed = _spread(ratios(found, system), 2) if ratios(found, system) else "-"
    cpu = statistics.median(run.cpu for run in runs) / minutes
    peak = max(run.peak_mb for run in runs)
    scored = middle_errors(runs)
    assert scored is not None
    words = f"{100 * scored.wer:.2f} | {scored.substituted} | {scored.deleted} | {scored.inserted}"
    return f"| {system} | {len(runs)} | {wall} | {pace:.1f} | {speed} | {cpu:.2f} | {peak:.0f} | {words} |"


def _remarks(found: SetRecord) -> Iterator[str]:
    ours = found.of(TRAX)
    loads = _spread([run.load for run in found.runs], 1)
    yield f"Load average before each run: {loads}. {found.machine['processor']}, {found.machine['cores']} cores."
    if ours:
        server = statistics.median(run.server_cpu or 0.0 for run in ours)
        facts = ours[-1].facts
        yield (
            f"Trax: encoder {facts['encoder']}, decoder {facts['compute_type']}, {facts['workers']} x "
            f"{facts['threads_per_worker']} threads, batches of {facts['batch_size']}. PostgreSQL's own CPU, which is "
            f"not in the table: {server:.1f} s. Seconds by stage, of all threads and files: {_profile(ours)}."
        )
    if shares := floor_shares(found, aligned=True):
        without = floor_shares(found, aligned=False)
        fastest = statistics.median(_floor_seconds(run, aligned=True) for run in found.of(FLOOR))
        facts = found.of(FLOOR)[-1].facts
        yield (
            f"The engine alone ({facts['encoder']}, {facts['windows']} windows, features made beforehand) takes "
            f"{fastest:.1f} s: {_spread(shares, 2)} of Trax's time; without the alignment of words "
            f"{_spread(without, 2)}."
        )


def _profile(runs: Sequence[Run]) -> str:
    """The median of each stage of work; files wait side by side, so that their waits can't be added up."""
    stages = [stage for stage in STAGES if stage not in WAITS]
    seconds = {stage: statistics.median(run.profile.get(stage, 0.0) for run in runs) for stage in stages}
    return ", ".join(f"{stage} {spent:.1f}" for stage, spent in seconds.items())


def _floor_seconds(run: Run, *, aligned: bool) -> Seconds:
    """With the size of batch that was the faster one."""
    return min(float(one["hear"] + (one["align"] if aligned else 0.0)) for one in run.facts["passes"])


def _spread(values: Iterable[float], digits: int) -> str:
    found = sorted(values)
    middle = f"{statistics.median(found):.{digits}f}"
    return middle if len(found) == 1 else f"{middle} ({found[0]:.{digits}f}-{found[-1]:.{digits}f})"
