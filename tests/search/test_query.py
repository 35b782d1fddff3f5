"""Queries as people type them."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.search.hostile import HOSTILE_QUERIES
from trax.errors import QueryError
from trax.search.exact import matches, pattern
from trax.search.query import LONGEST_WORD, MOST_CHARACTERS, MOST_LEAVES, Leaf, Query, parse

INPUTS = 2_000


def sketch(query: Query) -> str:
    """The query in one line: what is wanted in brackets, exact words in quotes."""
    groups = ["|".join(map(_leaf, group.alternatives)) for group in query.groups]
    return " ".join([*(f"[{group}]" for group in groups), *(f"-{_leaf(leaf)}" for leaf in query.excluded)])


def _leaf(leaf: Leaf) -> str:
    written = " ".join(leaf.words) + "*" * leaf.prefix
    return f'"{written}"' if leaf.exact else written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("machine learning", "[machine] [learning]"),
        ("Machine, LEARNING!", "[machine] [learning]"),
        ('"Machine  Learning"', '["machine learning"]'),
        ("\u201cto be\u201d", '["to be"]'),
        ('say "never closed OR so', '[say] ["never closed or so"]'),
        ("this OR that other", "[this|that] [other]"),
        ("a this or that", "[a] [this|that]"),
        ("one|two | three four", "[one|two|three] [four]"),
        ('"a b" OR c', '["a b"|c]'),
        ("a OR OR b", "[a|b]"),
        ("a || b", "[a|b]"),
        ("rock AND roll", "[rock] [roll]"),
        ("or", "[or]"),
        ("d'or", "[d'or]"),
        ("or noir", "[or] [noir]"),
        ("| a |", "[a]"),
        ("machine -learning", "[machine] -learning"),
        ('machine -"deep learning" -net*', '[machine] -"deep learning" -net*'),
        ("a -b OR c", "[a] [or] [c] -b"),
        ("--not this", "[this] -not"),
        ("learn*", "[learn*]"),
        ('"machine lear*"', '["machine lear*"]'),
        ("* a", "[a]"),
        ("state-of-the-art", "[state of the art]"),
        ("e-mail@example.org", "[e mail example org]"),
        ("C++ 3.14", "[c] [3 14]"),
        ("(cats OR dogs) food", "[cats|dogs] [food]"),
        ("don\u2019t", "[don't]"),
        ("機械学習", "[機械 械学 学習]"),
        ("学", "[学*]"),
        ('"機械 学習"', '["機械 械 学習"]'),
        ("AI技術", "[ai 技術]"),
        ("技術AI", "[技術 術 ai]"),
        ("AI技", "[ai 技*]"),
        ("機械*", "[機械]"),
        ("학교", "[학교]"),
        ("tabs\tand\x00nuls", "[tabs] [and] [nuls]"),
        ("same same", "[same]"),
    ],
)
def test_syntax(text: str, expected: str) -> None:
    assert sketch(parse(text)) == expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [("machine", "words"), ("학교", "hangul"), ("機械", "unspaced"), ("AI技術", "unspaced"), ("АЭС", "words")],
)
def test_kinds(text: str, kind: str) -> None:
    assert [leaf.kind for leaf in parse(text).positive] == [kind]


@pytest.mark.parametrize(
    ("text", "expected"),
    [('"a b"', True), ('"a"', True), ("a b", False), ('"a" b', False), ('"a" -b', False), ('"a" OR "b"', False)],
)
def test_one_exact_phrase_is_told_from_the_rest(text: str, expected: bool) -> None:
    assert parse(text).is_phrase is expected


@pytest.mark.parametrize("text", ["machine", '"machine learning"', "learn*", "state-of-the-art", "機械学習", '"学"'])
def test_a_leaf_keeps_how_it_was_typed(text: str) -> None:
    (leaf,) = parse(f"{text} -other").positive
    assert leaf.text == text
    assert parse(leaf.text).positive == (leaf,)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no word"),
        ("\N{FACE WITH TEARS OF JOY} ...", "no word"),
        ("-not -this", "not wanted"),
        ("x" * (MOST_CHARACTERS + 1), "1,000 characters"),
        (" ".join(f"w{number}" for number in range(MOST_LEAVES + 1)), "50 words"),
        ("a " + " ".join(f"-w{number}" for number in range(MOST_LEAVES)), "50 words"),
        ("x" * (LONGEST_WORD + 1), "200 letters"),
        ("a*", "begin with"),
    ],
)
def test_what_asks_for_nothing_or_too_much_is_refused(text: str, says: str) -> None:
    with pytest.raises(QueryError, match=re.escape(says)) as refused:
        parse(text)
    assert refused.value.exit_code == 2
    assert refused.value.next_step.endswith(".")


def test_the_limits_themselves_are_allowed() -> None:
    assert len(parse(" ".join(f"w{number}" for number in range(MOST_LEAVES))).groups) == MOST_LEAVES
    assert len(parse(("ab " * MOST_CHARACTERS)[: MOST_CHARACTERS - 853]).positive) == 1
    assert parse("x" * LONGEST_WORD).positive[0].words == ("x" * LONGEST_WORD,)
    assert parse(f"a{' ' * (MOST_CHARACTERS - 1)}").positive


def assert_sound(query: Query) -> None:
    """What everybody who gets a query relies on."""
    assert query.groups
    assert all(group.alternatives for group in query.groups)
    leaves = [*query.positive, *query.excluded]
    assert len(leaves) <= MOST_LEAVES
    for leaf in leaves:
        assert leaf.words
        for word in leaf.words:
            assert 0 < len(word) <= LONGEST_WORD
            assert len(word.encode()) < 2046
            assert not re.search(r"[\s\x00\"&|!<>()\\:*%_]", word)
        re.compile(pattern(leaf), re.IGNORECASE)


@given(st.text(max_size=80))
def test_any_text_is_a_query_or_is_refused(text: str) -> None:
    query, refused = _read(text)
    assert (query is None) != (refused is None)
    if query is not None:
        assert_sound(query)


def test_hostile_inputs_are_read_or_refused(capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(20_261_123)
    ended = {"read": 0, "refused": 0}
    for number in range(INPUTS):
        text = HOSTILE_QUERIES[number] if number < len(HOSTILE_QUERIES) else _mixture(chance)
        query, refused = _read(text)
        if refused is not None:
            assert refused.message.isprintable()
            assert refused.next_step
            ended["refused"] += 1
        if query is not None:
            assert_sound(query)
            matches(query, text)
            ended["read"] += 1
    with capsys.disabled():
        print(f" {ended['read']} read, {ended['refused']} refused of {INPUTS:,}", end="")
    assert sum(ended.values()) == INPUTS
    assert min(ended.values()) > 100


def _read(text: str) -> tuple[Query | None, QueryError | None]:
    try:
        return parse(text), None
    except QueryError as refused:
        return None, refused


def _mixture(chance: random.Random) -> str:
    """Parts of hostile queries put together, with something odd between."""
    parts = []
    for _ in range(chance.randint(1, 4)):
        text = chance.choice(HOSTILE_QUERIES)
        start = chance.randrange(len(text) + 1)
        parts.append(text[start : start + chance.randint(0, 60)])
    odd = chance.choice(["", " ", '"', "|", "-", "*", " OR ", "\x00", chr(chance.randrange(0x11_0000))])
    return odd.join(parts)
