"""What a stack can choose: every setting with its range, read and checked once."""

PROJECT = "taskguard"
"""The project's name: the namespace of its settings, and the beginning of every physical name."""
