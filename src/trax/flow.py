"""What passes between the queue, the stages and whoever waits: requests, progress, material, and what was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from trax.coverage.values import Coverage
from trax.enhancement.values import Hints
from trax.errors import UsageError
from trax.media.channels import Channels
from trax.media.decode import DecodeOptions, DecodeReport
from trax.settings import DEFAULT_MODEL
from trax.storable import storable_json, storable_text
from trax.timeline import Seconds
from trax.transcript import Transcript
from trax.transcription.transcriber import TranscribeOptions, WindowResult
from trax.turns import SpeakerCount
from trax.vad.regions import VadOptions

NO_HINTS = Hints("", "", "", ())
MOST_TERMS = 2000  # of a glossary: each request to a language model carries it
LONGEST_TERM = 200  # characters


def _terms(glossary: Sequence[str]) -> tuple[str, ...]:
    """The terms once each, without needless space."""
    terms = dict.fromkeys(" ".join(storable_text(term).split()) for term in glossary)
    if len(terms) > MOST_TERMS or any(len(term) > LONGEST_TERM for term in terms):
        raise UsageError(
            f"A glossary has at most {MOST_TERMS} terms of {LONGEST_TERM} characters.",
            "Keep the names and terms that occur in this recording.",
        )
    return tuple(term for term in terms if term)


@dataclass(frozen=True, slots=True)
class EnhanceOptions:
    """How a transcript is to be corrected.

    Raises: UsageError: a glossary that is too long to be read with every request.
    """

    model: str | None = None  # language model; None: nothing is to be corrected
    glossary: tuple[str, ...] = ()  # names and terms as they are spelt

    def __post_init__(self) -> None:
        object.__setattr__(self, "glossary", _terms(self.glossary))


@dataclass(frozen=True, slots=True)
class PassOptions:
    """How doubtful words are heard again.

    Raises: UsageError: a glossary that is too long.
    """

    second_model: str | None = None  # name of another model that hears them too
    glossary: tuple[str, ...] = ()  # names and terms as they are spelt

    def __post_init__(self) -> None:
        object.__setattr__(self, "glossary", _terms(self.glossary))


@dataclass(frozen=True, slots=True)
class Purse:
    """What language models may cost; several requests may share one.

    Raises: UsageError: that is no sum of money.
    """

    limit: float  # US dollars
    id: UUID = field(default_factory=uuid4)

    def __post_init__(self) -> None:
        if not 0 < self.limit < float("inf"):
            raise UsageError(f"{self.limit:g} is no limit to the cost.", "Give US dollars, such as 0.50.")


# Documents of before there were these stay the same.
LATER_OPTIONS: dict[str, Any] = {
    "start": 0.0,
    "end": None,
    "channels": "mix",
    "speakers": asdict(SpeakerCount()),
    "enhance": {"model": None, "glossary": []},
    "passes": {"second_model": None, "glossary": []},
    "alternatives": 0,
}


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for; two equal requests for the same bytes ask for the same transcript."""

    pipeline: str = "v1"
    model: str = DEFAULT_MODEL
    language: str | None = None  # None: detect
    compute_type: str = "auto"
    decode: DecodeOptions = field(default_factory=DecodeOptions)
    vad: VadOptions = field(default_factory=VadOptions)
    transcribe: TranscribeOptions = field(default_factory=TranscribeOptions)
    channels: Channels = "mix"  # split: each channel is a speaker and heard by itself
    speakers: SpeakerCount = field(default_factory=SpeakerCount)  # how many voices are to be told apart
    enhance: EnhanceOptions = field(default_factory=EnhanceOptions)
    passes: PassOptions = field(default_factory=PassOptions)
    purse: Purse | None = None  # None: as much as the settings allow

    def __post_init__(self) -> None:
        if self.channels not in ("mix", "split"):
            raise UsageError(f"Channels can't be heard as {self.channels!r}.", "Choose mix or split.")
        if self.channels == "split" and self.decode.channel is not None:
            raise UsageError("One channel alone can't be split.", "Leave out --channel or --channels split.")

    def as_json(self) -> dict[str, Any]:
        """All that shapes the transcript, as it is stored with each result."""
        document: dict[str, Any] = storable_json(asdict(self))
        del document["pipeline"]  # has a column of its own
        del document["purse"]  # a limit ends the work; it doesn't shape a transcript
        del document["decode"]["max_duration"]  # a limit refuses a file; it doesn't shape a transcript
        for options in (document, document["decode"], document["transcribe"]):
            for name, default in LATER_OPTIONS.items():
                if name in options and options[name] == default:
                    del options[name]
        return document

    def is_answered_by(self, stored: dict[str, Any]) -> bool:
        """Whether a stored request asks for the same; an option that it doesn't know yet had its default."""
        return _filled(stored, Request().as_json()) == self.as_json()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is; `total` is None while it can't be known."""

    stage: str
    done: Seconds
    total: Seconds | None


