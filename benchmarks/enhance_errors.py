"""Known errors for a transcript, and edits that make a right one worse: what to put in place of which words.

Everything is drawn by a generator with a fixed seed, so that two runs are about the same errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from trax.enhancement.words import VALUES, letters, likeness

ALIKE = 0.6  # likeness from which on one word may be misheard as the other
TERM_ALIKE = 0.4  # likeness of a word and a term that is put in its place
TERM = 7  # letters of a word that is spelt wrongly, at least


def _rows(text: str) -> dict[str, tuple[str, ...]]:
    """For each word the others of its row."""
    rows = [tuple(row.split()) for row in text.split(",")]
    return {word: tuple(other for other in row if other != word) for row in rows for word in row}


HOMOPHONES = _rows(
    "their there,too to,knew new,write right,hear here,sea see,would wood,which witch,whole hole,wait weight,week weak,"
    "by buy,be bee,our hour,some sum,son sun,made maid,great grate,meat meet,piece peace,plain plane,road rode,"
    "sail sale,scene seen,steel steal,tail tale,through threw,way weigh,where wear,your you're,than then,affect effect,"
    "past passed,led lead,morning mourning,night knight,heard herd,him hymn,all awl,sight site,rain reign,bare bear,"
    "fair fare,flower flour,hair hare,dear deer,male mail,main mane,pair pear,principal principle,role roll,so sew,"
    "soul sole,stair stare,sweet suite,time thyme,war wore,board bored,cell sell,sent cent,allowed aloud,blue blew,"
    "break brake,course coarse,creek creak,die dye,feet feat,gate gait,heel heal,idle idol,key quay,loan lone,"
    "mind mined,nose knows,pause paws,pray prey,read red,ring wring,rose rows,soar sore,stake steak,vain vein,"
    "waste waist,but butt,in inn,or oar,know no,not knot,cross crass,least leased,most moist,lesson lessen,"
    "presence presents,council counsel,stationary stationery,compliment complement,desert dessert,it's its"
)
SYNONYMS = _rows(
    "big large,small little,house home,began started,said replied,old ancient,quick fast,happy glad,road street,"
    "boy lad,girl lass,looked gazed,beautiful lovely,answer reply,child kid,often frequently,perhaps maybe,"
    "hard difficult,near close,long lengthy,many several,man fellow,woman lady,people folks,great huge,good fine,"
    "came arrived,went walked,saw noticed,thought believed,found discovered,took grabbed,made created,gave handed,"
    "very quite,only just,always forever,never seldom,before until,after since,into inside,upon on,under below"
)
TENSES = _rows(
    "is was,are were,has had,do did,can could,will would,come came,go went,say said,see saw,know knew,get got"
)
ARTICLES = ("the", "a", "an")
ADDED = ("very", "really", "then", "also", "just", "quite", "so", "even", "now", "well")  # what nobody said
AUXILIARIES = ("is", "was", "are", "were", "would", "could", "had", "did", "will", "can", "must", "should", "has")
NUMBERS = tuple(word for word, value in VALUES.items() if 2 <= value <= 90 and not word.endswith(("th", "rd", "nd")))
_LISTED = (
    "Henry Charles Margaret William Edward Alice Robert Thomas Martha Philip Rebecca London Paris Boston Vienna "
    "Johnson Walker Miller Harris Brown Taylor Anderson Wilson Benson Morton"
)
NAMES = tuple(_LISTED.split())
SPELLINGS = (
    ("ph", "f"), ("tion", "shun"), ("cc", "k"), ("ck", "k"), ("ie", "ei"), ("ei", "ie"), ("ss", "s"), ("ll", "l"),
    ("tt", "t"), ("rr", "r"), ("ea", "ee"), ("qu", "kw"), ("x", "ks"), ("ca", "ka"), ("co", "ko"), ("or", "er"),
    ("an", "en"), ("er", "ar"), ("i", "y"), ("e", "i"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """What one place is to read instead."""

    start: int  # words, half open
    end: int
    after: tuple[str, ...]
    kind: str  # of error, as the tables call it


Maker = Callable[["Vocabulary", Sequence[str], int, Random], Change | None]  # of a change to the word at that place


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words that may be heard in place of others."""

    words: tuple[str, ...]
    terms: tuple[str, ...] = ()  # of the user's glossary

    def near(self, word: str, random: Random) -> str | None:
        """Another word that sounds somewhat like it."""
        plain = letters(word)
        if len(plain) < 4:
            return None
        found = _near(self.words, plain)
        return random.choice(found) if found else None


