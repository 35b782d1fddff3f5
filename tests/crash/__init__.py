"""The crash suite: `python -m tests.crash` kills workers and servers at work, and counts what became of the jobs."""
