"""Running stages for media files: jobs walk through their states, and every stage's result is committed."""
