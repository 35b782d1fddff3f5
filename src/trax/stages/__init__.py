"""The stages of the pipelines: functions of values, each in a file of its own."""
