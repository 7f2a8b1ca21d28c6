"""What AWS does to messages, calls and invocations by itself, as runs meet it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from taskguard.edge.sqs import REPORTING_TIME
from taskguard.kinds import PROBE
from taskguard.model.errors import RetryAfter
from taskguard.work import Context as Attempt
from tests.proofs.simulation import settings
from tests.proofs.simulation.environment import DynamoDbClient, ExecutionEnvironment, SqsClient
from tests.proofs.simulation.functions import Functions
from tests.proofs.simulation.history import (
    FaultInjected,
    FunctionInvoked,
    History,
    MessageHidden,
    MessageLost,
    MessageReceived,
    NeverQuiescent,
    ProcessDied,
    RecordWritten,
    Step,
    WorkStarted,
)
from tests.proofs.simulation.injector import LATE_STEPS, FaultInjector
from tests.proofs.simulation.limits import OUT_OF_REACH, Limits
from tests.proofs.simulation.pools import in_order, this_call
from tests.proofs.simulation.process import Killed, Kind, Process
from tests.proofs.simulation.program import TASK_QUEUE
from tests.proofs.simulation.refusals import refusal
from tests.proofs.simulation.scenarios import named
from tests.proofs.simulation.scenarios.scenario import Scenario
from tests.proofs.simulation.schedule import OPTIONAL, REFUSALS, Fault, Schedule, faults_of
from tests.proofs.simulation.scripted_work import AsksFor, Behaviour, ScriptedWork
from tests.proofs.simulation.simulator import Simulator
from tests.proofs.simulation.sweep import Depth, Runner, Sweep
from tests.support.aws_in_process import MovableClock

HOUR, DAY = 3600, 86_400

Start = Callable[..., Simulator]


@pytest.fixture(scope="module")
def functions() -> Functions:
    return Functions()


@pytest.fixture
def start(functions: Functions, capsys: pytest.CaptureFixture[str]) -> Iterator[Start]:
    """Return what starts a simulator; the functions' log lines are swallowed."""

    def started(limits: Limits = OUT_OF_REACH, **faults: Any) -> Simulator:
        return Simulator(functions, Schedule(), lambda *_: None, limits=limits, **faults)

    with in_order():
        yield started
    capsys.readouterr()


def test_messages_that_nobody_receives_expire(start: Start) -> None:
    sim = start(Limits(retention_seconds=4 * DAY, dead_letter_retention_seconds=14 * DAY))
    sim.poller.tasks.enabled = False
    sim.client.submit("a", {"n": 1})
    sim.pass_time(3 * DAY)
    assert len(sim.queues[TASK_QUEUE].messages) == 1
    sim.pass_time(2 * DAY)
    sim.poller.tasks.enabled = True
    sim.settle()
    assert [(lost.task, lost.cause) for lost in sim.history.of(MessageLost)] == [("a", "expired")]
    assert not sim.history.of(FunctionInvoked)


def test_a_scenario_meets_its_limits(functions: Functions) -> None:
    def workload(sim: Simulator) -> None:
        sim.poller.tasks.enabled = False
        sim.send_directly('{"taskId":"a","payload":1}')
        sim.pass_time(HOUR)
        sim.poller.tasks.enabled = True
        sim.settle()

    ends = [
        Runner(functions=functions).run(Scenario("paused", workload, limits=limits), Schedule()).end
        for limits in (Limits(retention_seconds=HOUR), Limits(retention_seconds=HOUR + 1))
    ]
    assert [end.keys() for end in ends] == [set(), {"a"}]


def test_the_table_s_limits_are_the_scenario_s(start: Start) -> None:
    sim = start(Limits(index_lag_seconds=2, page_bytes=1))
    for task in "ab":
        due = {"indexShard": {"S": "1"}, "dueAt": {"N": "1"}, "status": {"S": "RETRYING"}}
        sim.table.put_item(Item={"taskId": {"S": task}} | due)
    assert sim.table.scan(TableName=settings.TABLE)["Count"] == 1
    query = {"KeyConditionExpression": "indexShard = :one", "ExpressionAttributeValues": {":one": {"S": "1"}}}
    found = []
    for _ in range(2):
        found.append(sim.table.query(IndexName="due", **query)["Count"])
        sim.clock.advance(2)
    assert found == [0, 1]


def test_a_purge_is_recorded_with_what_it_takes(start: Start) -> None:
    sim = start(Limits(purge_takes_what_follows=True))
    sim.client.submit("a", {"n": 1})
    sim.queues.purge_queue(QueueUrl=TASK_QUEUE)
    sim.client.submit("b", {"n": 1})
    assert [(lost.task, lost.cause) for lost in sim.history.of(MessageLost)] == [
        ("a", "purged"),
        ("b", "purged"),
    ]


def test_the_history_shows_what_is_hidden_and_for_how_long(start: Start) -> None:
    sim = start()
    for task in "ab":
        sim.client.submit(task, {"n": 1})
    batch = sim.poller.receive(sim.poller.tasks)
    sim.queues.change_message_visibility(
        QueueUrl=TASK_QUEUE, ReceiptHandle=batch[0]["ReceiptHandle"], VisibilityTimeout=60
    )
    (hidden,) = sim.history.of(MessageHidden)
    assert (hidden.task, hidden.seconds, hidden.in_flight) == ("a", 60, 2)


