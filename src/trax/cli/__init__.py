"""The command line: one file per command, each of which parses, calls the archive and prints."""

import gc

NEW_OBJECTS = 50_000  # until the garbage collector looks: what is loaded at the start is no garbage

gc.set_threshold(NEW_OBJECTS)  # here, before the libraries of the command line are loaded
