"""The Lambda functions: environment, limits, logs, tracing, layer."""

import pytest

from tests.infra.expected import DEAD_LETTER_QUEUE_URL, FUNCTIONS, PLACE, TASK_QUEUE_URLS, log_group_arn
from tests.support.program import ProgramRun, Registered

COMMON = {
    "POWERTOOLS_LOG_LEVEL": "INFO",
    "POWERTOOLS_METRICS_NAMESPACE": "TaskGuard",
    "POWERTOOLS_SERVICE_NAME": "taskguard-dev",
    "TASKS_TABLE_NAME": "taskguard-dev-tasks",
}


def function(run: ProgramRun, name: str) -> Registered:
    return run.one("aws:lambda/function:Function", name)


def environment(run: ProgramRun, name: str) -> dict[str, str]:
    variables: dict[str, str] = function(run, name).inputs["environment"]["variables"]
    return variables


def test_submit_task_knows_table_and_queue_and_how_long_messages_live(dev: ProgramRun) -> None:
    assert environment(dev, "submit-task") == {
        **COMMON,
        "TASK_QUEUE_URLS": TASK_QUEUE_URLS,
        "TASK_RETENTION_DAYS": "4",
    }


def test_get_task_knows_the_table_alone(dev: ProgramRun) -> None:
    assert environment(dev, "get-task") == COMMON


def test_process_task_knows_queues_retry_policy_and_simulation(dev: ProgramRun) -> None:
    assert environment(dev, "process-task") == {
        **COMMON,
        "TASK_QUEUE_URLS": TASK_QUEUE_URLS,
        "DEAD_LETTER_QUEUE_URL": DEAD_LETTER_QUEUE_URL,
        "MAX_ATTEMPTS": "3",
        "BACKOFF_BASE_SECONDS": "5",
        "MAX_BACKOFF_SECONDS": "900",
        "BACKOFF_JITTER": "0",
        "LANE": "default",
        "TASK_DEADLINE_DAYS": "7",
        "TASK_RETENTION_DAYS": "4",
        "RECORD_TTL_DAYS": "30",
        "FAILURE_RATE": "0.3",
        "PERMANENT_FAILURE_SUFFIX": "3",
        "SIMULATION_SEED": "",
    }


def test_monitor_dlq_knows_its_queue_how_long_dead_letters_live_and_what_it_may_log(dev: ProgramRun) -> None:
    assert environment(dev, "monitor-dlq") == {
        **COMMON,
        "DEAD_LETTER_QUEUE_URL": DEAD_LETTER_QUEUE_URL,
        "DEAD_LETTER_TTL_DAYS": "180",
        "LOG_DEAD_LETTER_PAYLOAD": "true",
    }


def test_wake_tasks_knows_queues_and_how_long_messages_live(dev: ProgramRun) -> None:
    assert environment(dev, "wake-tasks") == {
        **COMMON,
        "TASK_QUEUE_URLS": TASK_QUEUE_URLS,
        "DEAD_LETTER_QUEUE_URL": DEAD_LETTER_QUEUE_URL,
        "TASK_RETENTION_DAYS": "4",
    }


def test_settings_reach_the_functions_as_text(tuned: ProgramRun) -> None:
    assert environment(tuned, "process-task") == {
        **COMMON,
        "TASK_QUEUE_URLS": TASK_QUEUE_URLS,
        "DEAD_LETTER_QUEUE_URL": DEAD_LETTER_QUEUE_URL,
        "MAX_ATTEMPTS": "8",
        "BACKOFF_BASE_SECONDS": "2",
        "MAX_BACKOFF_SECONDS": "61",
        "BACKOFF_JITTER": "0.75",
        "LANE": "default",
        "TASK_DEADLINE_DAYS": "9",
        "TASK_RETENTION_DAYS": "2",
        "RECORD_TTL_DAYS": "6",
        "FAILURE_RATE": "1",
        "PERMANENT_FAILURE_SUFFIX": "-bad",
        "SIMULATION_SEED": "77",
    }
    monitor = environment(tuned, "monitor-dlq")
    assert (monitor["DEAD_LETTER_TTL_DAYS"], monitor["LOG_DEAD_LETTER_PAYLOAD"]) == ("66", "false")
    for name in ("submit-task", "wake-tasks"):
        assert environment(tuned, name)["TASK_RETENTION_DAYS"] == "2"


