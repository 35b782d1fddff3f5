"""What the runs of `benchmarks.diarize` come to: sums, aims that are missed, and tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.diarize_record import Record, Run, Talk
from benchmarks.diarize_run import PROTOTYPE, TRAX
from trax.timeline import Seconds

MOST_CPU = 6.0  # CPU-seconds for a minute of sound
TOLERANCE = 0.005  # of DER: 0.5 points behind the prototype's way
CALL = "phone call"
MOST_CALL_RATE, LEAST_CALL_WORDS = 0.10, 0.95  # of the phone call
MOST_GROWTH = 1.5  # of memory, from the short dialogues to the longest
SHORT: Seconds = 300
LONG: Seconds = 3000


def broken_aims(record: Record) -> list[str]:
    """Each aim that is missed, in words; what wasn't measured misses none."""
    return list(_broken(record))


def shared(record: Record) -> tuple[list[Run], list[Run]]:
    """Trax's runs and the prototype's, on the dialogues that both have heard."""
    both = [(record.of(name, TRAX), record.of(name, PROTOTYPE)) for name in record.talks]
    found = [(ours, theirs) for ours, theirs in both if ours is not None and theirs is not None]
    return [ours for ours, _ in found], [theirs for _, theirs in found]


def rate(runs: Sequence[Run]) -> float:
    """DER over all speech of these runs."""
    return sum(run.missed + run.false_alarm + run.confusion for run in runs) / sum(run.speech for run in runs)


def cpu_a_minute(runs: Sequence[Run], record: Record) -> float:
    return sum(run.cpu for run in runs) / _minutes(runs, record)


def markdown(record: Record) -> str:
    """The tables of the README."""
    head = (
        "| dialogue | min | overlap % | speakers | | found | DER % | missed | false alarm | confusion | words right % "
        "| CPU s/min | peak MB |"
    )
    rows = [row for talk in record.talks.values() for row in _rows(talk, record)]
    parts = ["\n".join([head, "|" + "---|" * 13, *rows]), *_sums(record)]
    if record.recognition:
        parts.append(_recognition(record.recognition))
    return "\n\n".join(parts)


def _broken(record: Record) -> Iterator[str]:
    ours, theirs = shared(record)
    made = [run for run in record.by(TRAX) if not record.talks[run.talk].is_real]
    if made and (cost := cpu_a_minute(made, record)) > MOST_CPU:
        yield f"{cost:.1f} CPU-seconds a minute, not {MOST_CPU}"
    if ours and rate(ours) > rate(theirs) + TOLERANCE:
        yield f"DER {100 * rate(ours):.2f} %, more than 0.5 points behind the prototype's {100 * rate(theirs):.2f} %"
    if (call := record.of(CALL, TRAX)) is not None:
        if call.rate > MOST_CALL_RATE:
            yield f"{CALL}: DER {100 * call.rate:.1f} %, not {100 * MOST_CALL_RATE:.0f} %"
        if call.words_judged and (share := (call.words_right or 0) / call.words_judged) < LEAST_CALL_WORDS:
            yield f"{CALL}: {100 * share:.1f} % of the words have the right speaker, not {100 * LEAST_CALL_WORDS:.0f} %"
    if (growth := memory_growth(record)) is not None and growth > MOST_GROWTH:
        yield f"the longest dialogue takes {growth:.2f} times the memory of the short ones, not {MOST_GROWTH}"


def memory_growth(record: Record) -> float | None:
    """Peak memory on dialogues of an hour by that on short ones; None where one of them wasn't measured."""
    peaks: dict[bool, list[float]] = {True: [], False: []}
    for run in record.by(TRAX):
        seconds = record.talks[run.talk].seconds
        if not SHORT < seconds < LONG:
            peaks[seconds >= LONG].append(run.peak_mb)
    return max(peaks[True]) / max(peaks[False]) if peaks[True] and peaks[False] else None


