"""More than one hearing of the same sound, and one text out of them: what is in doubt, what differs, what stands."""
