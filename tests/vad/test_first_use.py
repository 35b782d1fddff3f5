"""Several threads that need the speech detector first at the same time."""

from __future__ import annotations

import subprocess
import sys

THREADS_AT_ONCE = """
import sys, threading
import numpy as np
from trax.vad.silero import runtime, speech_probabilities

runtime()
sys.setswitchinterval(1e-6)
together = threading.Barrier(4)

def listen():
    together.wait()
    assert list(speech_probabilities([np.zeros(48_000, np.float32)]))

threads = [threading.Thread(target=listen, daemon=True) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("heard")
"""


def test_threads_that_come_first_at_once_do_not_wait_for_each_other() -> None:
    # OpenVINO's tables of number types, made by two threads at once, lock up two processes in five
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", THREADS_AT_ONCE], capture_output=True, text=True, timeout=60, check=True
        )
        assert done.stdout.strip() == "heard"
