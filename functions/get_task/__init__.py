"""The function behind GET /tasks/{taskId} and GET /task/{taskId}."""
