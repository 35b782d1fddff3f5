"""Dialogues of which it is known exactly who says what when: readers' phrases as turns of one, and real ones.

The clips of a reader come again in long dialogues; there is no more than about a minute of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.random import Generator

from benchmarks.diarize_phrases import Clip, Phrase
from benchmarks.diarize_sound import Said, mixed, write_wav
from benchmarks.recordings import DATA
from trax.audio import SAMPLE_RATE
from trax.ingest.rttm import read_rttm_file
from trax.timeline import Seconds
from trax.turns import SpeakerTurn

GAPS = (0.1, 1.2)  # seconds between two turns
LONG_GAPS, LONG_GAP_SHARE = (2.0, 5.0), 0.06
CUT_IN = (0.3, 1.5)  # seconds that a turn begins before the end of the one before, where it does
SHORT: Seconds = 1.6  # what is thrown in while another speaks
LENGTHS = (0.35, 0.30, 0.20, 0.15)  # chances of a turn of 1, 2, 3, 4 phrases

Spoken = tuple[str, str]  # a word and who says it


@dataclass(frozen=True, slots=True)
class Plan:
    """What a dialogue is to be like."""

    speakers: int
    seconds: Seconds
    overlap: float  # chance that a turn begins before the end of the one before; half of it: that somebody cuts in
    in_room: bool  # with reverberation and noise
    is_for_both: bool = False  # the peer hears it, too
    has_words: bool = True  # it is transcribed, and its words are given to speakers

    @property
    def name(self) -> str:
        people = "1 speaker" if self.speakers == 1 else f"{self.speakers} speakers"
        ways = [way for way, there in (("overlap", self.overlap > 0), ("room", self.in_room)) if there]
        return ", ".join([people, f"{self.seconds / 60:g} min", *ways])


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A recording, and the truth of it."""

    name: str
    path: Path
    seconds: Seconds
    turns: tuple[SpeakerTurn, ...]
    words: tuple[Spoken, ...]  # in order of time; none: it isn't known what is said
    is_for_both: bool
    is_real: bool = False

    @property
    def speakers(self) -> int:
        return len({turn.speaker for turn in self.turns})


def conversation(plan: Plan, clips: Mapping[str, Sequence[Clip]], seed: int) -> list[Said]:
    """Turns in order; never more than two at once, nobody twice at once, and at first everybody in turn.

    clips: of each reader, as many readers as the plan has speakers, or more.
    """
    return list(_Talk(plan, clips, np.random.default_rng(seed)).turns())


def made(plan: Plan, clips: Mapping[str, Sequence[Clip]], seed: int, folder: Path) -> Dialogue:
    """A dialogue by that plan, written to the folder."""
    said = conversation(plan, clips, seed)
    path = folder / f"{plan.name.replace(', ', '-').replace(' ', '-')}.wav"
    sound = mixed(said, in_room=plan.in_room, seed=seed)
    write_wav(path, sound)
    turns = sorted(turn for one in said for turn in one.turns())
    words = [(word, one.clip.speaker) for one in said for phrase in one.phrases for word in phrase.words]
    return Dialogue(
        name=plan.name,
        path=path,
        seconds=len(sound) / SAMPLE_RATE,
        turns=tuple(turns),
        words=tuple(words) if plan.has_words else (),
        is_for_both=plan.is_for_both,
    )


def real_dialogues() -> list[Dialogue]:
    """A phone call, with its words, and half a minute of a meeting."""
    folder = DATA / "speech" / "dialogue"
    call = read_rttm_file(folder / "sample.rttm")["sample"]
    meeting = read_rttm_file(folder / "debug.development.rttm")["dev00"]
    words = tuple(_stm_words(folder / "sample.stm", call))
    return [
        Dialogue("phone call", folder / "sample.wav", 30.0, call, words, True, True),
        Dialogue("meeting", folder / "dev00.wav", 30.0, meeting, (), True, True),
    ]


