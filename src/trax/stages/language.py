"""The language that is spoken, and an engine that understands it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trax.audio import Window
from trax.errors import LanguageUnsupported, ModelUnavailable
from trax.flow import Hook, Request
from trax.transcription.engines import MULTILINGUAL_FALLBACK, Engines
from trax.transcription.transcriber import LanguageGuess, Transcriber

SURE_LANGUAGE = 0.5  # a guess below this doesn't overrule an English-only model


@dataclass(frozen=True, slots=True)
class Tongue:
    """The language in force, the engine that understands it, and how we know."""

    guess: LanguageGuess
    engine: Transcriber
    how: str  # given, detected or assumed

    def as_json(self) -> dict[str, Any]:
        probability = self.guess.probability if self.how == "detected" else None
        return {"code": self.guess.language, "probability": probability, "how": self.how}


def choose_language(first: list[Window], request: Request, engine: Transcriber, engines: Engines, hook: Hook) -> Tongue:
    """The language of the speech and an engine that knows it; an English-only engine never gets another one.

    Raises: LanguageUnsupported: the model doesn't know the language, and no other model is to be had.
    """
    if request.language is not None:
        if engine.english_only and request.language != "en":
            raise LanguageUnsupported(
                f"Model {request.model} knows only English, not {request.language!r}.",
                f"Choose a multilingual model, such as --model {MULTILINGUAL_FALLBACK}.",
            )
        return Tongue(LanguageGuess(request.language, 1.0), engine, "given")
    if not first:
        return Tongue(LanguageGuess("en", 0.0), engine, "assumed")
    if not engine.english_only:
        return Tongue(engine.detect_language(first, hook.check), engine, "detected")
    return _check_english(first, request, engine, engines, hook)


def _check_english(first: list[Window], request: Request, engine: Transcriber, engines: Engines, hook: Hook) -> Tongue:
    # Whoever names a `.en` model has said English; fetching a second model to doubt it would be presumptuous.
    detector = engines.detector(may_download=not request.model.endswith(".en"))
    if detector is None:
        hook.notice(
            f"The language was not checked, but taken as English, the only one that {request.model} knows. "
            "`trax models download tiny` brings a model that can tell."
        )
        return Tongue(LanguageGuess("en", 0.0), engine, "assumed")
    guess = detector.detect_language(first, hook.check)
    if guess.language == "en":
        return Tongue(guess, engine, "detected")
    if guess.probability < SURE_LANGUAGE:
        hook.notice(
            f"The language is uncertain (perhaps {guess.language!r}, {guess.probability:.0%}). Taken as English, the "
            f"only language of {request.model}; name it with --language, or choose a multilingual model."
        )
        return Tongue(LanguageGuess("en", 0.0), engine, "assumed")
    return Tongue(guess, _multilingual(guess, request, engines, hook), "detected")


def _multilingual(guess: LanguageGuess, request: Request, engines: Engines, hook: Hook) -> Transcriber:
    sounds = f"This sounds like {guess.language!r} ({guess.probability:.0%}), and {request.model} knows only English"
    try:
        engine = engines.get(MULTILINGUAL_FALLBACK, request.compute_type)
    except ModelUnavailable as error:
        raise LanguageUnsupported(
            f"{sounds}; the multilingual {MULTILINGUAL_FALLBACK} is not on this machine.",
            f"Run `trax models download {MULTILINGUAL_FALLBACK}`, name another multilingual model with --model, "
            "or insist with --language en.",
        ) from error
    hook.notice(f"{sounds}: transcribed with {MULTILINGUAL_FALLBACK} instead.")
    return engine
