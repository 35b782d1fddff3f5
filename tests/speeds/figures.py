"""Speeds that were never measured."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version

from trax.speeds.record import Speed, machine

SPEED = Speed(
    model="tiny.en",
    device="cpu",
    compute_type="int8",
    encoder="ctranslate2 int8",
    fast=False,
    speed=50.0,
    file_seconds=0.1,
    load_seconds=2.0,
    peak_bytes=600_000_000,
    sound="conversation.ogg",
    sound_seconds=300.0,
    machine=machine(),
    version=version("trax-transcripts"),
    measured_at="2026-11-22T12:00:00+00:00",
)
FAST = replace(SPEED, fast=True, speed=80.0)
LARGE = replace(SPEED, model="large-v3", speed=1.0, load_seconds=10.0)