class _Talk:
    """A conversation while it is made up."""

    def __init__(self, plan: Plan, clips: Mapping[str, Sequence[Clip]], chance: Generator) -> None:
        self._plan, self._chance = plan, chance
        chosen = [str(name) for name in chance.permutation(sorted(clips))[: plan.speakers]]
        self._waiting = list(chosen)  # who hasn't spoken yet
        self._talkative = {speaker: 1 / (1 + 0.4 * place) for place, speaker in enumerate(chosen)}
        self._phrases = {speaker: _endless(clips[speaker], chance) for speaker in chosen}
        self._short = {speaker: _short(clips[speaker]) for speaker in chosen}
        self._ends = dict.fromkeys(chosen, 0.0)

    def turns(self) -> Iterator[Said]:
        last: Said | None = None
        clear = 0.5  # from then on at most the last one speaks
        while (latest := max(self._ends.values())) < self._plan.seconds:
            speaker = self._next(last)
            start = self._start(speaker, last, clear, latest)
            clip, phrases = self._take(speaker)
            clear = max(clear, start if last is None else last.end)
            last = Said(start, clip, phrases)
            self._ends[speaker] = last.end
            yield last
            if (thrown := self._thrown_in(last, clear)) is not None:
                self._ends[thrown.clip.speaker] = clear = thrown.end
                yield thrown

    def _next(self, last: Said | None) -> str:
        if self._waiting:
            return self._waiting.pop(0)
        others = [name for name in self._ends if last is None or len(self._ends) == 1 or name != last.clip.speaker]
        shares = np.array([self._talkative[name] for name in others])
        return str(self._chance.choice(others, p=shares / shares.sum()))

    def _start(self, speaker: str, last: Said | None, clear: Seconds, latest: Seconds) -> Seconds:
        if last is not None and last.clip.speaker != speaker and self._chance.random() < self._plan.overlap:
            early = max(last.end - self._chance.uniform(*CUT_IN), last.start + last.length / 2)
            return float(max(early, clear + 0.1, self._ends[speaker] + 0.1))
        gaps = LONG_GAPS if self._chance.random() < LONG_GAP_SHARE else GAPS
        return float(max(latest, clear) + self._chance.uniform(*gaps))

    def _take(self, speaker: str) -> tuple[Clip, tuple[Phrase, ...]]:
        """The next few phrases; the end of a clip ends the turn."""
        wanted = 1 + int(self._chance.choice(len(LENGTHS), p=LENGTHS))
        clip, first = next(self._phrases[speaker])
        phrases = [first]
        while len(phrases) < wanted and phrases[-1] is not clip.phrases[-1]:
            phrases.append(next(self._phrases[speaker])[1])
        return clip, tuple(phrases)

    def _thrown_in(self, said: Said, clear: Seconds) -> Said | None:
        """Something short that another says meanwhile."""
        others = [name for name in self._ends if name != said.clip.speaker and self._short[name]]
        if not others or self._chance.random() >= self._plan.overlap / 2:
            return None
        speaker = str(self._chance.choice(others))
        clip, phrase = self._short[speaker][int(self._chance.integers(len(self._short[speaker])))]
        start = max(said.start + self._chance.uniform(0.3, 0.6) * said.length, clear + 0.1, self._ends[speaker] + 0.1)
        thrown = Said(float(start), clip, (phrase,))
        return thrown if thrown.end < said.end - 0.1 and speaker not in self._waiting else None


def _endless(clips: Sequence[Clip], chance: Generator) -> Iterator[tuple[Clip, Phrase]]:
    order = [clips[number] for number in chance.permutation(len(clips))]
    return cycle([(clip, phrase) for clip in order for phrase in clip.phrases])


def _short(clips: Sequence[Clip]) -> list[tuple[Clip, Phrase]]:
    return [(clip, phrase) for clip in clips for phrase in clip.phrases if phrase.time.duration <= SHORT]


def _stm_words(path: Path, turns: Sequence[SpeakerTurn]) -> Iterator[Spoken]:
    """Its lines name people; the turns have other names for them, in the same order of first appearance."""
    lines = [line.split(maxsplit=5) for line in path.read_text().splitlines() if line.strip()]
    people = dict.fromkeys(line[2] for line in lines)
    names = dict(zip(people, dict.fromkeys(turn.speaker for turn in turns), strict=True))
    for line in sorted(lines, key=lambda line: float(line[3])):
        for word in line[5].split():
            yield word, names[line[2]]
