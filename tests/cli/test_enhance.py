"""`trax enhance`, `diff`, `revert-edit`, and what `plan`, `doctor` and `jobs show` say of corrections."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.conftest import REPOSITORY
from tests.fixtures.llm_server import KEY, LlmServer
from tests.jobs.voices import Hears, TakesTurns, engines_with, without_whisper
from trax.pipeline import ENHANCE, PIPELINES
from trax.settings import Settings
from trax.stages.llm import llm_of
from trax.transcription.engines import Engines

SAMPLE = str(REPOSITORY / "samples" / "conversation.ogg")


@pytest.fixture
def hears(monkeypatch: pytest.MonkeyPatch, database_url: str, llm_server: LlmServer) -> Hears:
    """What Whisper's stand-in hears, without capitals and stops, of which the language model puts in some."""
    hears = without_whisper(monkeypatch)
    monkeypatch.setitem(PIPELINES, "v2", (PIPELINES["v1"][0], ENHANCE))
    for name, value in {"MODEL": "tiny.en", "LLM_BASE_URL": llm_server.url, "LLM_API_KEY": KEY}.items():
        monkeypatch.setenv(f"TRAX_{name}", value)

    def engines_for(settings: Settings, _: object) -> Engines:
        engines = engines_with(TakesTurns())
        engines.open_llm = lambda name: llm_of(settings, name)
        return engines

    monkeypatch.setattr("trax.archive.engines_for", engines_for)
    llm_server.rule = lambda heard: f"{heard.capitalize()} 7 times."
    return hears


def test_corrections_of_a_stored_transcript(run: Run, hears: Hears, llm_server: LlmServer) -> None:
    assert run("transcribe", SAMPLE).code == 0
    (media,) = run("media", "list", "--json").json
    done = run("enhance", media["id"][:10])
    assert (done.code, done.err) == (0, "")
    assert "conversation.ogg: 16 edits accepted, 16 refused, $0.0" in done.out
    again = run("enhance", media["id"], "--json").json[0]
    assert (again["existed"], again["version"], again["enhancement_metadata"]["accepted"]) == (True, 2, 16)
    assert again["improvements"][0] == "Fixed capitalisation in sentence 1"
    assert len(llm_server.seen) == 1
    (job,) = [job for job in run("jobs", "list", "--json").json if job["pipeline"] == "enhance"]
    assert "1 requests, " in run("jobs", "show", job["id"]).out
    assert run("jobs", "show", job["id"], "--json").json["llm"]["calls"] == 1


def test_every_edit_is_shown_and_one_is_taken_back(run: Run, hears: Hears) -> None:
    assert run("transcribe", SAMPLE, "--pipeline", "v2", "--max-cost", "1").code == 0
    old, new = run("versions", (media := run("media", "list", "--json").json[0])["id"], "--json").json
    shown = run("diff", media["id"])
    assert "   0:00  s0e1   -word0 +Word0  (case) Only capital letters change." in shown.out
    assert "(nothing) refused: 7 times.  (number) It changes a number." in shown.out
    assert "16 of 32 edits were accepted" in shown.err
    document = run("diff", old["id"], new["id"], "--json").json
    assert document["differences"][1] == {"start": 2.0, "end": 2.5, "before": "word0", "after": "Word0"}
    assert document["edits"][0]["id"] == "s0e1"
    taken = run("revert-edit", media["id"], "s0e1")
    assert (taken.code, "version 3 without s0e1" in taken.out) == (0, True)
    assert run("show", media["id"]).out.count("word0") == 1
    between = run("diff", old["id"], media["id"])
    assert between.out.count("-word0 +Word0") == 15
    assert "differ in 15 places" in between.err
    assert run("revert-edit", media["id"], "s0e1").code == 2
    assert run("diff", old["id"]).code == 2


def test_edits_keep_their_moments_when_one_is_taken_back(run: Run, hears: Hears, llm_server: LlmServer) -> None:
    llm_server.rule = lambda heard: heard.replace("word0 word1", "word0 – word1").replace("word2", "Word2")
    assert run("transcribe", SAMPLE, "--pipeline", "v2").code == 0
    media = run("media", "list", "--json").json[0]["id"]
    before = run("diff", media, "--json").json["edits"]
    assert [edit["time"] for edit in before[:4]] == [0.5, 1.0, 2.5, 3.0]
    assert run("revert-edit", media, "s3e2").code == 0
    after = run("diff", media, "--json").json["edits"]
    assert [edit["time"] for edit in after] == [edit["time"] for edit in before]
    assert [edit["id"] for edit in after if edit["by"] == "person"] == ["s3e2"]


def test_a_glossary(run: Run, hears: Hears, llm_server: LlmServer, tmp_path: Path) -> None:
    terms = tmp_path / "terms.txt"
    terms.write_text("# of ours\nKubernetes\n\n  Zürich \n", encoding="utf-8")
    assert run("transcribe", SAMPLE, "--glossary", str(terms)).code == 0
    assert llm_server.asked[0]["hints"]["glossary"] == ["Kubernetes", "Zürich"]
    assert run("add", SAMPLE, "--pipeline", "v2", "--max-cost", "0.5").code == 0
    terms.write_bytes("Zürich".encode("latin-1"))
    refused = run("enhance", "0" * 8, "--glossary", str(terms))
    assert (refused.code, "not in UTF-8" in refused.err) == (2, True)
    assert run("enhance", "0" * 8, "--glossary", str(tmp_path / "no.txt")).code == 2
    assert run("transcribe", SAMPLE, "--pipeline", "v1", "--glossary", str(tmp_path / "no.txt")).code == 2


def test_a_batch_shares_one_limit(run: Run, hears: Hears, llm_server: LlmServer) -> None:
    done = run("batch", "run", SAMPLE, "--pipeline", "v2", "--max-cost", "0.0001", "--json")
    assert (done.code, llm_server.seen) == (1, [])
    assert "--max-cost" in run("batch", "show", done.json["id"]).out


def test_what_it_will_take_and_what_is_missing(run: Run, hears: Hears, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = run("plan", SAMPLE, "--pipeline", "v2", "--json").json
    assert planned["corrections"]["model"] == "deepseek-chat"
    assert 0 < planned["cost"] < 0.01
    assert "tokens to deepseek-chat" in run("plan", SAMPLE, "--pipeline", "v2").out
    assert run("plan", SAMPLE, "--json").json["corrections"] is None
    assert run("plan", SAMPLE, "--pipeline", "enhance").code == 2
    monkeypatch.setenv("TRAX_LLM_API_KEY", "")
    monkeypatch.setenv("TRAX_LLM_BASE_URL", "https://api.deepseek.com")
    refused = run("transcribe", SAMPLE, "--pipeline", "v2")
    assert (refused.code, hears.runs) == (1, 0)
    assert "There is no key for api.deepseek.com" in refused.err
