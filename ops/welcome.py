"""What the local cloud says when it is up."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

_CURL = r"curl -sS -w '\n'"
_BODY = '{"taskId": "hello-1", "payload": {"greeting": "hello"}}'


def welcome(outputs: Mapping[str, Any]) -> str:
    """Write the outputs and two lines to paste into a shell.

    The URLs hold `$default`, the stage, which a shell would expand: they are quoted.
    """
    tasks = f"{outputs['apiEndpoint'].rstrip('/')}/tasks"
    submit = (
        f"{_CURL} -X POST {shlex.quote(tasks)} -H 'content-type: application/json' -d {shlex.quote(_BODY)}"
    )
    look_up = f"{_CURL} {shlex.quote(f'{tasks}/hello-1')}"
    shown = json.dumps(outputs, indent=2)
    return f"{shown}\n\nSubmit a task, and look at it:\n\n{submit}\n\n{look_up}\n"
