"""Rewrites what the documentation repeats of the code (`make docs`).

A generated block stands between two comments and is replaced as a whole:

    <!-- generated: settings -->
    ...
    <!-- end -->

In `openapi.yaml`, it stands between `# generated: kinds` and `# end`. `tests/test_docs.py` fails when a
block is stale.
"""

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer.main
import yaml

from docs.kinds import with_kinds
from docs.way import way_of_a_message
from infra.monitoring.alarms import Alarm
from infra.monitoring.catalogue import catalogue, function_alarms
from infra.monitoring.metrics import Watched, WatchedLane
from ops.cli import app
from taskguard.kinds import DEFAULT_LANE, program_kinds

ROOT = Path(__file__).resolve().parents[1]

OPENAPI = ROOT / "openapi.yaml"

BLOCK = re.compile(r"<!-- generated: (?P<name>[\w-]+) -->\n.*?<!-- end -->", re.DOTALL)

OUTPUTS: Mapping[str, str] = {
    "apiEndpoint": "URL of the API, without a trailing slash",
    "taskQueueUrl": "URL of the default lane's task queue",
    "taskQueueUrls": "URLs of all lanes' task queues, by lane",
    "deadLetterQueueUrl": "URL of the dead-letter queue",
    "tasksTableName": "name of the table",
    "functionNames": "names of the functions, by their folders in `functions/`, such as `submit_task`; those "
    "of further lanes by `process_task_<lane>`",
    "logGroupNames": "names of their log groups, by the same keys",
    "lanes": "the lanes with their figures, as they are deployed",
    "kinds": "the kinds with their work, lane and retry policy, as they are deployed",
    "defaultKind": "the kind of tasks that name none",
    "alarmTopicArn": "the topic that every alarm notifies",
    "dashboardUrl": "the dashboard in the CloudWatch console",
}
"""What each export of `__main__.py` is; `tests/test_docs.py` compares the names."""

ANY_FUNCTION = "FUNCTION"
"""Stands for the name of a function: all functions have the same alarms."""

WATCHED = Watched(
    service="taskguard",
    functions={"monitor_dlq": "monitor-dlq", "process_task": "process-task", ANY_FUNCTION: ANY_FUNCTION},
    timeouts_seconds={"monitor_dlq": 30, "process_task": 30, ANY_FUNCTION: 30},
    api_functions=(),
    mappings={"monitor_dlq": "mapping"},
    lanes={DEFAULT_LANE: WatchedLane("tasks", "process_task", 60)},
    dead_letter_queue="dead-letters",
    table="tasks",
    table_operations=("GetItem",),
    api_id="api",
    api_rate_limit=100,
    access_log="api",
    dead_letter_ttl_days=180,
)
"""A stack that does not exist: names, meanings and first steps of alarms do not depend on it."""


def settings() -> str:
    """Return the settings of `Pulumi.yaml`."""
    config: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))[
        "config"
    ]
    return _table(
        ("setting", "type", "default", "meaning"),
        (
            (f"`{name}`", entry["type"], f"`{_default(entry['default'])}`", entry["description"])
            for name, entry in config.items()
            if "type" in entry  # the others belong to a provider
        ),
    )


def outputs() -> str:
    """Return the outputs of a stack."""
    return _table(("output", "what it is"), ((f"`{name}`", meaning) for name, meaning in OUTPUTS.items()))


def documented_alarms() -> list[Alarm]:
    """Return every alarm of the catalogue once, those that each function has under `ANY_FUNCTION`."""
    repeated = [
        alarm for key in WATCHED.functions if key != ANY_FUNCTION for alarm in function_alarms(WATCHED, key)
    ]
    return [alarm for alarm in catalogue(WATCHED) if alarm not in repeated]


def alarms() -> str:
    """Return the alarms of the catalogue."""
    return _table(
        ("alarm", "what it means", "what to do first"),
        ((f"`{alarm.name}`", alarm.meaning, alarm.first_step) for alarm in documented_alarms()),
    )


def commands() -> str:
    """Return the commands of the operator's tool, with the first line of their help."""
    group = typer.main.get_group(app)
    return _table(
        ("command", "what it does"),
        ((f"`{name}`", command.get_short_help_str(limit=200)) for name, command in group.commands.items()),
    )


def make_targets() -> str:
    """Return the targets of the Makefile, as `make help` prints them."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets: list[tuple[str, str]] = re.findall(r"^([a-z-]+):.*?## (.*)$", makefile, re.MULTILINE)
    return _table(("command", "what it does"), ((f"`make {name}`", does) for name, does in targets))


def way() -> str:
    """Return the calls that a message leads to, from SQS's event to the completion of its task."""
    return _table(
        ("step", "module", "function", "what it does"),
        (
            (
                str(number),
                f"[{step.module}](../functions/{step.module})",
                f"`{step.function}`",
                step.meaning,
            )
            for number, step in enumerate(way_of_a_message(), start=1)
        ),
    )


BLOCKS: Mapping[str, Callable[[], str]] = {
    "settings": settings,
    "outputs": outputs,
    "alarms": alarms,
    "commands": commands,
    "make-targets": make_targets,
    "way": way,
}


def documents() -> list[Path]:
    """Return every Markdown file that is written for readers of this repository."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def refreshed(text: str) -> str:
    """Return a document with its generated blocks made anew.

    Raises
    ------
    KeyError
        A block has a name that is not in `BLOCKS`.
    """
    return BLOCK.sub(
        lambda found: f"<!-- generated: {found['name']} -->\n{BLOCKS[found['name']]()}\n<!-- end -->", text
    )


def _default(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return '""' if value == "" else str(value)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Rewrite the files whose generated blocks are stale, and name them."""
    for path in [*documents(), OPENAPI]:
        text = path.read_text(encoding="utf-8")
        fresh = with_kinds(text, program_kinds()) if path == OPENAPI else refreshed(text)
        if fresh != text:
            path.write_text(fresh, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
