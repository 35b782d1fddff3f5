# The developer's menu; `just` lists it. CI runs .ci/run, which is all of this and more.

default:
    @just --list

# make the virtual environment with everything that development needs
setup:
    uv sync

# run the tests, or those that are named: just test tests/export -k vtt
test *arguments:
    uv run pytest {{arguments}}

# find faults in style and form
lint:
    uv run ruff check
    uv run ruff format --check

# check all types, strictly
types:
    uv run mypy

# check that imports point down
imports:
    uv run lint-imports

# put all files into the house format
format:
    uv run ruff check --fix
    uv run ruff format

# word error rates beside faster-whisper
bench-accuracy *arguments:
    uv run python -m benchmarks.accuracy {{arguments}}

# peak memory on a short and on a long file
bench-memory *arguments:
    uv run python -m benchmarks.memory {{arguments}}

# rate, latency and CPU of the queue beside bare Procrastinate
bench-queue *arguments:
    uv run python -m benchmarks.queue {{arguments}}

# speed beside faster-whisper and whisper.cpp: an hour on 2 cores, or just bench-speed --quick
bench-speed *arguments:
    uv run --group benchmarks python -m benchmarks.speed {{arguments}}

# word errors by the silence that an encoder window keeps after its sound
bench-margins *arguments:
    uv run python -m benchmarks.margins {{arguments}}

# kill workers and PostgreSQL at work, and count what became of the jobs: just crash --scenario kills
crash *arguments:
    uv run python -m tests.crash {{arguments}}

# make the sample conversation again (needs flite)
sample:
    uv run python samples/make_conversation.py
