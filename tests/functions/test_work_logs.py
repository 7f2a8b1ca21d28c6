"""Log lines of the work itself: each names its own task, also with ten of them side by side."""

import asyncio
import logging
import threading
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from taskguard.attempt import do_work
from taskguard.edge.telemetry import log_in_json
from taskguard.kinds import Kind
from taskguard.work import Context
from tests.functions.declared import declaring
from tests.support.aws_in_process import System
from tests.support.log_lines import documents

KINDS = {"logs": Kind("work.sample:logs"), "waits": Kind("work.sample:waits")}


@pytest.fixture(autouse=True)
def _own_root() -> Any:
    """Give the root logger back as it was: on Lambda, `log_in_json` takes it over."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level


def lines(capsys: pytest.CaptureFixture[str], message: str) -> list[dict[str, Any]]:
    return [line for line in documents(capsys.readouterr().out) if line.get("message") == message]


def test_ten_tasks_side_by_side_each_name_themselves(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    together = threading.Barrier(10)

    def logs(payload: Any, context: Context) -> Any:
        together.wait(20)
        logging.getLogger("work.sample").info("plain", extra={"of": context.task_id})
        Logger(service="work").info("powertools", of=context.task_id)
        together.wait(20)
        logging.getLogger("work.sample").info("plain", extra={"of": context.task_id})

    capsys.readouterr()
    log_in_json()
    with declaring(system, KINDS, {"logs": logs}) as program:
        for number in range(10):
            system.submit({"taskId": f"t{number}", "kind": "logs", "payload": number})
        assert program.process(together=True) == []
    found = documents(capsys.readouterr().out)
    for message, times in (("plain", 2), ("powertools", 1)):
        told = [line for line in found if line.get("message") == message]
        assert len(told) == 10 * times
        assert all(line["taskId"] == line["of"] for line in told), told[0]
        assert {(line["kind"], line["attempt"], line["level"]) for line in told} == {("logs", 1, "INFO")}


def test_ten_tasks_of_async_work_side_by_side_each_name_themselves(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also in what runs beside the coroutine: its tasks, and the threads that it waits for."""
    together = threading.Barrier(10)
    logger = logging.getLogger("work.sample")

    async def beside(of: str) -> None:
        await asyncio.sleep(0)
        Logger(service="work").info("told", of=of)

    async def waits(payload: Any, context: Context) -> Any:
        of = {"of": context.task_id}
        logger.info("told", extra=of)
        together.wait(20)
        await asyncio.gather(beside(context.task_id), beside(context.task_id))
        await asyncio.to_thread(logger.info, "told", extra=of)
        together.wait(20)
        logger.info("told", extra=of)

    capsys.readouterr()
    log_in_json()
    with declaring(system, KINDS, {"waits": waits}) as program:
        for number in range(10):
            system.submit({"taskId": f"t{number}", "kind": "waits", "payload": number})
        assert program.process(together=True) == []
    told = lines(capsys, "told")
    assert len(told) == 50
    assert all(line["taskId"] == line["of"] for line in told)
    assert {(line["kind"], line["attempt"], line["level"]) for line in told} == {("waits", 1, "INFO")}


def test_each_attempt_has_its_number_and_a_kind_its_name_of_today(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    def logs(payload: Any, context: Context) -> Any:
        logging.getLogger("work.sample").info("told")
        raise ValueError("again")

    body = '{"taskId": "t", "kind": "before", "payload": 1}'
    kinds = {"logs": Kind("work.sample:logs", aliases=("before",))}
    capsys.readouterr()
    log_in_json()
    with declaring(system, kinds, {"logs": logs}) as program:
        for _ in range(2):
            program.send(body)
            assert len(program.process()) == 1
            system.clock.advance(60)
    assert [(line["kind"], line["attempt"]) for line in lines(capsys, "told")] == [("logs", 1), ("logs", 2)]


def test_async_work_names_its_task_across_its_waits(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    async def waits(payload: Any, context: Context) -> Any:
        await asyncio.sleep(0)
        logging.getLogger("work.sample").info("later")

    capsys.readouterr()
    log_in_json()
    with declaring(system, KINDS, {"waits": waits}) as program:
        system.submit({"taskId": "t", "kind": "waits", "payload": 1})
        program.process()
    (line,) = lines(capsys, "later")
    assert (line["taskId"], line["kind"], line["attempt"]) == ("t", "waits", 1)


def test_the_next_task_of_a_thread_is_not_taken_for_the_one_before(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    log_in_json()
    moment = system.clock()
    do_work(lambda payload, context: None, 1, Context("t", "logs", 1, 1, moment, moment))
    logging.getLogger("work.sample").warning("between")
    (line,) = lines(capsys, "between")
    assert not line.keys() & {"taskId", "kind", "attempt"}


def test_the_line_of_a_child_is_about_the_child(system: System, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    log_in_json()
    with declaring(system, KINDS, {"logs": lambda payload, context: context.submit("waits", 1)}) as program:
        system.submit({"taskId": "parent", "kind": "logs", "payload": 1})
        program.process()
    found = [each for each in documents(capsys.readouterr().out) if each.get("event") == "TASK_SUBMITTED"]
    (child,) = [line for line in found if line["taskId"] != "parent"]
    assert child["taskId"] == system.record("parent").result
    assert "attempt" not in child


def test_what_is_logged_outside_of_an_attempt_names_none(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    log_in_json()
    with declaring(system, KINDS, {"logs": lambda payload, context: None}) as program:
        system.submit({"taskId": "t", "kind": "logs", "payload": 1})
        program.process()
    logging.getLogger("elsewhere").warning("after")
    (line,) = lines(capsys, "after")
    assert not line.keys() & {"taskId", "kind", "attempt"}
