"""Requests to the API in payload format 2.0, and what their answers say of each task."""

import json
from collections.abc import Mapping
from typing import Any

from taskguard.model.json_text import Json


def submit(tasks: Mapping[str, Json], number: int, *, batch: bool) -> dict[str, Any]:
    """Return the request that submits one task, or several in a batch."""
    items = [{"taskId": task, "payload": payload} for task, payload in tasks.items()]
    path = "/tasks/batch" if batch else "/tasks"
    return {
        "version": "2.0",
        "routeKey": f"POST {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json"},
        "requestContext": {
            "http": {"method": "POST", "path": path},
            "requestId": f"api-{number}",
            "stage": "$default",
        },
        "body": json.dumps({"tasks": items} if batch else items[0]),
        "isBase64Encoded": False,
    }


def statuses(answer: Mapping[str, Any], tasks: Mapping[str, Json], *, batch: bool) -> dict[str, int]:
    """Return the status of each task."""
    if not batch:
        return dict.fromkeys(tasks, int(answer["statusCode"]))
    results = json.loads(answer["body"])["results"]
    return {task: int(result["status"]) for task, result in zip(tasks, results, strict=True)}
