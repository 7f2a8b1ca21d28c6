"""One module a command: its options and its words; the work is done elsewhere in `ops`."""
