"""What is asked for and what is found: queries, words, passages; no database."""
