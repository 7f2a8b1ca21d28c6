"""The waker: gives messages to tasks that have none, and measures what stands open."""
