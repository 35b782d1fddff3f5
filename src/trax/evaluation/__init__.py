"""How right a transcript is, beside a reference: errors by words, by characters and by speakers."""
