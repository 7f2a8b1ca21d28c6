"""Tasks as this tool sees them: their records, and sending them again."""
