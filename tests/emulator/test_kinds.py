"""Kinds on the local cloud: added by two lines, and renamed, moved and taken out while their tasks wait."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.cloud import local_cloud
from ops.stack.aws import Aws
from ops.stack.deliveries import mapping_of, switch
from ops.stack.outputs import from_document
from ops.tasks import read_records
from taskguard.model.record import TaskRecord
from tests.support.local_processes import becomes_true
from tests.support.program_copy import ProgramCopy

MANY, BATCH = 200, 25
LONGEST_SECONDS = 180.0
"""Until when a test waits for what it sees at last, on a busy machine."""

KINDS = """
from taskguard.kinds import Kind, Lane

LANES = {"default": Lane(), "slow": Lane()}
KINDS = {"letter": Kind("work.letters:send")}
"""
LETTERS = """
def send(payload, context):
    return {"sent": payload, "as": context.kind}
"""

pytestmark = pytest.mark.emulator


@dataclass(frozen=True)
class Cloud:
    """A local cloud that takes over what is saved in its program, and its API."""

    program: ProgramCopy
    aws: Aws
    http: httpx.Client
    said: list[str]

    def post(self, path: str, body: Any) -> httpx.Response:
        """Call the API."""
        return self.http.post(f"{self.aws.outputs.api_endpoint}{path}", json=body)

    def save_kinds(self, kinds: str) -> None:
        """Declare other kinds, and wait until the functions know them."""
        self.save("kinds.py", KINDS.replace('KINDS = {"letter": Kind("work.letters:send")}', kinds))

    def save(self, name: str, text: str) -> None:
        """Save a file of the work, and wait until functions have it."""
        before = len(self.said)
        self.program.write(name, text)
        done = becomes_true(lambda: any(text.startswith("Updated") for text in self.said[before:]), 60)
        assert done, self.said[before:]

    def accept(self, name: str, kind: str, count: int) -> list[str]:
        """Submit tasks of a kind in batches, and return their ids."""
        ids = [f"{name}-{number}" for number in range(count)]
        for start in range(0, count, BATCH):
            tasks = [{"taskId": each, "kind": kind, "payload": each} for each in ids[start : start + BATCH]]
            results = self.post("/tasks/batch", {"tasks": tasks}).json()["results"]
            assert [each["status"] for each in results] == [202] * len(tasks)
        return ids

    def deliver(self, *, on: bool) -> None:
        """Switch the deliveries of all lanes."""
        outputs = self.aws.outputs
        for lane, url in outputs.task_queue_urls.items():
            mapping = mapping_of(self.aws.lambda_, outputs.process_task(lane), url)
            switch(self.aws.lambda_, mapping.uuid, on=on)

    def records(self, ids: list[str]) -> dict[str, TaskRecord]:
        """Read what is reported of tasks."""
        table = self.aws.outputs.tasks_table_name
        return read_records(self.aws.dynamodb, table, ids, ("attempts", "attemptCount", "kind", "result"))

    def until(self, ids: list[str], wanted: Callable[[TaskRecord], bool]) -> dict[str, TaskRecord]:
        """Wait until all tasks are as wanted, and return their records."""

        def all_are() -> bool:
            found = self.records(ids)
            return len(found) == len(ids) and all(map(wanted, found.values()))

        assert becomes_true(all_are, LONGEST_SECONDS), self.records(ids)
        return self.records(ids)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    program = ProgramCopy.made(tmp_path_factory.mktemp("program"))
    program.write("kinds.py", KINDS)
    program.write("letters.py", LETTERS)
    # A task of a kind that nobody knows waits for a minute; here it need not.
    program.replace(
        "functions/taskguard/perform.py", "UNAVAILABLE_SECONDS: Final = 60", "UNAVAILABLE_SECONDS: Final = 15"
    )
    said: list[str] = []
    settings = {"failureRate": "0", "permanentFailureSuffix": ""}
    with (
        local_cloud(
            overrides=settings,
            outputs_file=None,
            progress=said.append,
            program_folder=program.folder,
            watch=True,
        ) as outputs,
        httpx.Client(timeout=60) as http,
    ):
        yield Cloud(program, Aws(from_document(outputs, "the local cloud")), http, said)


def test_a_kind_is_its_function_and_its_line_and_a_saved_file_is_taken_over(cloud: Cloud) -> None:
    body = {"kind": "hello", "payload": {"name": "you"}}
    refused = cloud.post("/tasks", body)
    assert refused.status_code == 400
    assert "the kinds are letter, probe, probe.slow" in refused.json()["errors"][0]["detail"]
    cloud.program.write("hello.py", 'def hello(payload, context):\n    return {"hello": payload["name"]}\n')
    cloud.save_kinds('KINDS = {"letter": Kind("work.letters:send"), "hello": Kind("work.hello:hello")}')
    accepted = cloud.post("/tasks", body)
    assert accepted.status_code == 202
    (record,) = cloud.until([accepted.json()["taskId"]], lambda task: task.is_settled).values()
    assert (record.result, record.attempt_count) == ({"hello": "you"}, 1)


def test_a_worker_that_is_warm_does_not_go_on_with_the_code_before_a_save(cloud: Cloud) -> None:
    cloud.until(cloud.accept("before", "letter", 1), lambda task: task.is_settled)
    cloud.save("letters.py", LETTERS.replace('"sent"', '"posted"'))
    records = cloud.until(cloud.accept("after", "letter", 3), lambda task: task.is_settled)
    cloud.save("letters.py", LETTERS)
    assert {task_id: record.result for task_id, record in records.items()} == {
        task_id: {"posted": task_id, "as": "letter"} for task_id in records
    }


def test_a_lane_is_its_line(cloud: Cloud) -> None:
    # All that the program's copy says of it is `"slow": Lane()` in kinds.py.
    assert sorted(cloud.aws.outputs.task_queue_urls) == ["default", "slow"]
    (record,) = cloud.until(cloud.accept("lane", "probe.slow", 1), lambda task: task.is_settled).values()
    assert (record.status, record.kind) == ("COMPLETED", "probe.slow")
    mapping = mapping_of(
        cloud.aws.lambda_, cloud.aws.outputs.process_task("slow"), cloud.aws.outputs.task_queue_urls["slow"]
    )
    assert mapping.state == "Enabled"


def test_a_file_that_cannot_be_parsed_is_told_and_the_old_code_goes_on(cloud: Cloud) -> None:
    cloud.program.write("letters.py", "def send(")
    assert becomes_true(lambda: any("letters.py:1" in text for text in cloud.said), 60), cloud.said
    ids = cloud.accept("old-code", "letter", 1)
    cloud.until(ids, lambda task: task.status == "COMPLETED")
    cloud.program.write("letters.py", LETTERS)


def test_a_kind_renamed_and_moved_under_waiting_tasks_loses_none(cloud: Cloud) -> None:
    cloud.save_kinds('KINDS = {"letter": Kind("work.letters:send")}  # as at first')
    cloud.deliver(on=False)
    ids = cloud.accept("moved", "letter", MANY)
    cloud.save_kinds('KINDS = {"mail": Kind("work.letters:send", lane="slow", aliases=("letter",))}')
    cloud.deliver(on=True)
    records = cloud.until(ids, lambda task: task.status == "COMPLETED")
    assert {task_id: record.result for task_id, record in records.items()} == {
        task_id: {"sent": task_id, "as": "mail"} for task_id in ids
    }
    assert {record.attempt_count for record in records.values()} == {1}


def test_a_kind_taken_out_under_waiting_tasks_loses_none_of_them(cloud: Cloud) -> None:
    cloud.save_kinds('KINDS = {"letter": Kind("work.letters:send")}  # once more')
    cloud.deliver(on=False)
    ids = cloud.accept("gone", "letter", MANY)
    cloud.save_kinds("KINDS = {}")
    cloud.deliver(on=True)
    cloud.until(ids, lambda task: task.attempt_count >= 1)
    (probe,) = cloud.until(cloud.accept("beside", "probe", 1), lambda task: task.is_settled).values()
    assert probe.status == "COMPLETED"  # the other kinds of the lane go on
    cloud.save_kinds('KINDS = {"letter": Kind("work.letters:send")}  # back again')
    records = cloud.until(ids, lambda task: task.status == "COMPLETED")
    # Whatever was tried in vain was postponed, and cost nothing.
    outcomes = {each.outcome for record in records.values() for each in record.attempts[:-1]}
    assert outcomes == {"POSTPONED"}


def test_other_lanes_are_not_taken_over_without_a_restart(cloud: Cloud) -> None:
    text = KINDS.replace('"slow": Lane()', '"slow": Lane(), "other": Lane()')
    cloud.program.write("kinds.py", text)
    told = "restart to get Queue tasks-other (new)"
    assert becomes_true(lambda: any(told in text for text in cloud.said), 60), cloud.said
    cloud.save_kinds('KINDS = {"letter": Kind("work.letters:send")}  # at the end')


def test_only_the_work_was_touched(cloud: Cloud) -> None:
    touched = {path.name for path in Path(cloud.program.work).iterdir() if path.is_file()}
    assert touched == {"__init__.py", "kinds.py", "letters.py", "hello.py"}
