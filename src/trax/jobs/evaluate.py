"""Transcripts beside what really was said: what is compared with what, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from trax.database import documents, lookup, measuring, references, transcripts
from trax.database import speakers as who
from trax.database.engine import Database, Transaction
from trax.database.models import MediaFile, TranscriptionResult
from trax.diarization.der import DiarizationError, der
from trax.errors import DatabaseError, RecordNotFound, TranscriptUnreadable, TraxError, UsageError
from trax.evaluation.checks import UNKNOWN_LANGUAGE, fitting, hardly_agrees, too_long
from trax.evaluation.normalise import DEFAULT, Normaliser, variant
from trax.evaluation.reference import Reference
from trax.evaluation.score import Score, score
from trax.export import ExportDocument, render
from trax.ingest.languages import language_code
from trax.ingest.reference_files import ReferenceFile, read_reference_file
from trax.ingest.rttm import read_rttm
from trax.timeline import Interval, Seconds
from trax.turns import SpeakerTurn

NO_REFERENCE = "Give one with --against FILE, or store one with `trax reference add`."
LATE: Seconds = 30.0  # so much of a transcript after the end of its reference is worth a word
_LATE_SHARE = 0.1  # of its length


@dataclass(frozen=True, slots=True)
class Options:
    """How things are compared."""

    normaliser: Normaliser = DEFAULT
    collar: Seconds = 0.0  # around the borders of turns, that is not scored
    skip_overlap: bool = False
    language: str | None = None  # of texts that don't say it themselves


@dataclass(frozen=True, slots=True)
class Judged:
    """A text that is compared with a reference."""

    title: str
    text: str | None  # None: only who speaks is known
    language: str
    turns: tuple[SpeakerTurn, ...] | None  # None: nobody knows who speaks
    end: Seconds = 0.0  # of the last word, where times are known
    stretch: Interval | None = None  # the part of the media that it is of
    duration: Seconds | None = None  # of the media
    media_id: UUID | None = None
    result_id: UUID | None = None
    version: int | None = None
    pipeline_version: str | None = None
    model_used: str | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How right it is."""

    judged: Judged
    references: tuple[str, ...]  # where the truth comes from
    normaliser: str  # whisper-english, whisper-basic or plain
    score: Score | None  # None: one of the two has no words
    speakers: DiarizationError | None  # None: one of the two doesn't say who speaks
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of several things to evaluate."""

    named: str
    evaluation: Evaluation | None
    error: TraxError | None = None


@dataclass(frozen=True, slots=True)
class Against:
    """References that are named on the command line: files, which have been read, and IDs of results."""

    files: tuple[ReferenceFile, ...] = ()
    ids: tuple[str, ...] = ()


def read_against(named: Sequence[str], language: str | None = None) -> Against:
    """The references with these paths, or IDs of results where there is no such file.

    Raises: TranscriptUnreadable, MediaNotFound. UsageError: no such language.
    """
    code = checked_language(language)
    files, ids = [], []
    for name in named:
        path = Path(name).expanduser() if name.startswith("~") else Path(name)
        if lookup.is_id(name) and not path.exists():
            ids.append(name)
        else:
            files.append(read_reference_file(path, code))
    return Against(tuple(files), tuple(ids))


def checked_language(language: str | None) -> str | None:
    """The code of the language. Raises: UsageError: there is none of that name."""
    code = language_code(language)
    if language is not None and code is None:
        raise UsageError(f"{language!r} is no language.", "Give a code such as en, or a name such as English.")
    return code


def evaluate_files(text: Path, against: Against, options: Options = Options()) -> Evaluation:
    """Compare two files, without any archive. Raises: TranscriptUnreadable, UsageError."""
    code = checked_language(options.language)
    if against.ids or not against.files:
        raise UsageError("A file is compared with a file.", "Name its reference with --against FILE.")
    read = read_reference_file(text, code)
    made = read.of(read.name)
    reference, names = _joined((file.name, file.of(read.name)) for file in against.files)
    judged = Judged(
        title=read.name,
        text=" ".join(made.texts) if made.utterances else None,
        language=made.language or reference.language or UNKNOWN_LANGUAGE,
        turns=made.turns or None,
        end=made.end,
    )
    return evaluate(judged, reference, names, options)


def evaluate_results(
    database: Database,
    ids: Iterable[str],
    against: Against = Against(),
    version: int | None = None,
    options: Options = Options(),
) -> Iterator[Outcome]:
    """Compare results with the references that are named, or else with those that are stored for their media."""
    for id in ids:
        try:
            with database.transaction() as session:
                evaluation = _of_result(session, id, against, version, options)
        except TraxError as error:
            if isinstance(error, DatabaseError) and not isinstance(error, RecordNotFound):
                raise
            yield Outcome(id, None, error)
        else:
            yield Outcome(id, evaluation)


def evaluate_referenced(
    database: Database, version: int | None = None, options: Options = Options()
) -> Iterator[Outcome]:
    """Compare the newest result, or that version, of every media file that has a reference.

    Raises: RecordNotFound: none has.
    """
    with database.transaction() as session:
        ids = [str(media_id) for media_id in references.media_with_reference(session)]
    if not ids:
        raise RecordNotFound("No media file has a reference.", "Store one: `trax reference add ID FILE`.")
    yield from evaluate_results(database, ids, version=version, options=options)


def der_of_all(found: Sequence[DiarizationError]) -> DiarizationError | None:
    """The seconds of several recordings together, whose labels have nothing to do with each other; None of none."""
    if not found:
        return None
    return DiarizationError(
        missed=sum(one.missed for one in found),
        false_alarm=sum(one.false_alarm for one in found),
        confusion=sum(one.confusion for one in found),
        total=sum(one.total for one in found),
        mapping={},
    )


def evaluate(judged: Judged, reference: Reference, names: tuple[str, ...], options: Options) -> Evaluation:
    """Compare one text with one reference.

    Raises: UsageError: they can't be compared. TranscriptUnreadable: the reference can't be of that recording.
    """
    if (why := too_long(reference, judged.duration)) is not None:
        raise TranscriptUnreadable(f"The reference {why}: it is of another recording.", "Name the right one.")
    part = fitting(reference, judged.language, judged.stretch)
    language = judged.language if judged.language != UNKNOWN_LANGUAGE else part.language
    words = _words(judged, part, options.normaliser, language)
    speakers = _speakers(judged, part, options)
    if words is None and speakers is None:
        raise _incomparable(judged, part)
    notes = tuple(_notes(judged, part, words))
    return Evaluation(judged, names, variant(options.normaliser, language), words, speakers, notes)


def _words(judged: Judged, part: Reference, normaliser: Normaliser, language: str | None) -> Score | None:
    if not part.utterances or judged.text is None:
        return None
    found = score(part.texts, judged.text, normaliser, language)
    if found is None:
        raise UsageError(
            "No word of the reference is left to compare: it holds nothing but remarks and punctuation.",
            "Give what was said; --normaliser plain keeps what stands in brackets.",
        )
    return found


def _speakers(judged: Judged, part: Reference, options: Options) -> DiarizationError | None:
    if not part.turns or judged.turns is None:
        return None
    within = None if judged.stretch is None else [judged.stretch]
    return der(part.turns, judged.turns, options.collar, options.skip_overlap, within)


def _incomparable(judged: Judged, part: Reference) -> UsageError:
    if part.turns and judged.turns is None:
        return UsageError(
            f"{judged.title} doesn't say who speaks, and the reference says nothing else.",
            "Tell its speakers apart with `trax diarize`, or give a reference with words.",
        )
    return UsageError(
        f"{judged.title} says only who speaks, and the reference only what is said.", "Give a reference with speakers."
    )


def _notes(judged: Judged, part: Reference, words: Score | None) -> Iterator[str]:
    if words is None:
        return
    if hardly_agrees(words.words):
        yield "Hardly a word agrees with the reference. Is it the one of this recording?"
    slack = max(LATE, _LATE_SHARE * part.end)
    if judged.stretch is None and part.utterances and part.is_timed and judged.end > part.end + slack:
        yield (
            f"The reference ends at {part.end:.0f} s, the transcript at {judged.end:.0f} s: "
            "what is said in between counts as inserted."
        )
    if judged.language == UNKNOWN_LANGUAGE and part.language is None:
        yield "The language is not known: numbers and spellings of English are not made alike (--language en)."


def _of_result(session: Transaction, id: str, against: Against, version: int | None, options: Options) -> Evaluation:
    media, result = lookup.media_or_result(session, id)
    is_named = result is not None and version in (None, result.version)
    if against.files or against.ids:
        if result is None or not is_named:
            result = transcripts.of_media(session, media.id, version)
        reference, names = _named_references(session, against, media, result)
    else:
        if result is None or not is_named:
            newest = references.to_be_judged
            result = newest(session, media.id) if version is None else transcripts.of_media(session, media.id, version)
        standing = references.standing(session, media.id)
        if standing is None:
            raise RecordNotFound(f"{media.filename} has no reference.", NO_REFERENCE)
        if result.id in standing.result_ids:
            raise _is_itself(media, result)
        reference, names = standing.reference, standing.names
    return evaluate(_judged(session, media, result), reference, names, options)


def _named_references(
    session: Transaction, against: Against, media: MediaFile, result: TranscriptionResult
) -> tuple[Reference, tuple[str, ...]]:
    named = [(file.name, file.of(media.filename)) for file in against.files]
    for id in against.ids:
        other_media, other = lookup.media_or_result(session, id)
        if other is None:
            raise UsageError(
                f"{id} is a media file, {other_media.filename}.",
                f"Name one of its transcripts, of `trax versions {id}`.",
            )
        if other.id == result.id:
            raise _is_itself(media, result)
        named.append((f"version {other.version} of {other_media.filename}", references.as_reference(session, other)))
    return _joined(named)


def _is_itself(media: MediaFile, result: TranscriptionResult) -> UsageError:
    return UsageError(f"Version {result.version} of {media.filename} is the reference itself.", "Name another version.")


def _joined(named: Iterable[tuple[str, Reference]]) -> tuple[Reference, tuple[str, ...]]:
    """All of them as one: words of the one that has words, turns of one that has nothing else, if there is one."""
    given = list(named)
    worded = [name for name, reference in given if reference.utterances]
    if len(worded) > 1:
        raise UsageError(
            f"Two references have words: {worded[0]} and {worded[1]}.", "Give one with words, and one with turns."
        )
    whole = Reference()
    for _, reference in sorted(given, key=lambda one: bool(one[1].utterances)):
        whole = whole.joined(reference)
    return whole, tuple(name for name, _ in given)


def _judged(session: Transaction, media: MediaFile, result: TranscriptionResult) -> Judged:
    transcript = documents.transcript_of(result)
    is_estimated = transcripts.has_estimated_times(session, result.id)
    return Judged(
        title=media.filename,
        text=transcript.text,
        language=transcript.language,
        turns=_turns(session, media, result),
        end=0.0 if is_estimated else max((segment.end for segment in transcript.segments), default=0.0),
        stretch=measuring.stretch_of(result),
        duration=media.duration,
        media_id=media.id,
        result_id=result.id,
        version=result.version,
        pipeline_version=result.pipeline_version,
        model_used=result.model_used,
    )


def _turns(session: Transaction, media: MediaFile, result: TranscriptionResult) -> tuple[SpeakerTurn, ...] | None:
    """The turns that an export as RTTM has; labels of one person are one."""
    spoken = who.spoken(session, result)
    if spoken.info is None and not any(segment.speaker for segment in spoken.transcript.segments):
        return None
    written = render(ExportDocument(spoken.transcript, media.filename, speaker_info=spoken.info), "rttm")
    return next(iter(read_rttm(written).values()), ())