def test_production_spreads_its_retries_and_keeps_payloads_out_of_its_logs(prod: ProgramRun) -> None:
    assert environment(prod, "process-task")["BACKOFF_JITTER"] == "0.2"
    assert environment(prod, "monitor-dlq")["LOG_DEAD_LETTER_PAYLOAD"] == "false"


def test_production_simulates_no_failures(prod: ProgramRun) -> None:
    variables = environment(prod, "process-task")
    assert (variables["FAILURE_RATE"], variables["PERMANENT_FAILURE_SUFFIX"]) == ("0", "")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_runs_its_own_handler_on_arm64_with_the_layer(dev: ProgramRun, name: str) -> None:
    inputs = function(dev, name).inputs
    folder = name.replace("-", "_")
    assert inputs["handler"] == f"{folder}.handler.handle"
    assert f"{folder}/handler.py" in inputs["code"].assets
    assert inputs["architectures"] == ["arm64"]
    assert inputs["runtime"] == "python3.13"
    assert inputs["name"] == f"taskguard-dev-{name}"
    assert inputs["layers"] == [f"arn:aws:lambda:{PLACE}:layer:taskguard-dev-dependencies:1"]


@pytest.mark.parametrize(
    ("name", "seconds"), [("submit-task", 29), ("get-task", 20), ("monitor-dlq", 30), ("wake-tasks", 120)]
)
def test_timeouts_are_those_of_the_table_of_needs(dev: ProgramRun, name: str, seconds: int) -> None:
    assert function(dev, name).inputs["timeout"] == seconds


def test_the_timeout_of_process_task_and_the_memory_of_submit_and_of_all_others_are_settings(
    tuned: ProgramRun,
) -> None:
    assert function(tuned, "process-task").inputs["timeout"] == 100
    memory = {name: function(tuned, name).inputs["memorySize"] for name in FUNCTIONS}
    assert memory == dict.fromkeys(FUNCTIONS, 513) | {"submit-task": 514}


def test_a_setting_keeps_concurrency_for_the_apis_functions_alone(dev: ProgramRun, tuned: ProgramRun) -> None:
    reserved = {name: function(tuned, name).inputs.get("reservedConcurrentExecutions") for name in FUNCTIONS}
    assert reserved == dict.fromkeys(FUNCTIONS) | {"submit-task": 73, "get-task": 73}
    assert not [name for name in FUNCTIONS if "reservedConcurrentExecutions" in function(dev, name).inputs]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_a_log_group_with_retention(dev: ProgramRun, tuned: ProgramRun, name: str) -> None:
    group = dev.one("aws:cloudwatch/logGroup:LogGroup", f"{name}-log")
    assert group.inputs["name"] == f"/aws/lambda/taskguard-dev-{name}"
    assert group.inputs["retentionInDays"] == 7
    assert tuned.one("aws:cloudwatch/logGroup:LogGroup", f"{name}-log").inputs["retentionInDays"] == 365


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_logs_json_into_its_own_group(dev: ProgramRun, name: str) -> None:
    logging = function(dev, name).inputs["loggingConfig"]
    assert logging == {"logFormat": "JSON", "logGroup": log_group_arn(name).split(":")[-1]}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_log_group_and_rights_exist_before_the_function(dev: ProgramRun, name: str) -> None:
    needed = {
        dev.one("aws:cloudwatch/logGroup:LogGroup", f"{name}-log").urn,
        dev.one("aws:iam/rolePolicy:RolePolicy", f"{name}-policy").urn,
    }
    assert needed <= function(dev, name).dependencies


@pytest.mark.parametrize("name", FUNCTIONS)
def test_tracing_is_a_setting(dev: ProgramRun, prod: ProgramRun, name: str) -> None:
    assert function(dev, name).inputs["tracingConfig"] == {"mode": "PassThrough"}
    assert function(prod, name).inputs["tracingConfig"] == {"mode": "Active"}


def test_the_layer_is_built_for_the_configured_runtime(tuned: ProgramRun) -> None:
    layer = tuned.one("aws:lambda/layerVersion:LayerVersion", "dependencies").inputs
    assert layer["compatibleRuntimes"] == ["python3.12"]
    assert layer["compatibleArchitectures"] == ["arm64"]
    assert {each.inputs["runtime"] for each in tuned.all("aws:lambda/function:Function")} == {"python3.12"}
