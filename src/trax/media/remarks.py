"""What the user should know of the sound of a file."""

from __future__ import annotations

from collections.abc import Iterator

from trax.media.decode import DecodeReport

QUIET_DBFS = -60.0  # sound below this is hardly audible


def remarks(report: DecodeReport, *, is_speech: bool) -> Iterator[str]:
    """What the user should know of the sound: damage, and silence where words were expected."""
    damage = []
    if report.truncated:
        declared = report.declared_duration
        whole = "early" if declared is None else f"after {report.duration:.0f} of the {declared:.0f} s that it declares"
        damage.append(f"it ends {whole}")
    if report.decode_errors:
        damage.append(f"{report.decode_errors} damaged packets were passed over")
    if report.gaps:
        damage.append(f"{report.gap_seconds:.1f} s are missing and count as silence")
    if damage:
        yield f"The file seems damaged: {', '.join(damage)}."
    if not is_speech:
        quiet = report.rms_dbfs is None or report.rms_dbfs < QUIET_DBFS
        yield "No speech was found: the recording is silent." if quiet else "No speech was found."
