"""The function that the task queue wakes."""
