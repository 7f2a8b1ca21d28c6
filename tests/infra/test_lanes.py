"""A program with several lanes: what each has of its own, what they share, and what a stack sets for them."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from infra.settings.problems import SettingsError
from taskguard.kinds import DEFAULT_LANE, Kind, Kinds, Lane
from tests.infra.expected import DEAD_LETTER_QUEUE_ARN, TASK_QUEUE_ARN, TASK_QUEUE_URL
from tests.support.config import stack_settings
from tests.support.program import ProgramRun, run_with_kinds

SLOW = Lane(timeout_seconds=900, memory_mb=2048, batch_size=1, max_concurrency=5)
KINDS = Kinds(
    {
        "report": Kind("work.reports:make"),
        "video": Kind("work.videos:cut", lane="slow", max_attempts=5, timeout_seconds=600, aliases=("film",)),
    },
    {DEFAULT_LANE: Lane(), "slow": SLOW},
)
ALARM, FUNCTION, QUEUE = (
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:lambda/function:Function",
    "aws:sqs/queue:Queue",
)
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
SLOW_QUEUE_ARN, SLOW_QUEUE_URL = f"{TASK_QUEUE_ARN}-slow", f"{TASK_QUEUE_URL}-slow"


@pytest.fixture(scope="module")
def two() -> ProgramRun:
    return run_with_kinds(KINDS)


def statements(run: ProgramRun, function: str) -> dict[str, Any]:
    policy = run.one("aws:iam/rolePolicy:RolePolicy", f"{function}-policy").json("policy")
    return {each["Sid"]: (each["Action"], each["Resource"]) for each in policy["Statement"]}


def test_a_lane_adds_a_queue_a_function_a_mapping_and_three_alarms(dev: ProgramRun, two: ProgramRun) -> None:
    more = {each.urn for each in two.resources} - {each.urn for each in dev.resources}
    names = sorted(urn.split("::")[2].split("$")[-1] + " " + urn.split("::")[3] for urn in more)
    assert names == [
        "aws:cloudwatch/logGroup:LogGroup process-task-slow-log",
        "aws:cloudwatch/metricAlarm:MetricAlarm process-task-slow-errors",
        "aws:cloudwatch/metricAlarm:MetricAlarm process-task-slow-near-timeout",
        "aws:cloudwatch/metricAlarm:MetricAlarm task-queue-slow-too-old",
        "aws:iam/role:Role process-task-slow-role",
        "aws:iam/rolePolicy:RolePolicy process-task-slow-policy",
        "aws:lambda/eventSourceMapping:EventSourceMapping process-task-slow",
        "aws:lambda/function:Function process-task-slow",
        "aws:sqs/queue:Queue tasks-slow",
        "aws:sqs/queuePolicy:QueuePolicy tasks-slow-tls",
        "taskguard:consumer:QueueConsumer process-task-slow",
        "taskguard:function:TaskFunction process-task-slow",
        "taskguard:queue:TaskQueue tasks-slow",
    ]
    assert not {each.urn for each in dev.resources} - {each.urn for each in two.resources}


def test_a_lane_has_the_figures_that_it_declares_and_the_stacks_for_the_rest(two: ProgramRun) -> None:
    function, mapping = two.one(FUNCTION, "process-task-slow"), two.one(MAPPING, "process-task-slow")
    assert (function.inputs["timeout"], function.inputs["memorySize"]) == (900, 2048)
    assert (mapping.inputs["batchSize"], mapping.inputs["maximumBatchingWindowInSeconds"]) == (1, 0)
    assert mapping.inputs["scalingConfig"] == {"maximumConcurrency": 5}
    queue = two.one(QUEUE, "tasks-slow")
    assert queue.inputs["name"] == "taskguard-dev-tasks-slow"
    assert queue.inputs["visibilityTimeoutSeconds"] == 6 * 900
    assert queue.json("redrivePolicy") == {
        "deadLetterTargetArn": DEAD_LETTER_QUEUE_ARN,
        "maxReceiveCount": 10,
    }
    assert two.one(QUEUE, "tasks").json("redrivePolicy")["maxReceiveCount"] == 8


def test_the_dead_letter_queue_takes_messages_of_every_lane_and_of_no_other_queue(two: ProgramRun) -> None:
    (policy,) = two.all("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy")
    assert policy.json("redriveAllowPolicy") == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [TASK_QUEUE_ARN, SLOW_QUEUE_ARN],
    }
    # SQS refuses a redrive policy that the dead-letter queue does not allow: so this comes first.
    assert policy.urn in two.one(QUEUE, "tasks-slow").dependencies


def test_functions_know_every_lanes_queue_and_their_own_lane(two: ProgramRun) -> None:
    for name in ("submit-task", "wake-tasks", "process-task", "process-task-slow"):
        variables = two.one(FUNCTION, name).inputs["environment"]["variables"]
        assert json.loads(variables["TASK_QUEUE_URLS"]) == {"default": TASK_QUEUE_URL, "slow": SLOW_QUEUE_URL}
        lane = {"process-task": "default", "process-task-slow": "slow"}.get(name)
        assert variables.get("LANE") == lane


def test_a_lanes_function_consumes_its_own_queue_and_may_send_to_the_others(two: ProgramRun) -> None:
    slow, default = statements(two, "process-task-slow"), statements(two, "process-task")
    assert slow["UseTaskQueue"][1] == SLOW_QUEUE_ARN
    assert slow["UseOtherTaskQueues"] == (["sqs:SendMessage"], TASK_QUEUE_ARN)
    assert default["UseOtherTaskQueues"] == (["sqs:SendMessage"], SLOW_QUEUE_ARN)
    for name in ("submit-task", "wake-tasks"):
        every = (["sqs:SendMessage"], [TASK_QUEUE_ARN, SLOW_QUEUE_ARN])
        assert statements(two, name)["UseTaskQueue"] == every


def test_the_outputs_tell_lanes_and_kinds_as_they_are_deployed(two: ProgramRun) -> None:
    assert two.exports["taskQueueUrls"] == {"default": TASK_QUEUE_URL, "slow": SLOW_QUEUE_URL}
    assert two.exports["functionNames"]["process_task_slow"] == "taskguard-dev-process-task-slow"
    assert two.exports["lanes"]["slow"]["timeoutSeconds"] == 900
    assert sorted(two.exports["kinds"]) == ["probe", "probe.slow", "report", "video"]
    assert two.exports["kinds"]["video"] == {
        "work": "work.videos:cut",
        "lane": "slow",
        "maxAttempts": 5,
        "backoffBaseSeconds": 5,
        "maxBackoffSeconds": 900,
        "timeoutSeconds": 600,
        "deadlineDays": 7,
        "aliases": ["film"],
    }


def test_the_dashboard_shows_every_lane(two: ProgramRun) -> None:
    body = json.dumps(two.one("aws:cloudwatch/dashboard:Dashboard", "dashboard").json("dashboardBody"))
    assert "taskguard-dev-tasks-slow" in body
    assert "taskguard-dev-process-task-slow" in body


def test_messages_in_flight_are_added_up(two: ProgramRun) -> None:
    queries = two.one(ALARM, "too-many-in-flight").inputs["metricQueries"]
    read = [each["metric"]["dimensions"]["QueueName"] for each in queries if "metric" in each]
    assert read == ["taskguard-dev-tasks", "taskguard-dev-tasks-slow"]


def test_a_paused_lane_stays_paused_when_something_is_deployed(two: ProgramRun) -> None:
    ignored = {mapping.name: mapping.ignored for mapping in two.all(MAPPING)}
    # The monitor's is never paused: a deployment puts it right.
    assert ignored == {"monitor-dlq": set(), "process-task": {"enabled"}, "process-task-slow": {"enabled"}}


def test_with_ten_lanes_no_alarm_reads_more_metrics_than_one_may() -> None:
    lanes = {DEFAULT_LANE: Lane(), **{f"l{number}": Lane(max_concurrency=2) for number in range(9)}}
    run = run_with_kinds(Kinds({}, lanes))
    read = {
        alarm.name: [each for each in alarm.inputs.get("metricQueries", []) if "metric" in each]
        for alarm in run.all(ALARM)
    }
    assert max(map(len, read.values())) == 10
    throttled = [*read["functions-throttled"], *read["more-functions-throttled"]]
    names = {each["metric"]["dimensions"]["FunctionName"] for each in throttled}
    assert names == set(run.exports["functionNames"].values())


def test_a_stack_overrides_figures_of_its_lanes() -> None:
    run = run_with_kinds(KINDS, {"lanes": '{"slow": {"maxConcurrency": 20, "memoryMb": 512}}'})
    assert run.one(MAPPING, "process-task-slow").inputs["scalingConfig"] == {"maximumConcurrency": 20}
    assert run.one(FUNCTION, "process-task-slow").inputs["memorySize"] == 512
    assert run.one(FUNCTION, "process-task-slow").inputs["timeout"] == 900


def problems(overrides: Mapping[str, str], kinds: Kinds = KINDS) -> str:
    with pytest.raises(SettingsError) as caught:
        stack_settings("dev", overrides, kinds)
    return str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "text"),
    [
        ({"lanes": '{"slwo": {"maxConcurrency": 20}}'}, "lanes.slwo is unknown; it must be a lane of"),
        ({"lanes": '{"slow": {"maxConcurrency": 1}}'}, "maxConcurrency (2 to 1000)"),
        ({"lanes": '{"slow": {"size": 3}}'}, "a map of lanes, each a map of timeoutSeconds"),
        ({"lanes": '{"slow": 3}'}, "a map of lanes"),
        (
            {"lanes": '{"slow": {"timeoutSeconds": 500}}'},
            "the kind video's timeout_seconds is 600; it must be at most that of its lane, 500",
        ),
        (
            {"lanes": '{"slow": {"batchSize": 11}}'},
            "taskguard:lanes: {slow: {batchingWindowSeconds: 1}}",
        ),
        ({"lanes": '{"slow": {"maxConcurrency": 900}}'}, "the queues of 2 lanes, and of dead letters, may"),
    ],
)
def test_figures_that_do_not_fit_are_refused_with_the_line_to_write(
    overrides: Mapping[str, str], text: str
) -> None:
    assert text in problems(overrides)


def test_the_default_lanes_own_figures_are_checked_too() -> None:
    kinds = Kinds({}, {DEFAULT_LANE: Lane(batch_size=11)})
    assert "taskguard:lanes: {default: {batchingWindowSeconds: 1}}" in problems({}, kinds)


def test_a_kind_whose_attempts_outlast_the_queue_is_refused() -> None:
    kinds = Kinds(
        {"a": Kind("work.a:b", lane="slow", max_attempts=100)}, {DEFAULT_LANE: Lane(), "slow": SLOW}
    )
    assert "100 attempts of a, which may take 7 day(s)" in problems({}, kinds)


def test_a_preview_needs_no_computed_output_of_a_lane() -> None:
    run_with_kinds(KINDS, preview=True)
