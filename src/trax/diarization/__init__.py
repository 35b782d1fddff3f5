"""Telling voices apart: who speaks when in a recording."""