@cache
def _near(words: tuple[str, ...], plain: str) -> list[str]:
    alike = [one for one in words if one[0] == plain[0] and one != plain and abs(len(one) - len(plain)) <= 2]
    return [one for one in alike if likeness(one, plain) >= ALIKE]


def changes(
    words: Sequence[str], free: Sequence[int], makers: Sequence[Maker], count: int, known: Vocabulary, random: Random
) -> list[Change]:
    """So many changes at places that are free, no two side by side, each by another maker in turn; in order."""
    places = list(free)
    random.shuffle(places)
    made: dict[int, Change] = {}
    turn = random.randrange(len(makers))
    for number in range(count):
        maker = makers[(turn + number) % len(makers)]
        for place in places:
            if {place - 1, place, place + 1} & made.keys():
                continue
            change = maker(known, words, place, random)
            if change is not None:
                made[place] = change
                break
    return [made[place] for place in sorted(made)]


def changed(words: Sequence[str], made: Sequence[Change]) -> list[str]:
    """The words with all changes, which don't overlap."""
    result = list(words)
    for change in sorted(made, key=lambda change: change.start, reverse=True):
        result[change.start : change.end] = change.after
    return result


def dressed(word: str, like: str) -> str:
    """The word with the capital and the punctuation of the one that it replaces."""
    first = next((n for n, sign in enumerate(like) if sign.isalnum()), 0)
    last = next((n for n in range(len(like), 0, -1) if like[n - 1].isalnum()), len(like))
    body = word[:1].upper() + word[1:] if like[first : first + 1].isupper() else word
    return like[:first] + body + like[last:]


def _instead(kind: str, words: Sequence[str], place: int, wanted: str | None) -> Change | None:
    if wanted is None:
        return None
    return Change(place, place + 1, (dressed(wanted, words[place]),), kind)


def _of(rows: dict[str, tuple[str, ...]], word: str, random: Random) -> str | None:
    others = rows.get(word.strip('.,;:!?"').lower())
    return random.choice(others) if others else None


def homophone(_: Vocabulary, words: Sequence[str], place: int, random: Random) -> Change | None:
    return _instead("homophone", words, place, _of(HOMOPHONES, words[place], random))


def synonym(_: Vocabulary, words: Sequence[str], place: int, random: Random) -> Change | None:
    return _instead("synonym", words, place, _of(SYNONYMS, words[place], random))


def tense(_: Vocabulary, words: Sequence[str], place: int, random: Random) -> Change | None:
    return _instead("tense", words, place, _of(TENSES, words[place], random))


def misheard(known: Vocabulary, words: Sequence[str], place: int, random: Random) -> Change | None:
    """A word that sounds alike takes its place."""
    return _instead("word alike", words, place, None if _is_name(words, place) else known.near(words[place], random))


def wrong_term(known: Vocabulary, words: Sequence[str], place: int, _: Random) -> Change | None:
    """A term of the glossary where another word is said that is somewhat like it."""
    plain = letters(words[place])
    alike = [term for term in known.terms if letters(term) != plain and likeness(letters(term), plain) >= TERM_ALIKE]
    best = max(alike, key=lambda term: likeness(letters(term), plain), default=None)
    return _instead("term where it isn't said", words, place, best)


def no_article(_: Vocabulary, words: Sequence[str], place: int, __: Random) -> Change | None:
    is_there = words[place].lower() in ARTICLES and place > 0
    return Change(place, place + 1, (), "article dropped") if is_there else None


def another_article(_: Vocabulary, words: Sequence[str], place: int, random: Random) -> Change | None:
    """An article where none is."""
    if place == 0 or words[place - 1].lower() in ARTICLES or words[place].lower() in ARTICLES:
        return None
    return Change(place, place, (random.choice(("the", "a")),), "article added")


def misspelt(_: Vocabulary, words: Sequence[str], place: int, random: Random) -> Change | None:
    """A long word is written as it sounds."""
    plain = words[place].strip('.,;:!?"')
    if len(plain) < TERM or not plain.isalpha() or _is_name(words, place):
        return None
    return _instead("term misspelt", words, place, _misspelling(plain, random))


