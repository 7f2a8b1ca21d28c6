"""The queues, and the functions that consume them."""

import pytest

from tests.infra.expected import (
    DEAD_LETTER_QUEUE_ARN,
    DEAD_LETTER_QUEUE_URL,
    TASK_QUEUE_ARN,
    TASK_QUEUE_URL,
    function_arn,
)
from tests.support.program import ProgramRun, Registered, run_program

QUEUES = {"tasks": TASK_QUEUE_ARN, "dead-letters": DEAD_LETTER_QUEUE_ARN}
DAY = 86_400


def queue(run: ProgramRun, name: str) -> Registered:
    return run.one("aws:sqs/queue:Queue", name)


def mapping(run: ProgramRun, name: str) -> Registered:
    return run.one("aws:lambda/eventSourceMapping:EventSourceMapping", name)


@pytest.mark.parametrize("name", QUEUES)
def test_queues_are_encrypted(dev: ProgramRun, name: str) -> None:
    assert queue(dev, name).inputs["sqsManagedSseEnabled"] is True


@pytest.mark.parametrize(("name", "arn"), QUEUES.items())
def test_queues_deny_everything_without_tls(dev: ProgramRun, name: str, arn: str) -> None:
    policy = dev.one("aws:sqs/queuePolicy:QueuePolicy", f"{name}-tls")
    assert policy.inputs["queueUrl"] == {"tasks": TASK_QUEUE_URL, "dead-letters": DEAD_LETTER_QUEUE_URL}[name]
    assert policy.json("policy")["Statement"] == [
        {
            "Sid": "DenyWithoutTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["sqs:*"],
            "Resource": arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


def test_the_task_queue_moves_messages_only_after_five_receives_more_than_attempts(
    dev: ProgramRun, tuned: ProgramRun
) -> None:
    """What uses up receives without an attempt (a throttle, a busy lease) must not use up the attempts."""
    most = run_program("dev", {"maxAttempts": "100"})
    for run, attempts in ((dev, 3), (tuned, 8), (most, 100)):
        expected = {"deadLetterTargetArn": DEAD_LETTER_QUEUE_ARN, "maxReceiveCount": attempts + 5}
        assert queue(run, "tasks").json("redrivePolicy") == expected


def test_the_dead_letter_queue_accepts_messages_of_the_task_queue_alone(dev: ProgramRun) -> None:
    (allow,) = dev.all("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy")
    assert allow.inputs["queueUrl"] == DEAD_LETTER_QUEUE_URL
    assert allow.json("redriveAllowPolicy") == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [TASK_QUEUE_ARN],
    }
    assert "redrivePolicy" not in queue(dev, "dead-letters").inputs


def test_a_setting_protects_the_queues_with_the_table(dev: ProgramRun, tuned: ProgramRun) -> None:
    for run, protected in ((dev, False), (tuned, True)):
        assert [queue(run, name).protect for name in QUEUES] == [protected, protected]


def test_dead_letters_are_kept_longer_than_tasks(dev: ProgramRun) -> None:
    assert queue(dev, "tasks").inputs["messageRetentionSeconds"] == 4 * DAY
    assert queue(dev, "dead-letters").inputs["messageRetentionSeconds"] == 14 * DAY


def test_retentions_are_settings(tuned: ProgramRun) -> None:
    assert queue(tuned, "tasks").inputs["messageRetentionSeconds"] == 2 * DAY
    assert queue(tuned, "dead-letters").inputs["messageRetentionSeconds"] == 3 * DAY


def test_visibility_is_six_timeouts_and_the_window(dev: ProgramRun, tuned: ProgramRun) -> None:
    assert queue(dev, "tasks").inputs["visibilityTimeoutSeconds"] == 180
    assert queue(tuned, "tasks").inputs["visibilityTimeoutSeconds"] == 620


def test_visibility_of_dead_letters_follows_their_monitor(dev: ProgramRun) -> None:
    assert dev.one("aws:lambda/function:Function", "monitor-dlq").inputs["timeout"] == 30
    assert queue(dev, "dead-letters").inputs["visibilityTimeoutSeconds"] == 180


def test_a_message_may_be_larger_than_the_largest_task(dev: ProgramRun) -> None:
    assert queue(dev, "tasks").inputs["maxMessageSize"] == 1024 * 1024 > 256 * 1024


@pytest.mark.parametrize("name", ["process-task", "monitor-dlq"])
def test_consumers_report_failed_messages_one_by_one(dev: ProgramRun, name: str) -> None:
    assert mapping(dev, name).inputs["functionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize("name", ["process-task", "monitor-dlq"])
def test_consumers_limit_their_own_concurrency(tuned: ProgramRun, name: str) -> None:
    assert mapping(tuned, name).inputs["scalingConfig"] == {"maximumConcurrency": 17}


@pytest.mark.parametrize(
    ("name", "arn"), [("process-task", TASK_QUEUE_ARN), ("monitor-dlq", DEAD_LETTER_QUEUE_ARN)]
)
def test_consumers_connect_the_right_queue_and_function(dev: ProgramRun, name: str, arn: str) -> None:
    assert mapping(dev, name).inputs["eventSourceArn"] == arn
    assert mapping(dev, name).inputs["functionName"] == function_arn(name)


def test_the_batches_of_tasks_are_settings_and_those_of_dead_letters_are_not(tuned: ProgramRun) -> None:
    tasks, dead = mapping(tuned, "process-task").inputs, mapping(tuned, "monitor-dlq").inputs
    assert (tasks["batchSize"], tasks["maximumBatchingWindowInSeconds"]) == (101, 20)
    assert (dead["batchSize"], dead["maximumBatchingWindowInSeconds"]) == (10, 0)
