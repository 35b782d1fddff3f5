"""Media files: what they are, and their sound. FFmpeg only ever runs in a fenced child process."""
