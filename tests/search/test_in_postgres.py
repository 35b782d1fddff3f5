"""PostgreSQL sees the same words as the functions do: on both servers."""

from __future__ import annotations

import random
import re

from sqlalchemy import text as sql

from trax.database import Database
from trax.search.exact import pattern
from trax.search.query import Leaf, parse
from trax.search.scripts import search_text, units
from trax.search.words import folded, plain, words

ALPHABET = [
    "a",
    "Ab",
    "é",
    "д",
    "Σ",
    "機",
    "械",
    "の",
    "ー",
    "ที่",
    "က",
    "ខ្មែរ",
    "학",
    "हिन्दी",
    "שָׁ",
    "ל",
    "كِ",
    "ا",
    "7",
    "'",
    "-",
    " ",
    ".",
    "_",
    "\N{FIRE}",
]


def _texts(number: int, length: int) -> list[str]:
    chance = random.Random(6)
    return [folded("".join(chance.choices(ALPHABET, k=length))) for _ in range(number)]


def test_patterns_find_the_same_places(database: Database) -> None:
    texts = _texts(450, 12)
    chance = random.Random(7)
    cases = []
    for said in texts:
        place = chance.randrange(len(said))
        part = said[place : place + chance.randint(1, 6)].replace('"', "")
        if words(part):
            (leaf,) = parse(f'"{part}"').positive
            cases.append((pattern(leaf), said))
    statement = sql("""
        SELECT regexp_instr(said, one, 1, 1, 0, 'i'), said ~* one
        FROM unnest(CAST(:patterns AS text[]), CAST(:texts AS text[])) WITH ORDINALITY AS t (one, said, number)
        ORDER BY number""")
    values = {"patterns": [one for one, _ in cases], "texts": [said for _, said in cases]}
    with database.transaction() as session:
        rows = session.execute(statement, values).all()
    found = [re.search(one, said, re.IGNORECASE) for one, said in cases]
    expected = [(0, False) if one is None else (one.start() + 1, True) for one in found]
    assert [tuple(row) for row in rows] == expected
    assert len(cases) > 300
    assert sum(is_there for _, is_there in expected) > 200


def test_pairs_of_characters_are_words(database: Database) -> None:
    runs = ["機械学習のアプリー々", "ที่นี่เป็นภาษาไทย", "ພາສາລາວ", "မြန်မာဘာသာ", "ភាសាខ្មែរ"]
    with database.transaction() as session:
        for run in runs:
            tokens = (search_text([run]) or "").split()
            statement = sql("SELECT alias, token FROM ts_debug('simple', :tokens) WHERE alias <> 'blank'")
            seen = [row.token for row in session.execute(statement, {"tokens": " ".join(tokens)})]
            assert seen == tokens


def test_each_part_of_a_run_is_found_by_its_pairs(database: Database) -> None:
    said = "生成AI技術、機械学習です。ที่นี่ภาษา"
    parts = []
    for run in ("技術", "機械学習です", "ที่นี่ภาษา"):
        characters = units(run)
        for first in range(len(characters)):
            parts += ["".join(characters[first:last]) for last in range(first + 1, len(characters) + 1)]
    parts += ["AI技術", "生成AI", "成AI技", '"学習です ที่"']
    absent = ["械機", "術AI", "学機", "すที่"]
    statement = sql("""
        SELECT to_tsvector('simple', :said) @@ CAST(one AS tsquery)
        FROM unnest(CAST(:queries AS text[])) WITH ORDINALITY AS t (one, number) ORDER BY number""")
    queries = [_tsquery(parse(part).positive[0]) for part in [*parts, *absent]]
    with database.transaction() as session:
        found = list(session.scalars(statement, {"said": plain(search_text([said]) or ""), "queries": queries}))
    assert found == [True] * len(parts) + [False] * len(absent)


def _tsquery(leaf: Leaf) -> str:
    return " <-> ".join(f"'{word}'" for word in leaf.words) + (":*" if leaf.prefix else "")


def test_words_are_in_lower_case_as_on_the_server(database: Database) -> None:
    said = ["Straße", "ŒUVRE", "ΟΔΟΣ", "Москва", "İstanbul", "Ñandú", "Ærø", "GROẞ"]
    with database.transaction() as session:
        lower = session.scalars(
            sql("SELECT lower(said) FROM unnest(CAST(:said AS text[])) AS t (said)"), {"said": said}
        )
        assert [words(one) for one in said] == [[one] for one in lower]
