"""The stacks that are judged: those of the repository, and one with all on that settings can turn on."""

from collections.abc import Callable, Mapping
from functools import partial

from tests.support.program import ProgramRun, run_program

EVERYTHING_ON = {
    "apiAuth": "jwt",
    "apiJwtIssuer": "https://issuer.example.com",
    "apiJwtAudience": '["taskguard"]',
    "corsOrigins": '["https://example.com"]',
    "alarmEmail": "ops@example.com",
    "batchSize": "100",
    "batchingWindowSeconds": "5",
}

STACKS: Mapping[str, Callable[[], ProgramRun]] = {
    "dev": partial(run_program, "dev"),
    "local": partial(run_program, "local"),
    "prod": partial(run_program, "prod"),
    "prod-jwt": partial(run_program, "prod", EVERYTHING_ON),
}
"""Runs by name; made at the first use, so that collecting tests runs no program."""
