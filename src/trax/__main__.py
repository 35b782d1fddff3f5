"""`python -m trax` is `trax`."""

from trax.cli.main import main

main()