def _rows(talk: Talk, record: Record) -> Iterator[str]:
    told = f"{talk.name} | {talk.seconds / 60:.1f} | {100 * talk.overlap:.0f} | {talk.speakers}"
    for system in (TRAX, PROTOTYPE):
        if (run := record.of(talk.name, system)) is not None:
            parts = [100 * seconds / run.speech for seconds in (run.missed, run.false_alarm, run.confusion)]
            errors = f"**{100 * run.rate:.1f}** | " + " | ".join(f"{part:.1f}" for part in parts)
            cost = f"{run.cpu / talk.seconds * 60:.1f} | {run.peak_mb:.0f}"
            yield f"| {told} | {system} | {run.speakers} | {errors} | {_words([run])} | {cost} |"
            told = " | | | "


def _sums(record: Record) -> Iterator[str]:
    ours, theirs = shared(record)
    made = [run for run in record.by(TRAX) if not record.talks[run.talk].is_real]
    lines = ["| | dialogues | min | speakers right | DER % | with a collar of 0.25 s | words right % | CPU s/min |"]
    lines.append("|" + "---|" * 8)
    for title, runs in ((TRAX, ours), (PROTOTYPE, theirs)):
        if runs:
            lines.append(_sum(f"{title}, what both have heard", runs, record))
    if made:
        lines.append(_sum(f"{TRAX}, all that are made up", made, record))
    yield "\n".join(lines)
    if made:
        machine = f"{record.machine['processor']}, {record.machine['cores']} cores"
        yield f"Trax by step, seconds for a minute: {_profile(made, record)}. {machine}."
    if (growth := memory_growth(record)) is not None:
        yield f"Peak memory on the longest by that on those of up to 5 minutes: {growth:.2f}."


def _sum(title: str, runs: Sequence[Run], record: Record) -> str:
    counted = sum(run.speakers == record.talks[run.talk].speakers for run in runs)
    collar = sum(run.rate_with_collar * run.speech for run in runs) / sum(run.speech for run in runs)
    return (
        f"| {title} | {len(runs)} | {_minutes(runs, record):.0f} | {counted} of {len(runs)} | {100 * rate(runs):.2f} "
        f"| {100 * collar:.2f} | {_words(runs)} | {cpu_a_minute(runs, record):.2f} |"
    )


def _words(runs: Sequence[Run]) -> str:
    judged = [run for run in runs if run.words_judged]
    if not judged:
        return "-"
    return f"{100 * sum(run.words_right or 0 for run in judged) / sum(run.words_judged or 0 for run in judged):.1f}"


def _profile(runs: Sequence[Run], record: Record) -> str:
    steps = dict.fromkeys(step for run in runs for step in run.profile)
    spent = {step: sum(run.profile.get(step, 0.0) for run in runs) / _minutes(runs, record) for step in steps}
    return ", ".join(f"{step} {seconds:.2f}" for step, seconds in spent.items())


def _minutes(runs: Sequence[Run], record: Record) -> float:
    return sum(record.talks[run.talk].seconds for run in runs) / 60


def _recognition(found: dict[str, Any]) -> str:
    lines = [
        f"{found['readers']} readers, {found['clips']} clips.",
        "",
        "| pairs of clips | of one reader | mean (least) | of two | mean (most) | limit | misses | false accepts |",
        "|" + "---|" * 8,
    ]
    for device, one in found["pairs"].items():
        same, different = one["same"], one["different"]
        told = f"{device} | {same['pairs']} | {same.get('mean')} ({same.get('least')})"
        told += f" | {different['pairs']} | {different.get('mean')} ({different.get('most')})"
        for limit, counts in one["limits"].items():
            lines.append(f"| {told} | {limit} | {counts['misses']} | {counts['false_accepts']} |")
            told = " | | | | "
    verdicts = ("named right", "suggested right", "unknown", "suggested wrong", "named wrong")
    lines += ["", f"| voices by prints | | {' | '.join(verdicts)} |", "|" + "---|" * (2 + len(verdicts))]
    for device, kinds in found["people"].items():
        for kind, counts in kinds.items():
            lines.append(f"| {device} | {kind} | {' | '.join(str(counts.get(name, 0)) for name in verdicts)} |")
    return "\n".join(lines)