def misspelt_name(_: Vocabulary, words: Sequence[str], place: int, random: Random) -> Change | None:
    plain = words[place].strip('.,;:!?"')
    if not _is_name(words, place) or len(plain) < 4 or not plain.isalpha():
        return None
    return _instead("name misspelt", words, place, _misspelling(plain, random))


def other_name(_: Vocabulary, words: Sequence[str], place: int, random: Random) -> Change | None:
    if not _is_name(words, place):
        return None
    return _instead("other name", words, place, random.choice([name for name in NAMES if name not in words[place]]))


def no_ending(_: Vocabulary, words: Sequence[str], place: int, __: Random) -> Change | None:
    """A slip of grammar: walked, walk; stones, stone."""
    plain = words[place].strip('.,;:!?"')
    if len(plain) < 5 or not plain.isalpha() or _is_name(words, place):
        return None
    if plain.endswith("ed") and plain[-3] not in "aeiou":
        return _instead("ending", words, place, plain.removesuffix("ed"))
    if plain.endswith("s") and not plain.endswith(("ss", "us", "is", "es")):
        return _instead("ending", words, place, plain.removesuffix("s"))
    return None


def added_word(_: Vocabulary, words: Sequence[str], place: int, random: Random) -> Change | None:
    return Change(place, place, (random.choice(ADDED),), "word added") if place else None


def dropped_word(_: Vocabulary, words: Sequence[str], place: int, __: Random) -> Change | None:
    has_content = len(letters(words[place])) > 3 and words[place].isalpha()
    return Change(place, place + 1, (), "word dropped") if has_content and place else None


def other_number(_: Vocabulary, words: Sequence[str], place: int, random: Random) -> Change | None:
    plain = words[place].strip('.,;:!?"').lower()
    if plain.isdecimal():
        return _instead("number", words, place, str(int(plain) + random.randint(1, 9)))
    if plain not in NUMBERS:
        return None
    return _instead("number", words, place, random.choice([word for word in NUMBERS if word != plain]))


def negated(_: Vocabulary, words: Sequence[str], place: int, __: Random) -> Change | None:
    plain = words[place].lower()
    if plain in ("not", "never"):
        return Change(place, place + 1, (), "negation")
    return Change(place, place + 1, (words[place], "not"), "negation") if plain in AUXILIARIES else None


def _is_name(words: Sequence[str], place: int) -> bool:
    word = words[place].lstrip('"')
    starts = place == 0 or words[place - 1].rstrip('"').endswith((".", "!", "?"))
    return word[:1].isupper() and not starts and word.split("'")[0].strip(".,;:!?") not in ("I", "Mr", "Mrs", "Oh")


def _misspelling(word: str, random: Random) -> str | None:
    found = [word[:1] + word[1:].replace(old, new, 1) for old, new in SPELLINGS if old in word[1:]]
    return random.choice(found[:3]) if found else None


ERRORS: tuple[Maker, ...] = (homophone, no_article, misspelt, misheard, no_ending, misspelt_name)
HARMS: tuple[Maker, ...] = (
    synonym, misheard, added_word, dropped_word, tense, another_article, homophone, no_article, no_ending, other_name,
    other_number, negated, wrong_term,
)  # fmt: skip


def wild(texts: Sequence[str], number: int, random: Random) -> Iterator[tuple[str, str]]:
    """What a language model might answer about one of the texts when it doesn't correct; with its kind."""
    words, others = texts[number].split(), [text for place, text in enumerate(texts) if place != number]
    yield "summary", " ".join(words[: max(2, len(words) // 3)]).rstrip(".,;") + "."
    yield "rewritten", f"The speaker says that {' '.join(reversed(words[: len(words) // 2 + 1])).lower()}."
    yield "remark", f"Here is the corrected text: {texts[number]}"
    yield "translated", "Der Sprecher erzählt, was damals geschah, und wie es allen dabei erging."
    yield "obeyed", "I cannot help with that request, but let me know if you need anything else."
    yield "continued", f"{texts[number]} And that was how it all came to an end for everybody."
    if others:
        yield "neighbour", f"{texts[number]} {random.choice(others)}"