class Hook:
    """What whoever waits is told; this one is told and keeps quiet."""

    def begin(self, source: Path) -> Hook:
        """A file is taken up, perhaps beside others; returns who is told of what happens to it."""
        return self

    def finish(self, source: Path) -> None:
        """A file is done with, one way or the other."""

    def progress(self, progress: Progress) -> None:
        """Called often."""

    def notice(self, text: str) -> None:
        """Something the user should know, such as an assumption that was made."""

    def check(self) -> None:
        """Called several times a second, by any thread of the stage; what it raises ends the stage at once."""


class Memory:
    """Windows that are not heard twice, whoever interrupts; this one remembers nothing."""

    def recall(self, engine: dict[str, Any]) -> Mapping[int, WindowResult]:
        """What an earlier attempt heard, by position from 0; `engine` is everything that shapes the words."""
        return {}

    def keep(self, position: int, result: WindowResult, engine_seconds: Seconds) -> None:
        """Called once for each window that was not recalled, with the time that the engine spent on it.

        A later window may come before an earlier one.
        """


@dataclass(frozen=True, slots=True)
class Answer:
    """What a language model answered, and what that took."""

    text: str
    finish_reason: str  # stop, length, ...
    model: str  # as the provider calls it
    prompt_tokens: int
    cached_tokens: int  # of these, those that the provider had read before
    completion_tokens: int
    cost: float | None  # US dollars; None: no price is known


class Calls:
    """Requests to a language model, none of them paid for twice; this one remembers nothing, and sets no limit.

    Several threads may use it at the same time.
    """

    limit: float | None = None  # US dollars

    def known(self) -> Mapping[str, Sequence[Answer]]:
        """What earlier attempts were answered, by question, the oldest first; they cost nothing any more."""
        return {}

    def begin(self, question: str, model: str, cost: float | None) -> Any:
        """A call that may be sent now, which `end` or `drop` must follow.

        cost: at most. Raises: CostLimit: more than what is left of the purse.
        """

    def end(self, call: Any, answer: Answer) -> None:
        """The call was answered."""

    def drop(self, call: Any) -> None:
        """The call came to nothing, and cost nothing."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a stage made: a row of `transcription_results`, as yet without identity."""

    transcript: Transcript
    accuracy: float | None
    model_used: str
    model_config: dict[str, Any]
    decoding: DecodeReport | None = None  # of a stage that listened to the whole file
    profile: Mapping[str, Seconds] = field(default_factory=dict)  # seconds of work by stage, of all threads
    content: dict[str, Any] | None = None  # None: that of v1, made from the transcript
    speaker_info: dict[str, Any] | None = None
    voices: Mapping[str, tuple[float, ...]] = field(default_factory=dict)  # embeddings of its speakers, by label
    is_measured: bool = True  # False: nobody knows how sure its words are
    coverage: Coverage | None = None  # None: of a stage that doesn't listen; its row has that of the parent's sound
    beside: Mapping[str, Any] = field(default_factory=dict)  # what `content` holds beside what its version names


@dataclass(frozen=True, slots=True)
class Material:
    """What a stage works on."""

    path: Path
    parent: Made | None = None  # what it builds on: a stage's before it, or a transcript that others have made
    memory: Memory = field(default_factory=Memory)
    calls: Calls = field(default_factory=Calls)
    hints: Hints = NO_HINTS  # what is known of the recording beside its sound


def _filled(document: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """The document with the defaults of what it lacks."""
    filled = defaults | document
    for name, default in defaults.items():
        if isinstance(default, dict) and isinstance(filled[name], dict):
            filled[name] = _filled(filled[name], default)
    return filled
