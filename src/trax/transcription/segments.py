"""Segments out of words: a sentence, or what stands between two pauses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trax.transcript import Segment, Word
from trax.transcription.decoding import Hypothesis
from trax.transcription.transcriber import TranscribeOptions

SENTENCE_ENDS = (".", "?", "!", "。", "？", "！", "…")
ABBREVIATIONS = frozenset({"mr.", "mrs.", "ms.", "dr.", "st.", "prof.", "sr.", "jr.", "vs.", "no.", "etc."})


@dataclass(frozen=True, slots=True)
class ScoredWord:
    """A word and the reading it comes from."""

    word: Word
    hypothesis: Hypothesis


def segments_of(words: Sequence[ScoredWord], options: TranscribeOptions) -> tuple[Segment, ...]:
    """All words in order, divided at the ends of sentences, at pauses, and before a segment gets too long."""
    groups: list[list[ScoredWord]] = []
    for scored in words:
        if groups and not _breaks(groups[-1], scored, options):
            groups[-1].append(scored)
        else:
            groups.append([scored])
    return tuple(_segment(group) for group in groups)


def _breaks(group: Sequence[ScoredWord], following: ScoredWord, options: TranscribeOptions) -> bool:
    last = group[-1].word
    return (
        group[-1].hypothesis is not following.hypothesis
        or following.word.start - last.end > options.segment_pause
        or following.word.end - group[0].word.start > options.max_segment
        or ends_sentence(last.text)
    )


def ends_sentence(text: str) -> bool:
    """Whether a word is the last of its sentence, as far as its punctuation tells."""
    bare = text.strip().rstrip("\"'”’)]")
    initial = len(bare) == 2 and bare[0].isupper()
    return bare.endswith(SENTENCE_ENDS) and bare.lower() not in ABBREVIATIONS and not initial


def _segment(group: Sequence[ScoredWord]) -> Segment:
    words = tuple(scored.word for scored in group)
    hypothesis = group[0].hypothesis
    return Segment(
        start=words[0].start,
        end=words[-1].end,
        text="".join(word.text for word in words).strip(),
        words=words,
        avg_logprob=hypothesis.avg_logprob,
        no_speech_prob=hypothesis.no_speech_prob,
        compression_ratio=hypothesis.compression_ratio,
        temperature=hypothesis.temperature,
    )
