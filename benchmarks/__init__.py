"""Measurements against reference texts and other engines; `benchmarks/README.md` says how to run and read them."""
