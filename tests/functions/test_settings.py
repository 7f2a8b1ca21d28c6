from datetime import timedelta

import pytest

from get_task.handler import GetSettings
from monitor_dlq.handler import MonitorSettings
from process_task.handler import ProcessSettings
from submit_task.handler import SubmitSettings
from taskguard.model.errors import InvalidEnvironment
from taskguard.model.retry import RetryPolicy
from taskguard.model.simulation import Simulation
from tests.support.aws_in_process import environment

VALUES = environment("https://queue", "https://dead-letters")


def test_a_complete_environment_is_read_into_typed_values() -> None:
    settings = ProcessSettings.read(VALUES | {"FAILURE_RATE": "0.3", "SIMULATION_SEED": "7"})
    assert settings.policy == RetryPolicy(3, 5, 900, 0.0, timedelta(days=7), "7")
    assert settings.simulation == Simulation(0.3, "", "7")
    assert settings.record_ttl_days == 30
    assert SubmitSettings.read(VALUES).task_queue_urls == {"default": "https://queue"}
    assert MonitorSettings.read(VALUES).dead_letter_queue_url == "https://dead-letters"
    assert GetSettings.read(VALUES).powertools_service_name == "taskguard-test"


def test_all_problems_are_reported_at_once() -> None:
    bad = {"MAX_ATTEMPTS": "0", "FAILURE_RATE": "1.5", "BACKOFF_BASE_SECONDS": "five", "TASKS_TABLE_NAME": ""}
    with pytest.raises(InvalidEnvironment) as caught:
        ProcessSettings.read(VALUES | bad)
    assert [problem.split()[0] for problem in caught.value.problems] == [
        "TASKS_TABLE_NAME",
        "MAX_ATTEMPTS",
        "BACKOFF_BASE_SECONDS",
        "FAILURE_RATE",
    ]


def test_a_truth_value_is_true_or_false_and_nothing_else() -> None:
    assert not MonitorSettings.read(VALUES | {"LOG_DEAD_LETTER_PAYLOAD": "false"}).log_dead_letter_payload
    with pytest.raises(InvalidEnvironment, match="LOG_DEAD_LETTER_PAYLOAD must be true or false"):
        MonitorSettings.read(VALUES | {"LOG_DEAD_LETTER_PAYLOAD": "no"})


def test_a_rate_that_is_no_number_is_a_problem() -> None:
    with pytest.raises(InvalidEnvironment, match="FAILURE_RATE must be at least 0"):
        ProcessSettings.read(VALUES | {"FAILURE_RATE": "nan"})
