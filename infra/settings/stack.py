"""A stack's settings: read once from its configuration, with everything that is wrong reported at once."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from infra.settings import PROJECT, limits
from infra.settings.checks import contradictions
from infra.settings.lanes import lane_problems
from infra.settings.maps import FiguresByLane, Permission, PermissionsByLane, Vpc, VpcRule
from infra.settings.problems import Problem, SettingsError
from infra.settings.rules import Choice, Flag, Fraction, Rule, Text, TextMap, Texts, Whole, rules_of
from infra.settings.work import EXAMPLE_ARN, work_problems
from taskguard.kinds import Kinds

SIMULATED_ID_END = Text(r"[A-Za-z0-9._:-]{0,128}", "up to 128 letters, digits or ._:- (empty is off)", "3")
SEED = Text(r"[\x20-\x7e]{0,64}", "up to 64 plain characters (empty is random)", "7")
ISSUER = Text(r"(https?://\S{1,2000})?", "a URL (empty is none)", "https://ISSUER.example.com")
AUDIENCE = Texts(Text(r"\S{1,256}", "1 to 256 characters without blanks", "AUDIENCE"), most=50)
# Scope tokens: https://datatracker.ietf.org/doc/html/rfc6749#section-3.3. A route may ask for ten:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
SCOPES = Texts(
    Text(r"[\x21\x23-\x5b\x5d-\x7e]{1,128}", "1 to 128 plain characters without blanks", "tasks"), most=10
)
ORIGINS = Texts(
    Text(r"\*|https?://[^\s/]+", "an origin such as https://example.com", "https://example.com"), 50
)
LANES = FiguresByLane(
    {
        "timeoutSeconds": limits.PROCESS_TIMEOUT_SECONDS,
        "memoryMb": limits.FUNCTION_MEMORY_MB,
        "batchSize": limits.BATCH_SIZE,
        "batchingWindowSeconds": limits.BATCHING_WINDOW_SECONDS,
        "maxConcurrency": limits.MAXIMUM_CONCURRENCY,
    }
)
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html: 4 KB for all of them together.
_VARIABLE = Text(r"[A-Za-z][A-Za-z0-9_]{1,127}", "a name such as BUCKET", "BUCKET")
WORK_ENVIRONMENT = TextMap(_VARIABLE, Text(r"[\s\S]{0,2048}", "up to 2048 characters", "VALUE"), most=50)
WORK_SECRETS = TextMap(
    _VARIABLE,
    Text(
        r"arn:[a-z-]+:secretsmanager:\S+:secret:[^\s*?]+-[A-Za-z0-9]{6}", "a secret's whole ARN", EXAMPLE_ARN
    ),
    most=50,
)
EMAIL = Text(r"([^\s@]+@[^\s@]+\.[^\s@]+)?", "an e-mail address (empty is nobody)", "ops@example.com")


@dataclass(frozen=True)
class Settings:
    """Everything that a stack can choose.

    `Pulumi.yaml` alone has the defaults and descriptions, this class alone the ranges. Names of durations end
    in their unit.
    """

    stack: Annotated[str, limits.STACK_NAME]
    environment: Annotated[str, Choice(("development", "production"))]
    max_attempts: Annotated[int, limits.MAX_ATTEMPTS]
    backoff_base_seconds: Annotated[int, Whole(1, 900)]
    max_backoff_seconds: Annotated[int, Whole(1, 900)]
    backoff_jitter: Annotated[float, Fraction()]
    task_deadline_days: Annotated[int, Whole(1, 365)]
    batch_size: Annotated[int, limits.BATCH_SIZE]
    batching_window_seconds: Annotated[int, limits.BATCHING_WINDOW_SECONDS]
    max_concurrency: Annotated[int, limits.MAXIMUM_CONCURRENCY]
    function_memory_mb: Annotated[int, limits.FUNCTION_MEMORY_MB]
    submit_memory_mb: Annotated[int, limits.FUNCTION_MEMORY_MB]
    function_runtime: Annotated[str, limits.FUNCTION_RUNTIME]
    layer_bytecode: Annotated[bool, Flag()]
    process_timeout_seconds: Annotated[int, limits.PROCESS_TIMEOUT_SECONDS]
    log_retention_days: Annotated[int, limits.LOG_RETENTION_DAYS]
    log_dead_letter_payload: Annotated[bool, Flag()]
    record_ttl_days: Annotated[int, Whole(1, 3650)]
    dead_letter_ttl_days: Annotated[int, Whole(1, 3650)]
    task_retention_days: Annotated[int, Whole(1, 13)]
    dead_letter_retention_days: Annotated[int, Whole(2, 14)]
    failure_rate: Annotated[float, Fraction()]
    permanent_failure_suffix: Annotated[str, SIMULATED_ID_END]
    simulation_seed: Annotated[str, SEED]
    api_auth: Annotated[str, Choice(("iam", "jwt", "none"))]
    api_jwt_issuer: Annotated[str, ISSUER]
    api_jwt_audience: Annotated[tuple[str, ...], AUDIENCE]
    api_jwt_scopes: Annotated[tuple[str, ...], SCOPES]
    api_rate_limit: Annotated[int, limits.API_RATE_LIMIT]
    api_burst_limit: Annotated[int, limits.API_BURST_LIMIT]
    api_reserved_concurrency: Annotated[int, limits.RESERVED_CONCURRENCY]
    table_max_write_units: Annotated[int, limits.TABLE_MAX_UNITS]
    table_max_read_units: Annotated[int, limits.TABLE_MAX_UNITS]
    cors_origins: Annotated[tuple[str, ...], ORIGINS]
    alarm_email: Annotated[str, EMAIL]
    tracing: Annotated[bool, Flag()]
    protect_data: Annotated[bool, Flag()]
    global_name_suffix: Annotated[str, limits.GLOBAL_NAME_SUFFIX]
    tags: Annotated[Mapping[str, str], limits.TAGS]
    lanes: Annotated[Mapping[str, Mapping[str, int]], LANES]
    work_environment: Annotated[Mapping[str, str], WORK_ENVIRONMENT]
    work_secrets: Annotated[Mapping[str, str], WORK_SECRETS]
    work_permissions: Annotated[Mapping[str, tuple[Permission, ...]], PermissionsByLane()]
    work_vpc: Annotated[Vpc, VpcRule()]


def setting_name(field: str) -> str:
    """Return the configuration key of a field of `Settings`: `max_attempts` is `maxAttempts`."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), field)


