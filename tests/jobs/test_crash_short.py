"""The crash suite in small: some kills, zombies with and without the fence, a death of PostgreSQL, signals, poison."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crash import pipeline, scenarios
from tests.crash.cluster import KillableCluster, cluster
from tests.crash.ground import Ground, ground
from tests.crash.scenarios import Plan
from tests.crash.verdict import as_text
from trax.pipeline import PIPELINES

SEED = 4


@pytest.fixture(scope="module")
def server() -> Iterator[KillableCluster]:
    """A PostgreSQL that the tests may kill."""
    with cluster() as own:
        yield own


@pytest.fixture
def place(server: KillableCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    """An empty database, and a pipeline that takes half a second for a job."""
    monkeypatch.setitem(PIPELINES, pipeline.NAME, pipeline.STAGES)
    with ground(server.url, SEED) as made:
        yield made


def test_jobs_survive_their_workers_and_poison_ends(place: Ground) -> None:
    verdict = scenarios.kills(place, Plan(jobs=16, strikes=3, workers=2))

    assert verdict.is_good, as_text([verdict])
    assert verdict.failed_as_expected == 4
    assert verdict.attempts["lost"] >= 3


def test_zombies_find_the_fence_closed(place: Ground) -> None:
    verdict = scenarios.zombies(place, Plan(jobs=4, strikes=2, workers=2))

    assert verdict.is_good, as_text([verdict])


def test_the_suite_can_fail_without_the_fence_jobs_are_doubled(place: Ground) -> None:
    verdict = scenarios.zombies(place, Plan(jobs=2, strikes=1, workers=2, fenced=False))

    assert verdict.doubled, as_text([verdict])


def test_workers_live_through_the_death_of_postgresql(place: Ground, server: KillableCluster) -> None:
    verdict = scenarios.postgres(place, Plan(jobs=8, strikes=1, workers=2), server)

    assert verdict.is_good, as_text([verdict])


def test_interrupted_attempts_do_not_count_as_retries(place: Ground) -> None:
    verdict = scenarios.storms(place, Plan(jobs=8, strikes=3, workers=2))

    assert verdict.is_good, as_text([verdict])
    assert verdict.attempts["completed"] == 8
