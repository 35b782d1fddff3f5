"""What a file is by its first bytes: enough for a friendly message, and to tell media from the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

HEAD_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Content:
    """What the first bytes show: `words` completes "it is ..."."""

    words: str
    media: bool = False


# (offset, bytes, words, is it media)
_SIGNATURES: Final[tuple[tuple[int, bytes, str, bool], ...]] = (
    (0, b"ID3", "an MP3", True),
    (0, b"fLaC", "a FLAC", True),
    (0, b"OggS", "an Ogg", True),
    (8, b"WAVE", "a WAV", True),
    (8, b"AVI ", "an AVI", True),
    (8, b"AIFF", "an AIFF", True),
    (8, b"AIFC", "an AIFF", True),
    (4, b"ftypavif", "an AVIF image", False),
    (4, b"ftyphei", "a HEIC image", False),
    (4, b"ftypmif1", "a HEIC image", False),
    (4, b"ftyp", "an MP4", True),
    (4, b"moov", "a QuickTime", True),
    (4, b"mdat", "a QuickTime", True),
    (0, b"\x1aE\xdf\xa3", "a Matroska", True),
    (0, b"0&\xb2u\x8ef\xcf\x11", "a Windows Media", True),
    (0, b"FLV\x01", "a Flash video", True),
    (0, b"#!AMR", "an AMR", True),
    (0, b"MAC ", "a Monkey's Audio", True),
    (0, b"wvpk", "a WavPack", True),
    (0, b"TTA1", "a TTA", True),
    (0, b"TTA2", "a TTA", True),
    (0, b"MPCK", "a Musepack", True),
    (0, b"MP+", "a Musepack", True),
    (0, b"DSD ", "a DSF", True),
    (0, b".snd", "a Sun audio", True),
    (0, b"caff", "a Core Audio", True),
    (0, b".RMF", "a RealMedia", True),
    (0, b".ra\xfd", "a RealAudio", True),
    (0, b"Creative Voice File", "a VOC", True),
    (0, b"tBaK", "a TAK", True),
    (0, b"riff\x2e\x91\xcf\x11", "a Wave64", True),
    (0, b"NIST_1A", "a NIST SPHERE", True),
    (0, b"\x00\x00\x01\xba", "an MPEG", True),
    (0, b"\x89PNG", "a PNG image", False),
    (0, b"\xff\xd8\xff", "a JPEG image", False),
    (0, b"GIF8", "a GIF image", False),
    (8, b"WEBP", "a WebP image", False),
    (0, b"BM", "a BMP image", False),
    (0, b"II*\x00", "a TIFF image", False),
    (0, b"MM\x00*", "a TIFF image", False),
    (0, b"\x00\x00\x01\x00", "an icon", False),
    (0, b"8BPS", "a Photoshop image", False),
    (0, b"%PDF", "a PDF document", False),
    (0, b"PK\x03\x04", "a ZIP archive or an office document", False),
    (0, b"PK\x05\x06", "an empty ZIP archive", False),
    (0, b"Rar!", "a RAR archive", False),
    (0, b"7z\xbc\xaf", "a 7z archive", False),
    (0, b"\x1f\x8b", "a gzip archive", False),
    (0, b"BZh", "a bzip2 archive", False),
    (0, b"\xfd7zXZ", "an xz archive", False),
    (0, b"(\xb5/\xfd", "a Zstandard archive", False),
    (257, b"ustar", "a tar archive", False),
    (0, b"\x7fELF", "a program", False),
    (0, b"MZ", "a Windows program", False),
    (0, b"SQLite format 3", "an SQLite database", False),
    (0, b"MThd", "a MIDI score: notes, no recorded sound", False),
    (0, b"\xd0\xcf\x11\xe0", "an office document", False),
)

_TEXTS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"#EXTM3U"), "a playlist (M3U)"),
    (re.compile(r"ffconcat\b"), "a playlist (ffconcat)"),
    (re.compile(r"\[playlist\]", re.I), "a playlist (PLS)"),
    (re.compile(r"v=0\r?\no="), "a session description (SDP)"),
    (re.compile(r"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<MPD\b", re.S), "a playlist (DASH)"),
    (re.compile(r"WEBVTT"), "subtitles (WebVTT)"),
    (re.compile(r"\d+\s*\r?\n\d\d:\d\d:\d\d[,.]\d+ -->"), "subtitles (SRT)"),
    (re.compile(r"\[Script Info\]"), "subtitles (SubStation)"),
    (re.compile(r"<!doctype html|<html", re.I), "a web page"),
    (re.compile(r"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<svg\b", re.S), "an SVG image"),
    (re.compile(r"<\?xml"), "an XML document"),
    (re.compile(r"\{\\rtf"), "a text document (RTF)"),
)


def recognise(head: bytes) -> Content | None:
    """What the first bytes of a file (up to HEAD_BYTES) show; None where they tell nothing."""
    if not head:
        return Content("empty")
    for offset, signature, words, media in _SIGNATURES:
        if head.startswith(signature, offset):
            return Content(words, media)
    if _is_transport_stream(head) or _is_mpeg_audio(head):
        return Content("an MPEG", media=True)
    return _text_content(head)


def _is_transport_stream(head: bytes) -> bool:
    return any(
        len(head) > start + 2 * size and all(head[start + n * size] == 0x47 for n in range(3))
        for start, size in ((0, 188), (4, 192))
    )


def _is_mpeg_audio(head: bytes) -> bool:
    """A frame header of MPEG layer 2 or 3, or of ADTS. Layer 1 looks like a byte order mark of UTF-16."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    if head[1] & 0xF6 == 0xF0:
        return (head[2] >> 2) & 0xF <= 12  # ADTS: a known sample rate
    version, layer = (head[1] >> 3) & 3, (head[1] >> 1) & 3
    bit_rate, sample_rate = head[2] >> 4, (head[2] >> 2) & 3
    return version != 1 and layer in (1, 2) and bit_rate not in (0, 15) and sample_rate != 3


def _text_content(head: bytes) -> Content | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Content("text")
    if any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head):
        return None
    start = head.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    for pattern, words in _TEXTS:
        if pattern.match(start):
            return Content(words)
    return Content("text") if start else Content("blank text")
