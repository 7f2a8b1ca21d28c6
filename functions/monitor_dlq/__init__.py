"""The function that the dead-letter queue wakes."""