def read_settings(stack: str, kinds: Kinds) -> Settings:
    """Return the settings of the stack that is being deployed.

    Parameters
    ----------
    stack
        The stack's name, which is part of every physical name.
    kinds
        The kinds and lanes that settings have to fit.

    Raises
    ------
    SettingsError
        With every problem: settings that are missing, unreadable, out of range or misspelt, and settings
        that contradict each other.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    config = pulumi.Config(PROJECT)
    rules = rules_of(Settings)
    for field, rule in rules.items():
        text = stack if field == "stack" else config.get(setting_name(field))
        value = _read(rule, text)
        if rule.admits(value):
            values[field] = value
        else:
            problems.append(_problem(setting_name(field), rule, text))
    problems += _unknown(_configured_names(), [setting_name(field) for field in rules])
    problems += contradictions(values)
    if len(values) == len(rules):
        settings = Settings(**values)
        problems += [*lane_problems(settings, kinds), *work_problems(settings, kinds)]
    if problems:
        raise SettingsError(stack, list(dict.fromkeys(problems)))
    return settings


def _read(rule: Rule, text: str | None) -> object:
    try:
        return None if text is None else rule.read(text)
    except ValueError:
        return None


def _problem(name: str, rule: Rule, text: str | None) -> Problem:
    if name == "stack":
        return Problem("the stack's name", repr(text), str(rule))
    shown = "missing" if text is None else text or "empty"
    return Problem.of_setting(name, shown, str(rule), rule.suggest(text or ""))


def _configured_names() -> list[str]:
    """Return the names of all settings that are configured, from where Pulumi's SDK itself keeps them.

    `pulumi.Config` only answers for names that the program knows, so it would never show a misspelt one.
    """
    keys: Mapping[str, Any] = {**get_config_env(), **CONFIG.get()}
    return [key.removeprefix(f"{PROJECT}:") for key in sorted(keys) if key.startswith(f"{PROJECT}:")]


def _unknown(names: Iterable[str], known: list[str]) -> list[Problem]:
    """Return a problem for each unknown name: ignoring it would leave a misspelt setting at its default."""
    problems = []
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            line = f"{PROJECT}:{near[0]}: ..." if near else f"(remove {PROJECT}:{name})"
            problems.append(Problem(name, "unknown", "a setting of Pulumi.yaml", line))
    return problems
