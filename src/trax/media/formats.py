"""Which containers Trax opens, and what they are called."""

from __future__ import annotations

from typing import Final


def _names(text: str) -> list[str]:
    return text.split()


# FFmpeg's names of self-contained audio and video containers. Never one that opens something else by
# name: hls, concat, dash, sdp, rtsp, image2, lavfi, tty, or any playlist.
DEMUXERS: Final = _names(
    "aac ac3 aiff amr amrnb amrwb ape asf au avi caf dss dsf dts dtshd dv eac3 flac flv gsm g722 iff ilbc ircam "
    "lc3 loas matroska webm mlp mov mp4 mp3 mpc mpc8 mpeg mpegts mxf nistsphere nsv nut oga ogg oma pva qcp qoa rm "
    "sbc shn sln sox spdif tak truehd tta voc vqf w64 wav wsd wtv wv xwma alaw mulaw"
)

# Raw streams without any mark of their own: only the name of the file tells.
DEMUXER_BY_SUFFIX: Final = {
    ".gsm": "gsm",
    ".g722": "g722",
    ".sln": "sln",
    ".al": "alaw",
    ".alaw": "alaw",
    ".ul": "mulaw",
    ".mulaw": "mulaw",
    ".ulaw": "mulaw",
    ".flac": "flac",  # these three where an enormous cover image stands before the sound
    ".aac": "aac",
    ".mp3": "mp3",
}

# Length estimated from the bit rate at the start: it says nothing about truncation.
ESTIMATED_LENGTH: Final = frozenset({"aac", "ac3", "eac3", "dts", "dtshd", "loas", "truehd", "mlp", "gsm", "mpeg"})

_AUDIO_SUFFIXES = _names(
    ".aac .ac3 .adts .aif .aifc .aiff .alaw .amr .ape .au .awb .caf .dsf .dss .dts .eac3 .flac .g722 .gsm .m4a .m4b "
    ".m4r .mka .mp1 .mp2 .mp3 .mpa .mpc .mp+ .mulaw .oga .ogg .oma .opus .qcp .ra .rf64 .sln .snd .sph .spx .tak "
    ".tta .ul .ulaw .voc .w64 .wav .wave .weba .wma .wv .xwma .nist"
)
_VIDEO_SUFFIXES = _names(
    ".3g2 .3gp .asf .avi .divx .dv .f4v .flv .m1v .m2t .m2ts .m2v .m4v .mkv .mov .mp4 .mpeg .mpg .mts .mxf .nut .ogm "
    ".ogv .qt .rm .rmvb .ts .vob .webm .wmv .wtv"
)
MEDIA_SUFFIXES: Final = frozenset(_AUDIO_SUFFIXES + _VIDEO_SUFFIXES)

# demuxer -> (audio only, with video)
_MIME_TYPES: Final = {
    "aac": ("audio/aac", "audio/aac"),
    "ac3": ("audio/ac3", "audio/ac3"),
    "aiff": ("audio/aiff", "audio/aiff"),
    "amr": ("audio/amr", "audio/amr"),
    "amrnb": ("audio/amr", "audio/amr"),
    "amrwb": ("audio/amr-wb", "audio/amr-wb"),
    "asf": ("audio/x-ms-wma", "video/x-ms-wmv"),
    "au": ("audio/basic", "audio/basic"),
    "avi": ("video/x-msvideo", "video/x-msvideo"),
    "dts": ("audio/vnd.dts", "audio/vnd.dts"),
    "dv": ("video/x-dv", "video/x-dv"),
    "eac3": ("audio/eac3", "audio/eac3"),
    "flac": ("audio/flac", "audio/flac"),
    "flv": ("video/x-flv", "video/x-flv"),
    "matroska": ("audio/x-matroska", "video/x-matroska"),
    "mov": ("audio/mp4", "video/mp4"),
    "mp3": ("audio/mpeg", "audio/mpeg"),
    "mpc": ("audio/x-musepack", "audio/x-musepack"),
    "mpc8": ("audio/x-musepack", "audio/x-musepack"),
    "mpeg": ("video/mpeg", "video/mpeg"),
    "mpegts": ("video/mp2t", "video/mp2t"),
    "mxf": ("application/mxf", "application/mxf"),
    "ogg": ("audio/ogg", "video/ogg"),
    "rm": ("audio/vnd.rn-realaudio", "application/vnd.rn-realmedia"),
    "wav": ("audio/wav", "audio/wav"),
    "wv": ("audio/x-wavpack", "audio/x-wavpack"),
    "wtv": ("video/x-wtv", "video/x-wtv"),
}


def mime_type(demuxer: str, has_video: bool, head: bytes) -> str:
    """The media type by what the file is; its name and the sender's claim never decide.

    `head`: the first bytes of the file (64 are enough), for containers that share a demuxer.
    """
    name = demuxer.split(",")[0]
    if name == "matroska" and b"webm" in head:
        return "video/webm" if has_video else "audio/webm"
    if name == "mov" and head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand == b"qt  " and has_video:
            return "video/quicktime"
        if brand[:3] in (b"3gp", b"3g2"):
            family = "3gpp2" if brand[:3] == b"3g2" else "3gpp"
            return f"video/{family}" if has_video else f"audio/{family}"
    audio, video = _MIME_TYPES.get(name, (f"audio/x-{name}", f"video/x-{name}"))
    return video if has_video else audio
