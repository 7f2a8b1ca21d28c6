"""Chaos: the whole system on the emulator while calls to AWS fail and workers are killed: `make chaos`."""
