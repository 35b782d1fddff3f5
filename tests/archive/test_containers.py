"""Every file of the proof ground, through the whole of Trax: a transcript or a clear error, and nothing in between."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from trax.archive import Archive
from trax.transcription.engines import Engines


def counts(session: Session, table: str) -> dict[str, int]:
    rows = session.execute(text(f"SELECT status, count(*) AS many FROM {table} GROUP BY status"))
    return {row.status: row.many for row in rows}


@pytest.mark.shared_data
@pytest.mark.timeout(900)
def test_every_container_ends_well(
    shared_data: Path, database_url: str, tiny_engines: Engines, capsys: pytest.CaptureFixture[str]
) -> None:
    files = sorted(str(path) for path in (shared_data / "containers").rglob("*") if path.is_file())
    ends: Counter[str] = Counter()
    with Archive(engines=tiny_engines) as archive:
        for outcome in archive.transcribe_all(files, model="tiny.en"):
            if outcome.result is not None:
                ends["transcript" if outcome.result.transcript.segments else "transcript without speech"] += 1
            else:
                ends[type(outcome.error).__name__] += 1
                assert getattr(outcome.error, "next_step", ""), f"{outcome.source.name}: {outcome.error}"
        with archive.database.transaction() as session:
            media = counts(session, "media_files")
            jobs = counts(session, "transcription_jobs")
            silent = session.execute(
                text("SELECT count(*) FROM transcription_jobs WHERE status = 'failed' AND error_message IS NULL")
            ).scalar_one()
    with capsys.disabled():
        print(f"\n{len(files)} files in containers: {dict(ends)}; media {media}; jobs {jobs}")
    assert sum(ends.values()) == len(files) > 400
    assert ends["transcript"] >= 25
    assert set(ends) <= {"transcript", "transcript without speech", "UnreadableMedia", "NoAudio", "UnknownSource"}
    assert set(media) == {"ready", "failed"}
    assert set(jobs) == {"completed", "failed"}
    assert silent == 0
