"""Where speech is: Silero VAD over a stream, and windows of at most 30 s cut at its pauses."""
