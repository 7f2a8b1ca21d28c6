"""Chaos: the whole system on the emulator while calls to AWS fail and workers are killed: `make chaos`."""

import ops  # noqa: F401 - puts functions/ on sys.path
