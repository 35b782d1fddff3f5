"""What people correct in transcripts: a text for an editor and back, and edits carried over to later versions."""
