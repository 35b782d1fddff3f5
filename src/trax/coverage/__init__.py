"""What every second of a recording holds: text, silence, music, noise, or speech that no word explains."""

from trax.coverage.explaining import covered
from trax.coverage.values import Coverage, Heard, Stretch

__all__ = ["Coverage", "Heard", "Stretch", "covered"]
