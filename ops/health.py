"""How a stack stands at this moment."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

from ops.alarms import Alarm, ringing_alarms
from ops.console import print_table
from ops.dead_letters import count_dead_letters
from ops.depths import Depth, depth_of
from ops.mapping import ENABLED, mapping_of

if TYPE_CHECKING:
    from rich.console import Console

    from ops.aws import Aws


@dataclass(frozen=True)
class Health:
    """A stack's queues, deliveries, dead letters and alarms.

    Attributes
    ----------
    task_queue, dead_letter_queue
        Depths; Lambda drains both, so messages that stay are the sign of trouble.
    deliveries, dead_letter_deliveries
        States of the two event source mappings.
    dead_letters
        Tasks that are DEAD_LETTERED in the table.
    alarms
        Those in state ALARM.
    """

    task_queue: Depth
    dead_letter_queue: Depth
    deliveries: str
    dead_letter_deliveries: str
    dead_letters: int
    alarms: list[Alarm]

    def document(self) -> dict[str, Any]:
        """Make the JSON report."""
        return {
            "taskQueue": _depth(self.task_queue, self.deliveries),
            "deadLetterQueue": _depth(self.dead_letter_queue, self.dead_letter_deliveries),
            "deadLetters": self.dead_letters,
            "alarms": [asdict(alarm) for alarm in self.alarms],
        }


def health_of(aws: "Aws") -> Health:
    """Ask the stack's services."""
    outputs, functions = aws.outputs, aws.outputs.function_names
    return Health(
        task_queue=depth_of(aws.sqs, outputs.task_queue_url),
        dead_letter_queue=depth_of(aws.sqs, outputs.dead_letter_queue_url),
        deliveries=mapping_of(aws.lambda_, functions["process_task"], outputs.task_queue_url).state,
        dead_letter_deliveries=mapping_of(
            aws.lambda_, functions["monitor_dlq"], outputs.dead_letter_queue_url
        ).state,
        dead_letters=count_dead_letters(aws.dynamodb, outputs.tasks_table_name),
        alarms=ringing_alarms(aws.cloudwatch, outputs.alarm_topic_arn),
    )


def print_health(console: "Console", health: Health) -> None:
    """Print it for people."""
    table = Table(header_style="bold")
    for heading in ("queue", "visible", "in flight", "delayed", "deliveries"):
        table.add_column(heading, justify="left" if heading in {"queue", "deliveries"} else "right")
    table.add_row("tasks", *_cells(health.task_queue), health.deliveries)
    table.add_row("dead letters", *_cells(health.dead_letter_queue), health.dead_letter_deliveries)
    print_table(console, table)
    if health.deliveries != ENABLED:
        console.print("Tasks are accepted and wait: `python -m ops resume` lets them run.", style="yellow")
    console.print(f"DEAD_LETTERED: {health.dead_letters}")
    console.print(f"ALARMS: {len(health.alarms)}")
    for alarm in health.alarms:
        console.print(f"  {alarm.name}: {alarm.reason}", style="red")


def _cells(depth: Depth) -> tuple[str, str, str]:
    return str(depth.visible), str(depth.in_flight), str(depth.delayed)


def _depth(depth: Depth, deliveries: str) -> dict[str, Any]:
    return {
        "visible": depth.visible,
        "inFlight": depth.in_flight,
        "delayed": depth.delayed,
        "deliveries": deliveries,
    }
