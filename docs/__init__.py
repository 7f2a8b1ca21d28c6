"""Generates what the documentation repeats of the code."""

import ops  # noqa: F401 - puts functions/ on the import path
