"""Makes the sample conversation: two synthetic voices, the exact words, and who speaks when.

    python samples/make_conversation.py [FOLDER]

Needs flite with the voices slt and rms (Debian: apt-get install flite). Writes conversation.ogg (Opus, mono), .txt,
.rttm and .json into FOLDER, by default the folder of this file. Words and turns are the same at every run.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000  # Hz, what both voices speak at
BIT_RATE = 24_000  # bit/s
PAUSE_SECONDS = 0.6  # between turns
SILENCE = 200  # of 32768: flite pads its speech with less than this
VOICES = {"Ann": "slt", "Bob": "rms"}

TURNS = (
    ("Ann", "Good morning. I am looking for a recording of the old radio station."),
    ("Bob", "Good morning. Do you know the year in which it was made?"),
    ("Ann", "I think it was made in the summer, many years ago."),
    ("Bob", "We have many tapes from that summer. Who is speaking on it?"),
    ("Ann", "My grandmother. She told a story about the river and the bridge."),
    ("Bob", "Then we can search for those words. Here it is, in the third box."),
    ("Ann", "That is wonderful. May I listen to it now?"),
    ("Bob", "Of course. Please take a seat, and I will start the machine."),
)

Audio = NDArray[np.int16]  # shape (n_samples,)


@dataclass(frozen=True, slots=True)
class Turn:
    """One speaker's words, and where they begin and end in the recording, in samples."""

    speaker: str
    text: str
    start_sample: int
    end_sample: int

    @property
    def start(self) -> float:
        return self.start_sample / SAMPLE_RATE

    @property
    def end(self) -> float:
        return self.end_sample / SAMPLE_RATE


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    if shutil.which("flite") is None:
        print("flite is not installed. Install it (Debian: apt-get install flite) and run this again.", file=sys.stderr)
        return 1
    try:
        audio, turns = conversation()
    except subprocess.CalledProcessError as error:
        print(f"flite failed: {error.stderr.strip()}. It needs the voices slt and rms.", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    write_opus(audio, folder / "conversation.ogg")
    write_references(turns, len(audio) / SAMPLE_RATE, folder)
    print(f"{folder / 'conversation.ogg'}: {len(audio) / SAMPLE_RATE:.1f} s, {len(turns)} turns")
    return 0


def conversation() -> tuple[Audio, list[Turn]]:
    """All turns one after another with a pause around each."""
    pause = np.zeros(round(PAUSE_SECONDS * SAMPLE_RATE), np.int16)
    parts = [pause]
    turns: list[Turn] = []
    position = len(pause)
    for speaker, text in TURNS:
        speech = spoken(text, VOICES[speaker])
        turns.append(Turn(speaker, text, position, position + len(speech)))
        parts += [speech, pause]
        position += len(speech) + len(pause)
    return np.concatenate(parts), turns


def spoken(text: str, voice: str) -> Audio:
    """The text in flite's voice, without the silence around it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "turn.wav"
        command = ["flite", "-voice", voice, "-t", text, "-o", str(path)]
        subprocess.run(command, check=True, capture_output=True, text=True)
        with wave.open(io.BytesIO(path.read_bytes())) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (SAMPLE_RATE, 1, 2)
            samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > SILENCE)
    return samples[loud[0] : loud[-1] + 1]


def write_opus(audio: Audio, path: Path) -> None:
    with av.open(str(path), "w", format="ogg", options={"fflags": "bitexact"}) as container:
        container.metadata["title"] = "A visit to the archive (synthetic voices)"
        stream = container.add_stream("libopus", rate=SAMPLE_RATE, layout="mono")
        stream.bit_rate = BIT_RATE
        frame = av.AudioFrame.from_ndarray(audio.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def write_references(turns: list[Turn], duration: float, folder: Path) -> None:
    """The words as plain text, the turns as RTTM (start, length) and as JSON (start, end), in seconds."""
    text = "".join(f"{turn.text}\n" for turn in turns)
    rttm = "".join(
        f"SPEAKER conversation 1 {turn.start:.3f} {turn.end - turn.start:.3f} <NA> <NA> {turn.speaker} <NA> <NA>\n"
        for turn in turns
    )
    listed = [{"start": round(t.start, 3), "end": round(t.end, 3), "speaker": t.speaker, "text": t.text} for t in turns]
    document = {"audio": "conversation.ogg", "language": "en", "duration": round(duration, 3), "turns": listed}
    (folder / "conversation.txt").write_text(text, encoding="utf-8")
    (folder / "conversation.rttm").write_text(rttm, encoding="utf-8")
    (folder / "conversation.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
