"""Words and phrases: every moment in which they were said, and no other."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from itertools import product

from tests.finding.archive import SECONDS, add_transcript
from tests.search.hostile import HOSTILE_QUERIES
from trax.database import Database
from trax.errors import QueryError, SearchUnavailable
from trax.finding import Finder, Mode
from trax.search.hits import Answer

VOCABULARY = ["to", "be", "or", "not", "the", "of", "a", "is", "that", "don't"]  # stop words ...
VOCABULARY += ["machine", "learning", "learned", "models", "people", "think", "state", "art", "GPUs"]


def starts(answer: Answer) -> list[float]:
    return sorted(hit.start for hit in answer.hits)


def texts(answer: Answer) -> list[str]:
    return [hit.text for hit in answer.hits]


def marked(answer: Answer) -> list[str]:
    return [hit.text[start:end] for hit in answer.hits for start, end in hit.marks]


def spoken(number: int) -> tuple[list[str], list[int]]:
    """Lines of words by chance with stops between them, and the line that each word stands in."""
    chance = random.Random(number)
    lines, places = [], []
    for line in range(120):
        length = chance.randint(1, 6)
        words = chance.choices(VOCABULARY, k=length)
        lines.append(" ".join(words).capitalize() + chance.choice([".", ",", "", " -", "?!"]))
        places += [line] * length
    return lines, places


def places_of(phrase: Sequence[str], words: Sequence[str]) -> list[int]:
    length = len(phrase)
    return [place for place in range(len(words) - length + 1) if words[place : place + length] == list(phrase)]


def test_a_phrase_is_found_wherever_it_was_said_and_nowhere_else(database: Database) -> None:
    lines, line_of = spoken(1)
    words = re.findall(r"[\w']+", " ".join(lines).lower())
    add_transcript(database, "talk.mp3", *lines)
    finder, chance = Finder(database), random.Random(2)
    across = 0
    for length in (1, 2, 3, 4, 5, 6, 8, 12):
        for _ in range(6):
            place = chance.randrange(len(words) - length)
            phrase = words[place : place + length]
            said_in = {line_of[found] * SECONDS for found in places_of(phrase, words)}
            answer = finder.find(f'"{" ".join(phrase)}"', limit=200)
            assert set(starts(answer)) == said_in, phrase
            assert len(answer.hits) == len(said_in)
            assert all(hit.marks for hit in answer.hits), phrase
            across += line_of[place] != line_of[place + length - 1]
    assert across > 20


def test_words_are_found_in_any_form_and_any_order_within_a_passage(database: Database) -> None:
    add_transcript(database, "talk.mp3", "A machine is here.", "It was learned.", *["Silence."] * 30, "Machines alone.")
    answer = Finder(database).find("learning machines")
    assert starts(answer) == [0.0]
    assert marked(answer) == ["machine"]


def test_the_moment_is_the_segment_with_most_of_the_words(database: Database) -> None:
    lines = ["Nothing yet.", "One model.", "The model of language, a language model.", "Some language.", "The end."]
    add_transcript(database, "talk.mp3", *lines)
    assert texts(Finder(database).find("language model")) == [lines[2]]


def test_a_word_that_only_follows_a_passage_is_no_hit_of_it(database: Database) -> None:
    add_transcript(database, "talk.mp3", *["Nothing."] * 8, "A zebra crosses.", *["Nothing."] * 8)
    answer = Finder(database).find("zebra")
    assert starts(answer) == [40.0]
    assert Finder(database).count("zebra").total == 1


SYNTAX: dict[str, set[str]] = {
    "cats OR dogs": {"One cat.", "One dog.", "Cats and dogs."},
    "cat|bird": {"One cat.", "Cats and dogs.", "A bird."},
    "cats -dogs": {"One cat."},
    'cats -"cats and dogs"': {"One cat."},
    "bir*": {"A bird.", "Birthday."},
    "cats-and-dogs": {"Cats and dogs."},
    '"cats"': {"Cats and dogs."},
    'bird OR "one dog"': {"A bird.", "One dog."},
    "fish": set(),
    "the": {"The sea."},
    "the -sea": set(),
    'the "a bird"': {"A bird."},
}


def test_the_syntax_of_search_engines(embedded_database: Database) -> None:
    for line in ("One cat.", "One dog.", "Cats and dogs.", "A bird.", "Birthday.", "The sea."):
        add_transcript(embedded_database, f"{line}.mp3", line)
    finder = Finder(embedded_database)
    assert {query: set(texts(finder.find(query, fuzzy=False))) for query in SYNTAX} == SYNTAX
    counted = {query: finder.count(query, fuzzy=False).total for query in SYNTAX}
    assert counted == {query: len(found) for query, found in SYNTAX.items()}


def test_a_phrase_goes_on_in_the_next_segments(embedded_database: Database) -> None:
    add_transcript(embedded_database, "talk.mp3", "To be, or", "not to be:", "that is the question.", "Whether.")
    (hit,) = Finder(embedded_database).find('"be or not to be that is"', context=1).hits
    assert (hit.start, hit.end, hit.text) == (0.0, 15.0, "To be, or not to be: that is the question.")
    assert [hit.text[start:end] for start, end in hit.marks] == ["be, or not to be: that is"]
    assert (hit.before, [line.text for line in hit.after]) == ((), ["Whether."])


def test_a_long_quotation_is_found_by_its_beginning(embedded_database: Database) -> None:
    words = [f"{VOCABULARY[number % 7]} w{number}" for number in range(80)]
    lines = [" ".join(words[start : start + 4]) for start in range(0, 80, 4)]
    add_transcript(embedded_database, "talk.mp3", *lines)
    (hit,) = Finder(embedded_database).find(f'"{" ".join(words[5:60])}"').hits
    assert hit.start == 5.0


def test_each_language_has_its_own_stems_and_stop_words(database: Database) -> None:
    add_transcript(database, "en.mp3", "The die is cast by machines.", language="en")
    add_transcript(database, "de.mp3", "Die Maschinen lernten.", language="de")
    add_transcript(database, "pl.mp3", "Maszyny.", language="pl")
    finder = Finder(database)
    assert texts(finder.find("maschine")) == ["Die Maschinen lernten."]
    assert texts(finder.find("machine")) == ["The die is cast by machines."]
    assert texts(finder.find("maszyny")) == ["Maszyny."]
    assert set(texts(finder.find("die"))) == {"The die is cast by machines.", "Die Maschinen lernten."}
    assert texts(finder.find('"die is"')) == ["The die is cast by machines."]


def test_scripts_without_spaces(database: Database) -> None:
    add_transcript(database, "ja.mp3", "今日は機械学習", "の応用を話します。生成AI model.", language="ja")
    finder = Finder(database)
    marks = {
        "機械学習": ["機械学習"],
        "学": ["学"],
        "学習 応用": ["学習"],
        '"学習の応用"': ["学習 の応用"],
        "学校": [],
        '"ai model"': ["AI model"],
    }
    assert {query: marked(finder.find(query)) for query in marks} == marks


def test_words_that_a_segment_ends_in_are_marked(embedded_database: Database) -> None:
    lines = ["今日は機", "械学習の応", "用を話します。", "The state of", "the-art is old.", "State of", "the machine"]
    add_transcript(embedded_database, "ja.mp3", *lines, language="ja")
    find = Finder(embedded_database).find
    marks = {
        "機械": ["機 械"],
        "学習の応用": ["学習の応 用"],
        "機械学習": ["機 械学習"],
        "応用 学習": ["学習", "応 用"],
        "学習": ["学習"],
        "state-of-the": ["state of the"],
        '"of the machine" state': ["State", "of the machine"],
        "state": ["state"],
    }
    assert {query: sorted(marked(find(query)), key=marks[query].index) for query in marks} == marks
    (hit,) = find("機械学習", context=1).hits
    assert (hit.text, hit.start, hit.end) == ("今日は機 械学習の応", 0.0, 10.0)
    assert [line.text for line in hit.after] == [lines[2]]


POINTED = {
    "he": ("שָׁלוֹם עוֹלָם גָּדוֹל", "שלום עולם גדול"),
    "ar": ("كِتَابٌ جَدِيدٌ هُنَا", "كتاب جديد هنا"),
    "fa": ("اَلْبَیت شُد", "البیت شد"),
}


def test_vowel_signs_do_not_count(database: Database) -> None:
    for language, spellings in POINTED.items():
        for said in spellings:
            add_transcript(database, f"{language}.mp3", said, language=language)
            add_transcript(database, f"{language} in two.mp3", *said.split(" ", 1), language=language)
    find = Finder(database).find
    for spellings in POINTED.values():
        for typed in spellings:
            first = typed.split()[0]
            for query in (f'"{typed}"', typed, first, f'"{first}"', typed.replace(" ", "-")):
                hits = find(query, fuzzy=False).hits
                assert len(hits) == 4, query
                assert all(hit.marks for hit in hits), query
            assert find(f"{typed} -{first}", fuzzy=False).hits == ()
            assert find(f'{typed} -"{typed}"', fuzzy=False).hits == ()


def test_korean_words_are_found_with_their_endings(embedded_database: Database) -> None:
    add_transcript(embedded_database, "ko.mp3", "한국어는 아름다운 언어입니다.", language="ko")
    assert marked(Finder(embedded_database).find("한국어")) == ["한국어는"]


def test_every_bad_query_ends_as_it_should(database: Database) -> None:
    add_transcript(database, "talk.mp3", "To be or not to be, that is the machine's question.", "学 model w1 or w2.")
    add_transcript(database, "ja.mp3", "機械学習", language="ja")
    finder = Finder(database)
    ended = {"answer": 0, "refusal": 0, "unclear": 0}
    ways: tuple[tuple[Mode, bool | None], ...] = (("words", None), ("words", True), ("substring", None))
    for (mode, fuzzy), query in product(ways, HOSTILE_QUERIES):
        try:
            answer = finder.find(query, mode=mode, fuzzy=fuzzy)
            assert len(answer.hits) <= 20
            ended["answer"] += 1
        except (QueryError, SearchUnavailable) as error:
            ended["refusal" if error.message and error.next_step else "unclear"] += 1
    assert ended["answer"] + ended["refusal"] == len(ways) * len(HOSTILE_QUERIES)
    assert min(ended["answer"], ended["refusal"]) > 20
