"""What a function's cold start pays for its imports, next to boto3 with the same clients.

Run it with ``python -m benchmarks.import_cost``. The pairs are measured in turn, each in a process of its
own, in the processor's time and not the clock's, so that another load on the machine matters little.
"""

import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = 9
LIMIT = 1.35
"""A function may cost at most this many times what boto3 costs."""

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "TASKS_TABLE_NAME": "tasks",
    "TASK_QUEUE_URL": "https://queue",
    "DEAD_LETTER_QUEUE_URL": "https://dead-letters",
    "MAX_ATTEMPTS": "3",
    "BACKOFF_BASE_SECONDS": "5",
    "MAX_BACKOFF_SECONDS": "900",
    "RECORD_TTL_DAYS": "30",
    "FAILURE_RATE": "0",
    "POWERTOOLS_SERVICE_NAME": "taskguard",
    "POWERTOOLS_METRICS_NAMESPACE": "TaskGuard",
}

CLIENTS = {
    "submit_task": ("dynamodb", "sqs"),
    "get_task": ("dynamodb",),
    "process_task": ("dynamodb", "sqs"),
    "monitor_dlq": ("dynamodb", "sqs"),
}


@dataclass(frozen=True)
class Cost:
    """Median seconds of processor time of a function's start and of boto3's, and of their ratios."""

    function: float
    boto3: float
    ratio: float


def measure(function: str, clients: tuple[str, ...]) -> Cost:
    """Return what a function's imports and clients cost."""
    own = f"from {function}.handler import application; application()"
    bare = "import boto3; " + "; ".join(f"boto3.client({name!r})" for name in clients)
    _seconds(own), _seconds(bare)  # fills the file cache and writes the byte code
    pairs = [(_seconds(own), _seconds(bare)) for _ in range(RUNS)]
    return Cost(
        function=statistics.median(own for own, _ in pairs),
        boto3=statistics.median(bare for _, bare in pairs),
        ratio=statistics.median(own / bare for own, bare in pairs),
    )


def _seconds(statement: str) -> float:
    code = f"import time; start = time.process_time(); {statement}; print(time.process_time() - start)"
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": str(ROOT / "functions")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)  # noqa: S603
    return float(done.stdout)


def main() -> int:
    """Print a line for each function; return 1 if one is over the limit."""
    costs = {function: measure(function, clients) for function, clients in CLIENTS.items()}
    for function, cost in costs.items():
        sys.stdout.write(
            f"{function:13} {cost.function:.3f} s, boto3 {cost.boto3:.3f} s: {cost.ratio:.2f} times\n"
        )
    return int(any(cost.ratio > LIMIT for cost in costs.values()))


if __name__ == "__main__":
    sys.exit(main())
