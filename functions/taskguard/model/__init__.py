"""What a task is: its record, its message, its retries; values and decisions, no AWS."""
