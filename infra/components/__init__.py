"""The components that a stack is built from: table, queues, functions, API."""