def test_at_the_limit_in_flight_the_poller_waits_until_a_message_comes_back(start: Start) -> None:
    sim = start(Limits(most_in_flight=1))
    for task in "ab":
        sim.client.submit(task, {"n": 1})
    sim.poller.receive(sim.poller.tasks)  # and its function is never called
    sim.run_visible()
    assert not sim.history.of(FunctionInvoked)
    sim.settle()
    assert [sim.status(task) for task in "ab"] == ["COMPLETED", "COMPLETED"]
    assert not sim.history.of(NeverQuiescent)


def test_throttled_batches_use_up_receives_and_start_no_work(start: Start) -> None:
    sim = start()
    sim.poller.tasks.throttled = 2
    sim.client.submit("a", {"n": 1})
    sim.settle()
    assert [received.count for received in sim.history.of(MessageReceived)] == [3]
    assert len(sim.history.of(WorkStarted)) == 1
    assert sim.clock() - MovableClock().now >= timedelta(seconds=2 * settings.VISIBILITY_SECONDS)


def test_a_sweep_throttles_each_receive_if_its_scenario_asks_for_it(functions: Functions) -> None:
    scenario = replace(named("success"), more_faults={Fault.THROTTLED})
    usual, more = (
        list(Sweep(Runner(functions=functions), s).run(Depth.SINGLES)) for s in (named("success"), scenario)
    )
    throttled = [run for run in more if Fault.THROTTLED in run.schedule.faults.values()]
    receives = [step for step in usual[0].steps if step.operation == "receive_message"]
    assert len(more) - len(usual) == len(throttled) == len(receives) > 0
    assert all(run.injected == 1 and not run.violations for run in throttled)


@pytest.mark.parametrize("kind", [Kind.SUBMIT, Kind.PROCESS, Kind.MONITOR, Kind.WAKER, Kind.OPERATOR])
def test_calls_to_aws_can_be_refused_where_a_scenario_asks_for_it(kind: Kind) -> None:
    step = Step(1, kind, "update_item", "a")
    assert OPTIONAL.isdisjoint(faults_of(step))
    assert set(faults_of(step, OPTIONAL)) - set(faults_of(step)) == REFUSALS


@pytest.mark.parametrize(
    ("fault", "table", "queue"),
    [
        (Fault.ACCESS_DENIED, "AccessDeniedException", "AccessDenied"),
        (Fault.INVALID, "ValidationException", "InvalidParameterValue"),
        (Fault.NOT_FOUND, "ResourceNotFoundException", "AWS.SimpleQueueService.NonExistentQueue"),
        (Fault.KEY_REFUSED, "AccessDeniedException", "KMS.AccessDeniedException"),
    ],
)
def test_each_service_refuses_in_its_own_words(fault: Fault, table: str, queue: str) -> None:
    assert refusal(fault, "query").response["Error"]["Code"] == table
    assert refusal(fault, "delete_message_batch").response["Error"]["Code"] == queue


def _injector(*faults: Fault, optional: Any = OPTIONAL) -> FaultInjector:
    schedule = Schedule(dict(enumerate(faults, 1)))
    return FaultInjector(schedule, History(), MovableClock(), lambda _: None, optional=optional)


def _process(kind: Kind = Kind.PROCESS) -> Process:
    return Process(1, kind, MovableClock())


def test_a_refused_call_has_no_effect_and_others_go_on() -> None:
    injector, effects = _injector(Fault.KEY_REFUSED), []
    with pytest.raises(ClientError, match="KMS key access denied"):
        injector.step(_process(), "update_item", "a", lambda: effects.append(1))
    injector.step(_process(), "update_item", "a", lambda: effects.append(2))
    assert effects == [2]


def test_a_throttled_invocation_has_received_its_messages() -> None:
    injector, received = _injector(Fault.THROTTLED), []
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        injector.step(_process(Kind.POLLER), "receive_message", None, lambda: received.append("message"))
    assert received == ["message"]


def test_a_late_effect_may_take_steps_before_which_others_take_effect() -> None:
    injector, waker, effects = _injector(Fault.LATE, Fault.LATE), _process(Kind.WAKER), []

    def invoke() -> None:
        for _ in range(LATE_STEPS + 1):
            injector.step(waker, "scan", None, lambda: effects.append("scan"))

    for effect in (invoke, lambda: effects.append("late")):
        with pytest.raises(ReadTimeoutError):
            injector.step(_process(Kind.SCHEDULER), "invoke", None, effect)
    assert injector.apply_late_effects()
    assert sorted(effects) == ["late", *["scan"] * (LATE_STEPS + 1)]
    assert not injector.apply_late_effects()


def test_a_refusal_that_nobody_asked_for_does_not_happen() -> None:
    injector = _injector(Fault.KEY_REFUSED, optional=frozenset())
    assert injector.step(_process(), "update_item", "a", lambda: "done") == "done"


