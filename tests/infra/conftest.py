"""Runs of the program that most tests look at."""

import pytest

from tests.support.program import ProgramRun, run_program

# Values that occur nowhere else, so that one found in a resource can only come from its setting.
TUNED = {
    "maxAttempts": "8",
    "backoffBaseSeconds": "2",
    "maxBackoffSeconds": "61",
    "backoffJitter": "0.75",
    "taskDeadlineDays": "9",
    "batchSize": "101",
    "batchingWindowSeconds": "20",
    "maxConcurrency": "17",
    "functionMemoryMb": "513",
    "submitMemoryMb": "514",
    "apiReservedConcurrency": "73",
    "functionRuntime": "python3.12",
    "processTimeoutSeconds": "100",
    "logRetentionDays": "365",
    "logDeadLetterPayload": "false",
    "recordTtlDays": "6",
    "deadLetterTtlDays": "66",
    "taskRetentionDays": "2",
    "deadLetterRetentionDays": "3",
    "failureRate": "1.0",
    "permanentFailureSuffix": "-bad",
    "simulationSeed": "77",
    "apiRateLimit": "71",
    "apiBurstLimit": "72",
    "corsOrigins": '["https://one.example.com", "https://two.example.com"]',
    "alarmEmail": "ops@example.com",
    "tracing": "true",
    "protectData": "true",
    "tags": '{"Team": "payments"}',
}


@pytest.fixture(scope="session")
def dev() -> ProgramRun:
    return run_program("dev")


@pytest.fixture(scope="session")
def tuned() -> ProgramRun:
    """The development stack with every setting changed whose value is merely passed on."""
    return run_program("dev", TUNED)


@pytest.fixture(scope="session")
def prod() -> ProgramRun:
    return run_program("prod")
