"""The AWS emulator: its environment, its process, and how it ends."""
