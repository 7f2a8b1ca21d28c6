"""The stack's settings: one frozen object, whose fields are the keys of `Pulumi.yaml` in snake case."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from infra import limits
from infra.rules import Choice, Flag, Fraction, Whole
from infra.text_rules import Text, Texts

SIMULATED_ID_END = Text(r"[A-Za-z0-9._:-]{0,128}", "up to 128 letters, digits or ._:- (empty is off)", "3")
SEED = Text(r"[\x20-\x7e]{0,64}", "up to 64 plain characters (empty is random)", "7")
ISSUER = Text(r"(https?://\S{1,2000})?", "a URL (empty is none)", "https://ISSUER.example.com")
AUDIENCE = Texts(Text(r"\S{1,256}", "1 to 256 characters without blanks", "AUDIENCE"), most=50)
ORIGINS = Texts(
    Text(r"\*|https?://[^\s/]+", "an origin such as https://example.com", "https://example.com"), 50
)
EMAIL = Text(r"([^\s@]+@[^\s@]+\.[^\s@]+)?", "an e-mail address (empty is nobody)", "ops@example.com")


@dataclass(frozen=True)
class Settings:
    """What a stack may choose.

    Defaults and descriptions stand in `Pulumi.yaml` alone, ranges here alone. Durations name their unit.
    """

    stack: Annotated[str, limits.STACK_NAME]
    max_attempts: Annotated[int, limits.MAX_ATTEMPTS]
    backoff_base_seconds: Annotated[int, Whole(1, 900)]
    max_backoff_seconds: Annotated[int, Whole(1, 900)]
    batch_size: Annotated[int, limits.BATCH_SIZE]
    batching_window_seconds: Annotated[int, limits.BATCHING_WINDOW_SECONDS]
    max_concurrency: Annotated[int, limits.MAXIMUM_CONCURRENCY]
    function_memory_mb: Annotated[int, limits.FUNCTION_MEMORY_MB]
    function_runtime: Annotated[str, limits.FUNCTION_RUNTIME]
    process_timeout_seconds: Annotated[int, limits.FUNCTION_TIMEOUT_SECONDS]
    log_retention_days: Annotated[int, limits.LOG_RETENTION_DAYS]
    record_ttl_days: Annotated[int, Whole(1, 3650)]
    task_retention_days: Annotated[int, Whole(1, 13)]
    dead_letter_retention_days: Annotated[int, Whole(2, 14)]
    failure_rate: Annotated[float, Fraction()]
    permanent_failure_suffix: Annotated[str, SIMULATED_ID_END]
    simulation_seed: Annotated[str, SEED]
    api_auth: Annotated[str, Choice(("iam", "jwt", "none"))]
    api_jwt_issuer: Annotated[str, ISSUER]
    api_jwt_audience: Annotated[tuple[str, ...], AUDIENCE]
    api_rate_limit: Annotated[int, limits.API_RATE_LIMIT]
    api_burst_limit: Annotated[int, limits.API_BURST_LIMIT]
    cors_origins: Annotated[tuple[str, ...], ORIGINS]
    alarm_email: Annotated[str, EMAIL]
    tracing: Annotated[bool, Flag()]
    protect_data: Annotated[bool, Flag()]
    tags: Annotated[Mapping[str, str], limits.TAGS]
