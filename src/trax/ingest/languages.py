"""Names of languages, as transcripts and files have them, and their ISO 639-1 codes."""

from __future__ import annotations

import re
from typing import Final

# Whisper's languages by its own names for them, which OpenAI's verbose JSON has in place of codes.
_TABLE: Final = """
af afrikaans am amharic ar arabic as assamese az azerbaijani ba bashkir be belarusian bg bulgarian bn bengali
bo tibetan br breton bs bosnian ca catalan cs czech cy welsh da danish de german el greek en english es spanish
et estonian eu basque fa persian fi finnish fo faroese fr french gl galician gu gujarati ha hausa haw hawaiian
he hebrew hi hindi hr croatian ht haitian_creole hu hungarian hy armenian id indonesian is icelandic it italian
ja japanese jw javanese ka georgian kk kazakh km khmer kn kannada ko korean la latin lb luxembourgish ln lingala
lo lao lt lithuanian lv latvian mg malagasy mi maori mk macedonian ml malayalam mn mongolian mr marathi ms malay
mt maltese my myanmar ne nepali nl dutch nn nynorsk no norwegian oc occitan pa punjabi pl polish ps pashto
pt portuguese ro romanian ru russian sa sanskrit sd sindhi si sinhala sk slovak sl slovenian sn shona so somali
sq albanian sr serbian su sundanese sv swedish sw swahili ta tamil te telugu tg tajik th thai tk turkmen
tl tagalog tr turkish tt tatar uk ukrainian ur urdu uz uzbek vi vietnamese yi yiddish yo yoruba yue cantonese
zh chinese
"""
_PAIRS: Final = re.findall(r"(\S+) (\S+)", _TABLE)
_CODES: Final[dict[str, str]] = {name.replace("_", " "): code for code, name in _PAIRS}
KNOWN_CODES: Final = frozenset(_CODES.values())

_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{1,8}){0,4}")
_UNTOLD = frozenset({"und", "mul", "zxx", "mis"})


def language_code(text: str | None) -> str | None:
    """The code of a language that is given by its name or a tag such as en-US; None for anything else."""
    said = (text or "").strip().lower()
    if said in _CODES:
        return _CODES[said]
    tag = _TAG.fullmatch(said)
    code: str | None = tag[1] if tag is not None else None
    return None if code in _UNTOLD else code


def language_of_name(name: str) -> str | None:
    """The language that a file's name tells, as in talk.en.srt."""
    parts = name.lower().split(".")
    code = language_code(parts[-2]) if len(parts) > 2 else None
    return code if code in KNOWN_CODES else None
