"""The function behind POST /tasks, POST /task and POST /tasks/batch."""
