"""How well silence, noise and music are told apart beside speech, and what that costs.

    python -m benchmarks.coverage [--music FOLDER]

Prints a table of confusions as Markdown: each row is a kind of sound, each column the share of its time that was taken
for something. Made sounds are seeded. `--music` adds music of your own, such as none of the thresholds has seen.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import process_time

import numpy as np

from benchmarks.hard_set import ADDITIONS, CHANGES, Clip, Condition, Numbers, at_loudness, clips, hard
from benchmarks.recordings import DATA, long_speech
from trax.audio import SAMPLE_RATE, Samples, Window
from trax.coverage.listening import Listener
from trax.coverage.spans import Span, common, gaps, joined, length, of_kind
from trax.coverage.values import SOUNDS, Track
from trax.errors import TraxError
from trax.media.decode import decode
from trax.timeline import Seconds
from trax.vad.windows import windows

LOUD, QUIET = -26.0, -45.0  # dBFS
HISS = -70.0  # nobody hears it
SECONDS = 20
LEAST_PAUSE = 500  # milliseconds: shorter ones are part of speech
NOISES = ("speech/edge/laugh1.mp3", "speech/edge/laugh2.mp3")
CONTAINERS = DATA / "containers"
MUSIC = (  # whose makers say so
    "pydub/bach.ogg", "pydub/test1.mp3", "video/chaplin.mp4", "video/big_buck_bunny_0_30.webm",
    "music_metadata/flac/01. Make It Out Alive.flac", "music_metadata/04 Long Drive.flac",
    "music_metadata/matroska/02 - Poxfil - Solid Ground (5 sec).mka", "music_metadata/ogg/nirvana-2sec.vorbis.ogg",
    "music_metadata/MusicBrainz - Beth Hart - Sinner's Prayer.flac", "music_metadata/id3v1_Blood_Sugar.mp3",
    "music_metadata/mp4/01. Trumpsta (Djuro Remix).m4a",
)  # fmt: skip
# Of a kind of sound: the sound, and where in it that kind is (None: everywhere)
Case = tuple[Samples, list[Span] | None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--music", type=Path, help="a folder with music")
    folder = parser.parse_args().music
    print("| what it is | minutes | " + " | ".join(SOUNDS) + " |")
    print("|---|---|" + "---|" * len(SOUNDS))
    cost = spent = 0.0
    for name, cases in _kinds(folder):
        found = np.zeros(len(SOUNDS))
        for sound, where in cases:
            track, seconds = heard(sound)
            found += _milliseconds(track, where)
            cost, spent = cost + seconds, spent + len(sound) / SAMPLE_RATE
        shares = " | ".join(f"{share:.0%}" for share in found / max(1.0, found.sum()))
        print(f"| {name} | {found.sum() / 60_000:.1f} | {shares} |", flush=True)
    print(f"\n{cost / spent * 1e6:.0f} µs of one core for each second of sound, without the voice detector")


def heard(sound: Samples) -> tuple[Track, Seconds]:
    """What was heard, and how long listening took; the voice detector's time is not counted."""
    found: list[Window] = list(windows([sound]))
    listener = Listener()
    began = process_time()
    for _ in listener.listen(_blocks(sound)):
        pass
    for window in found:
        listener.heard(window)
    return listener.track(), process_time() - began


def _kinds(music: Path | None) -> Iterator[tuple[str, Iterator[Case]]]:
    half = clips(held=True)
    yield "nothing, and hiss at -70 dBFS", _made("white", half[:2], HISS, 0.0)
    yield "white noise, -26 and -45 dBFS", _made("white", half[:6], LOUD, QUIET)
    yield "pink noise, -26 and -45 dBFS", _made("pink", half[:6], LOUD, QUIET)
    yield "mains hum, with overtones", iter([(_hum(), None)])
    yield "laughter", _files([DATA / name for name in NOISES])
    yield "a band without a singer, -26 and -45 dBFS", _made("music", half[:12], LOUD, QUIET)
    yield "music from files", _files([CONTAINERS / name for name in MUSIC])
    if music is not None:
        yield "music of your own", _files(sorted(path for path in music.rglob("*") if path.is_file()))
    yield "read speech, its pauses aside", _spoken(half, None, pauses=False)
    yield "pauses of read speech", _spoken(half, None, pauses=True)
    yield "pauses over the phone", _spoken(half, Condition("phone"), pauses=True)
    yield "pauses in white noise, 10 dB below the voice", _spoken(half, Condition("white", 10.0), pauses=True)
    yield "pauses with a band, 10 dB below the voice", _spoken(half, Condition("music", 10.0), pauses=True)
    yield "between the sentences of an audiobook", iter([_between_sentences()])


def _made(kind: str, half: Sequence[Clip], *levels: float) -> Iterator[Case]:
    for number, clip in enumerate(half):
        sound = ADDITIONS[kind](clip, half, np.random.default_rng(number))
        for level in levels:
            yield (at_loudness(sound, level) if level else np.zeros(len(sound), dtype=np.float32)), None


def _hum() -> Samples:
    time = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    return at_loudness(np.sum([np.sin(2 * np.pi * 50 * tone * time) / tone for tone in range(1, 40)], axis=0), LOUD)


def _files(paths: Sequence[Path]) -> Iterator[Case]:
    for path in paths:
        try:
            with decode(path) as decoding:
                sound = np.concatenate(list(decoding))
        except TraxError:
            continue  # no sound
        yield sound, None


def _spoken(half: Sequence[Clip], condition: Condition | None, *, pauses: bool) -> Iterator[Case]:
    """Clips, and where in the clean ones speech is, or where it isn't for a while."""
    assert condition is None or condition.kind in {**ADDITIONS, **CHANGES}
    for clip in half:
        speech = of_kind(heard(clip.samples)[0], "speech")
        whole = (0, len(clip.samples) * 1000 // SAMPLE_RATE)
        silent = [span for span in gaps(speech, whole) if length([span]) >= LEAST_PAUSE]
        sound = clip.samples if condition is None else hard(clip, half, condition)
        yield sound, silent if pauses else joined(speech, LEAST_PAUSE)


def _between_sentences() -> Case:
    recording = long_speech()
    spoken = joined((round(one.start * 1000), round(one.end * 1000)) for one, _ in recording.segments)
    with decode(recording.path) as decoding:
        sound = np.concatenate(list(decoding))
    return sound, gaps(spoken, (0, len(sound) * 1000 // SAMPLE_RATE))


def _milliseconds(track: Track, where: list[Span] | None) -> Numbers:
    """Time of each kind, where it is asked for."""
    if where is None:
        return np.array([length(of_kind(track, kind)) for kind in SOUNDS], dtype=np.float64)
    return np.array([length(common(of_kind(track, kind), where)) for kind in SOUNDS], dtype=np.float64)


def _blocks(sound: Samples) -> Iterator[Samples]:
    yield from np.array_split(sound, max(1, len(sound) // (30 * SAMPLE_RATE)))


if __name__ == "__main__":
    main()
