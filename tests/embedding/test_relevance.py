"""Questions in other words than those of the answer, asked of real podcasts."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from trax.embedding import Embedder
from trax.ingest.transcript_files import read_transcript_file
from trax.search.passages import index_rows
from trax.transcript import Transcript

# Number of the episode, what somebody asks, and what gives the passage away that answers it
QUESTIONS = (
    (22, "a picture painted by a computer was auctioned for a fortune", r"Edmond de Belamy"),
    (29, "tagging an endangered sea mammal ended up killing it", r"whale"),
    (59, "flying robots that compete without anybody steering them", r"racecourse|fly through this thing"),
    (3, "an app that helps African growers spot sick plants", r"cassava"),
    (1, "somebody's father investigated the crash of a fighter jet", r"F-22"),
    (30, "hardly any women in technical courses", r"most of the class were guys|male-dominated"),
    (52, "a machine that bluffs better than professional gamblers", r"poker|bluff"),
    (34, "the president signs a paper about computers that learn", r"executive order"),
    (19, "songs and melodies made by a neural network", r"Magenta|music"),
    (56, "how much electricity is used up, and is that bad for the climate", r"carbon|energy"),
    (60, "recognising people's faces with cameras in public", r"facial recognition|surveillance"),
    (42, "learning from data that stays on people's own phones", r"federated"),
)
FIRST = 3  # results that somebody looks at without effort
EACH = 25  # one passage in so many is among those that are no answer


@pytest.mark.shared_data
def test_what_was_meant_is_among_the_first(shared_data: Path, minilm: Embedder) -> None:
    passages, answers = list[str](), list[set[int]]()
    for episode, _, mark in QUESTIONS:
        texts = _passages(shared_data / "transcripts" / "podcast" / f"practical-ai-{episode}.md")
        right = [text for text in texts if re.search(mark, text, re.IGNORECASE)][:2]
        answers.append({len(passages) + at for at in range(len(right))})
        passages += [*right, *texts[::EACH]]
    assert all(answers)
    vectors = minilm.embed(passages)
    ranks = []
    for (_, question, mark), ours in zip(QUESTIONS, answers, strict=True):
        order = np.argsort(-(vectors @ minilm.embed([question])[0]))
        is_right = [at in ours or bool(re.search(mark, passages[at], re.IGNORECASE)) for at in order]
        ranks.append(is_right.index(True) + 1)
    assert [rank for rank in ranks if rank > FIRST] == [], ranks
    assert not any(_has_all_words(question, passage) for _, question, _ in QUESTIONS for passage in passages)


def _passages(path: Path) -> list[str]:
    read = read_transcript_file(path).transcript
    _, passages = index_rows(Transcript("en", 0.0, read.segments), measured=False)
    return [passage.text for passage in passages]


def _has_all_words(question: str, passage: str) -> bool:
    """Whether a search for the words would find it as well."""
    return set(re.findall(r"[a-z]{4,}", question.lower())) <= set(re.findall(r"[a-z]{4,}", passage.lower()))
