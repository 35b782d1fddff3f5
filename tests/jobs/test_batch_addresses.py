"""Web addresses in batches: asked for as they were written."""

from __future__ import annotations

from pathlib import Path

from tests.ingest.youtube_site import Page, Request
from tests.jobs.fetched import Archivist, page_of, site, sound
from trax.database import Database
from trax.flow import Request as Asked
from trax.jobs.batches import Batches
from trax.jobs.submit import SubmitOptions


def test_an_address_reaches_its_server_as_it_is(embedded_database: Database, tmp_path: Path) -> None:
    archivist = Archivist(embedded_database, tmp_path / "home")
    talks = [sound(tmp_path / f"{number}.wav", number) for number in range(3)]
    paths = ("/t.wav/http://cdn.example/One.wav", "/dir/", "/get.wav?u=http://x/y//z")
    pages: dict[str, Page] = {path: page_of(talk) for path, talk in zip(paths, talks, strict=True)}
    asked: list[Request] = []
    with site(pages, asked) as base:
        batches = Batches(embedded_database, archivist.suppliers)
        batch_id = batches.create([base + path for path in paths], Asked(model="tiny.en"), SubmitOptions())
        assert batches.queue(batch_id) == 3
    assert {request.path for request in asked if request.method == "GET"} == set(paths)
    assert batches.show(batch_id).failures == []