def test_a_missing_permission_refuses_every_call_until_it_is_granted() -> None:
    injector = _injector()
    with injector.refusing(Kind.PROCESS, "send_message", Fault.ACCESS_DENIED):
        for _ in range(2):
            with pytest.raises(ClientError, match="AccessDenied"):
                injector.step(_process(), "send_message", "a", lambda: None)
        injector.step(_process(), "update_item", "a", lambda: None)
        injector.step(_process(Kind.SUBMIT), "send_message", "a", lambda: None)
    injector.step(_process(), "send_message", "a", lambda: None)
    assert [event.fault for event in injector.history.of(FaultInjected)] == [Fault.ACCESS_DENIED] * 2


def test_an_invocation_can_be_cut_after_so_many_steps_of_a_kind() -> None:
    injector, process, seen = _injector(), _process(Kind.WAKER), []
    process.steps_left["scan"] = 1
    injector.step(process, "scan", None, lambda: seen.append("page"))
    injector.step(process, "put_item", None, lambda: seen.append("cursor"))
    with pytest.raises(Killed):
        injector.step(process, "scan", None, lambda: seen.append("page"))
    assert seen == ["page", "cursor"]
    assert not process.alive
    assert [died.process_id for died in injector.history.of(ProcessDied)] == [1]


def test_work_that_hangs_ends_with_its_invocation(start: Start) -> None:
    sim = start()
    sim.work.script("a", Behaviour.HANGS, Behaviour.DONE)
    sim.client.submit("a", {"n": 1})
    sim.run_visible()
    spent = sim.clock() - MovableClock().now
    assert (
        timedelta() <= spent - (timedelta(seconds=settings.TIMEOUT_SECONDS) - REPORTING_TIME) < REPORTING_TIME
    )
    assert len(sim.history.of(ProcessDied)) == 1
    sim.settle()
    assert sim.status("a") == "COMPLETED"


def test_work_that_hangs_costs_its_neighbours_nothing(start: Start) -> None:
    sim = start()
    sim.work.script("a", Behaviour.HANGS, Behaviour.DONE)
    for task in "abc":
        sim.client.submit(task, {"n": 1})
    sim.run_visible()
    assert [sim.status(task) for task in "abc"] == ["RETRYING", "COMPLETED", "COMPLETED"]
    assert [message.message_id for message in sim.queues[TASK_QUEUE].messages] == ["message-1"]


def test_only_the_work_of_a_message_can_hang() -> None:
    with pytest.raises(RuntimeError, match="only the work of a message can hang"):
        this_call()


def test_work_that_takes_all_memory_ends_its_invocation_at_once(start: Start) -> None:
    sim = start()
    sim.work.script("a", Behaviour.RUNS_OUT_OF_MEMORY, Behaviour.DONE)
    sim.client.submit("a", {"n": 1})
    sim.run_visible()
    assert sim.clock() - MovableClock().now < timedelta(seconds=1)
    assert len(sim.history.of(ProcessDied)) == 1
    sim.settle()
    assert sim.status("a") == "COMPLETED"


def test_while_all_is_down_every_attempt_asks_for_time() -> None:
    clock = MovableClock()
    work = ScriptedWork(History(), clock, lambda: None)
    work.down_until, work.down_asks_for = clock() + timedelta(hours=1), AsksFor(90)
    work.script("a", AsksFor(3600), Behaviour.DONE)
    assert _waits(work, attempt=1) == 90
    clock.advance(HOUR)
    assert _waits(work, attempt=1) == 3600
    assert _waits(work, attempt=2) is None


def _waits(work: ScriptedWork, attempt: int) -> float | None:
    process, task = _process(), Attempt("a", PROBE, attempt, 1, work.clock(), work.clock())
    work.begin(process, task)
    try:
        work.end(process, task)
    except RetryAfter as asked:
        return asked.seconds
    return None


def test_a_cursor_is_no_record(start: Start) -> None:
    sim = start()
    cursor = {"taskId": {"S": "#scan"}, "at": {"S": "x"}}
    sim.table.put_item(Item=cursor)
    assert sim.table.get_item(Key={"taskId": {"S": "#scan"}})["Item"] == cursor
    assert sim.table.records == {}
    assert not sim.history.of(RecordWritten)


def test_calls_for_several_messages_or_none_are_steps_too(start: Start) -> None:
    sim = start()
    environment = ExecutionEnvironment(sim.start(Kind.PROCESS), sim)
    queues, table = SqsClient(environment), DynamoDbClient(environment)
    for task in "ab":
        sim.send_directly(f'{{"taskId":"{task}","payload":1}}')
    batch = sim.poller.receive(sim.poller.tasks)
    entries = [{"Id": m["MessageId"], "ReceiptHandle": m["ReceiptHandle"]} for m in batch]
    queues.delete_message_batch(QueueUrl=TASK_QUEUE, Entries=entries)
    queues.get_queue_attributes(QueueUrl=TASK_QUEUE)
    table.scan(TableName=settings.TABLE)
    steps = [(step.operation, step.task) for step in sim.history.of(Step)[-3:]]
    assert steps == [("delete_message_batch", "a b"), ("get_queue_attributes", None), ("scan", None)]
