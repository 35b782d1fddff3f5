"""Every file of the proof ground, through the whole of Trax: a transcript or a clear error, and nothing in between."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text

from trax.archive import Archive
from trax.transcribe.engines import Engines


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
            media = dict(session.execute(text("SELECT status, count(*) FROM media_files GROUP BY 1")).all())  # type: ignore[arg-type]
            jobs = dict(session.execute(text("SELECT status, count(*) FROM transcription_jobs GROUP BY 1")).all())  # type: ignore[arg-type]
            silent = session.execute(
                text("SELECT count(*) FROM transcription_jobs WHERE status = 'failed' AND error_message IS NULL")
            ).scalar_one()
    with capsys.disabled():
        print(f"\n{len(files)} files in containers: {dict(ends)}; media {media}; jobs {jobs}")
    assert sum(ends.values()) == len(files) > 400
    assert ends["transcript"] >= 25
    assert set(ends) <= {"transcript", "transcript without speech", "UnreadableMedia", "NoAudio"}
    assert set(media) == {"ready", "failed"}
    assert set(jobs) == {"completed", "failed"}
    assert silent == 0
