"""Where media comes from."""
