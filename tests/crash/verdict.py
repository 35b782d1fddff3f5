"""What became of the jobs: nothing lost, nothing doubled, everything counted, nothing left lying."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.crash import pipeline
from tests.crash.ground import Ground, wait_until

JOBS = """
SELECT m.filename, j.status, coalesce(j.error_message, ''),
       (SELECT count(*) FROM transcription_results r WHERE r.job_id = j.id)
FROM transcription_jobs j JOIN media_files m ON m.id = j.media_file_id
"""
# In each scenario there is one request for each media file.
DOUBLED = """
SELECT coalesce(sum(found - 1), 0)::int FROM (
    SELECT count(*) AS found FROM transcription_results GROUP BY media_file_id HAVING count(*) > 1
) AS several
"""
DOUBLED_JOBS = """
SELECT coalesce(sum(found - 1), 0)::int FROM (
    SELECT count(*) AS found FROM transcription_jobs GROUP BY request_id HAVING count(*) > 1
) AS several
"""
LIGHT_RESULTS = """
SELECT m.file_hash, r.segments FROM transcription_results r JOIN media_files m ON m.id = r.media_file_id
WHERE r.pipeline_version = %s
"""
# Batches whose counters are not what their items say, whose items are not what their jobs say, or which have not ended.
MISCOUNTED = """
SELECT count(*) FROM processing_jobs b CROSS JOIN LATERAL (
    SELECT count(*) AS total,
        count(*) FILTER (WHERE i.status = 'completed') AS good,
        count(*) FILTER (WHERE i.status IN ('failed', 'cancelled')) AS bad,
        count(*) FILTER (WHERE i.status <> j.status) AS other
    FROM batch_items i LEFT JOIN transcription_jobs j ON j.id = i.job_id WHERE i.batch_id = b.id
) AS items
WHERE (b.total_items, b.successful_items, b.failed_items, b.processed_items)
      IS DISTINCT FROM (items.total::int, items.good::int, items.bad::int, (items.good + items.bad)::int)
   OR items.other > 0 OR b.status NOT IN ('completed', 'failed') OR b.processed_items <> b.total_items
"""
OUTCOMES = """
SELECT CASE WHEN outcome = 'failed' THEN 'failed (' || error_kind || ')' ELSE coalesce(outcome, 'open') END, count(*)
FROM job_attempts GROUP BY 1 ORDER BY 2 DESC
"""
# Results that searches see in part, not at all, or in the place of a newer one.
NOT_INDEXED = """
SELECT count(*) FROM transcription_results r LEFT JOIN transcript_index i ON i.result_id = r.id
WHERE i.newest IS DISTINCT FROM (r.id = trax_newest_result(r.media_file_id)) OR i.segments IS DISTINCT FROM (
    SELECT count(*)::int FROM transcript_segments s WHERE s.result_id = r.id AND s.newest = i.newest)
"""
LEFTOVERS = {
    "results not indexed": NOT_INDEXED,
    "tickets": "SELECT count(*) FROM procrastinate_jobs",
    "checkpoints": """
        SELECT count(*) FROM window_checkpoints c WHERE NOT EXISTS (
            SELECT 1 FROM transcription_jobs j WHERE j.request_id = c.request_id AND j.status = 'failed')""",
    "open attempts": "SELECT count(*) FROM job_attempts WHERE ended_at IS NULL",
    "jobs in processing": "SELECT count(*) FROM transcription_jobs WHERE status IN ('pending', 'processing')",
    "media in processing": "SELECT count(*) FROM media_files WHERE status = 'processing'",
}


@dataclass
class Verdict:
    """One scenario, counted."""

    scenario: str
    seconds: float
    jobs: int
    completed: int = 0
    failed_as_expected: int = 0
    doubled: int = 0
    garbled: int = 0  # results in which a step is missing, repeated or out of order
    batches: int = 0
    miscounted: int = 0
    attempts: dict[str, int] = field(default_factory=dict)
    retries: int = 0
    leftovers: dict[str, int] = field(default_factory=dict)
    notes: dict[str, object] = field(default_factory=dict)  # what the scenario did
    complaints: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        return self.jobs - self.completed - self.failed_as_expected

    @property
    def is_good(self) -> bool:
        return not (
            self.lost or self.doubled or self.garbled or self.miscounted or any(self.leftovers.values())
        ) and not (self.complaints)


def examine(ground: Ground, scenario: str, seconds: float) -> Verdict:
    """Count everything, once the queue is drained; what is to be cleared up gets some seconds for it."""
    eyes = ground.eyes
    wait_until(lambda: not any(_leftovers(ground).values()), 10)
    verdict = Verdict(scenario, seconds, jobs=len(ground.files))
    for filename, status, reason, results in eyes.rows(JOBS):
        if filename.split("-")[0] in pipeline.FAIL:
            verdict.failed_as_expected += status == "failed" and bool(reason) and results == 0
        else:
            verdict.completed += status == "completed" and results >= 1
    verdict.doubled = int(eyes.value(DOUBLED)) + int(eyes.value(DOUBLED_JOBS))
    verdict.garbled = sum(
        [segment["text"] for segment in segments] != pipeline.words(sha256)
        for sha256, segments in eyes.rows(LIGHT_RESULTS, pipeline.NAME)
    )
    verdict.batches, verdict.miscounted = len(ground.batch_ids), int(eyes.value(MISCOUNTED))
    verdict.attempts = {str(outcome): int(count) for outcome, count in eyes.rows(OUTCOMES)}
    verdict.retries = int(eyes.value("SELECT coalesce(sum(retry_count), 0) FROM transcription_jobs"))
    verdict.leftovers = _leftovers(ground)
    return verdict


def _leftovers(ground: Ground) -> dict[str, int]:
    return {name: int(ground.eyes.value(query)) for name, query in LEFTOVERS.items()}


def as_text(verdicts: Iterable[Verdict]) -> str:
    """A block for each scenario."""
    return "\n\n".join(_block(verdict) for verdict in verdicts)


def _block(verdict: Verdict) -> str:
    attempts = ", ".join(f"{count} {outcome}" for outcome, count in verdict.attempts.items())
    left = ", ".join(f"{name} {count}" for name, count in verdict.leftovers.items() if count) or "nothing"
    counters = "exact" if not verdict.miscounted else f"WRONG in {verdict.miscounted}"
    lines = {
        "jobs": f"{verdict.jobs}: {verdict.completed} completed, {verdict.failed_as_expected} failed as they should",
        "lost": verdict.lost,
        "doubled": verdict.doubled,
        "garbled": verdict.garbled,
        "batch counters": f"{counters} ({verdict.batches} batches)",
        "attempts": f"{sum(verdict.attempts.values())}: {attempts}; {verdict.retries} counted as retries",
        "left over": left,
        **verdict.notes,
        "seconds": f"{verdict.seconds:.0f}",
    }
    mark = "ok" if verdict.is_good else "NOT OK"
    complaints = "".join(f"\n  ! {complaint}" for complaint in verdict.complaints)
    return (
        f"{verdict.scenario}: {mark}\n"
        + "\n".join(f"  {name:<20}{value}" for name, value in lines.items())
        + complaints
    )
