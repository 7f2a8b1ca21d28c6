"""The commands: their options, help and output; the work is done elsewhere in `ops`."""
