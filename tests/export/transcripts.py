"""Transcripts for the export tests: short ones by hand, strange ones by Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from trax.export import ExportDocument
from trax.transcript import Segment, Transcript, Word

SCRIPTS = {
    "latin": "abcdefgnostuéñß.,?!'-",
    "markup": '<>&;-/{}\\ab"',
    "cjk": "日本語我们的世界はひがなカター。、「」ッ",
    "korean": "한국어말씀",
    "combining": "e\u0301a\u0308\u200d",
    "rtl": "שלוםمرحبا\u200f",
    "thai": "สวัสดีเครบ",
    "odd": "\u00a0\u2028\x85\x00\t\n\u200b😀",
}


def sentence(text: str, start: float = 0.0, word_seconds: float = 0.3, speaker: str | None = None) -> Segment:
    """A segment whose words follow each other without pause."""
    words = tuple(
        Word(start + i * word_seconds, start + (i + 1) * word_seconds, f" {word}", 0.9)
        for i, word in enumerate(text.split())
    )
    return Segment(start, words[-1].end, text, words, speaker=speaker)


def transcript(*segments: Segment, duration: float | None = None) -> Transcript:
    return Transcript("en", duration or (segments[-1].end + 10 if segments else 10.0), segments)


def document(*segments: Segment, title: str = "Talk") -> ExportDocument:
    return ExportDocument(transcript(*segments), title)


def seconds() -> st.SearchStrategy[float]:
    return st.floats(0, 400_000, allow_nan=False) | st.floats(0, 30) | st.sampled_from([0.0, 1.0, 5.0])


def word_texts() -> st.SearchStrategy[str]:
    by_script = [st.text(alphabet=alphabet, min_size=1, max_size=12) for alphabet in SCRIPTS.values()]
    long_word = st.text(alphabet="abc", min_size=40, max_size=100)
    unspaced = st.text(alphabet=SCRIPTS["cjk"], min_size=30, max_size=100)
    return st.builds(
        lambda space, text: space + text,
        st.sampled_from([" ", " ", " ", ""]),
        st.one_of(*by_script, long_word, unspaced, st.text(max_size=6)),
    )


@st.composite
def words(draw: st.DrawFn, speakers: list[str | None]) -> Word:
    start = draw(seconds())
    length = draw(st.sampled_from([0.0, 0.01, 0.2, 0.5, 12.0]) | st.floats(0, 40))
    return Word(start, start + length, draw(word_texts()), 0.5, draw(st.sampled_from(speakers)))


@st.composite
def spoken_words(draw: st.DrawFn) -> list[Word]:
    """Words one after another, as an engine gives them: any pace, pauses, some without length."""
    time = draw(st.floats(0, 5))
    made = []
    for text in draw(st.lists(word_texts(), max_size=40)):
        time += draw(st.sampled_from([0.0, 0.0, 0.0, 0.1, 0.4, 1.0, 3.0]))
        end = time + draw(st.sampled_from([0.0, 0.05, 0.2, 0.3, 0.6]))
        made.append(Word(time, end, text, 0.5))
        time = end
    return made


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    """Segments with ordered words, with words at random times, and without words."""
    speakers: list[str | None] = draw(st.sampled_from([[None], ["Ann", "Bob <x> & Co"], ["A" * 60, None]]))
    segments = []
    for _ in range(draw(st.integers(0, 3))):
        start = draw(seconds())
        row = draw(spoken_words() | st.lists(words(speakers), max_size=15) | st.just([]))
        text = "".join(word.text for word in row).strip() or draw(word_texts()) * 6
        segments.append(
            Segment(start, start + draw(st.floats(0, 30)), text, tuple(row), speaker=draw(st.sampled_from(speakers)))
        )
    return Transcript("en", draw(seconds()), tuple(segments))
