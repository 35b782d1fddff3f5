"""Corrections of a transcript by an LLM, edit by edit: what is asked, what is answered, and what is believed."""
