"""Schemathesis from openapi.yaml against a running local cloud: real HTTP, routes and function processes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from tests.proofs.fuzz import oracle

CONFIG = Path(__file__).with_name("schemathesis.toml")
PHASES = "examples,coverage,fuzzing,stateful"
API_FUNCTIONS = ("submit_task", "get_task")


@dataclass(frozen=True)
class HttpRun:
    """What schemathesis did.

    Parameters
    ----------
    output
        Its own words, with a command to repeat each failure.
    """

    passed: bool
    requests: int
    failures: int
    output: str


def run_schemathesis(endpoint: str, seed: int, seconds: int, folder: Path) -> HttpRun:
    """Run all phases against an API until the time is over; `folder` takes the report."""
    report = folder / "schemathesis.json"
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", CONFIG, "run", oracle.PATH]
    options = ["--url", endpoint, "--phases", PHASES, "--seed", seed]
    bounds = ["--max-time", seconds, "--max-examples", 200, "--continue-on-failure", "--request-timeout", 30]
    output = ["--report", "json", "--report-json-path", report, "--generation-database", "none", "--no-color"]
    done = subprocess.run(
        [str(part) for part in (*command, *options, *bounds, *output)],
        capture_output=True,
        text=True,
        timeout=seconds + 120,
        check=False,
    )
    counts = json.loads(report.read_text())["test_cases"] if report.exists() else {}
    return HttpRun(
        passed=done.returncode == 0,
        requests=counts.get("generated", 0),
        failures=counts.get("unique_failures", 0),
        output=done.stdout + done.stderr,
    )


def errors_logged(outputs: dict[str, Any]) -> list[str]:
    """Return every line that the API's functions logged as an error, or that is no line of theirs."""
    return [
        line
        for name in API_FUNCTIONS
        for line in _lines(outputs["awsEndpointUrl"], outputs["logGroupNames"][name])
        if _is_error(line)
    ]


def _lines(endpoint: str, group: str) -> Iterator[str]:
    logs = boto3.client(
        "logs",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
        yield from (event["message"] for event in page["events"])


def _is_error(line: str) -> bool:
    """Tell a fault from our own lines, metrics, and Lambda's START, END and REPORT."""
    if not line.startswith("{"):
        return any(sign in line for sign in ("ERROR", "Traceback", "Task timed out"))
    return json.loads(line).get("level", "INFO") not in {"INFO", "WARNING"}
