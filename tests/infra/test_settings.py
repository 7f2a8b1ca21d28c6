"""A stack's settings: all declared in Pulumi.yaml, all problems reported at once with the line to write."""

import json
from typing import Any

import pulumi
import pytest
import yaml

from infra.settings.limits import FUNCTION_RUNTIME, python_runtimes
from infra.settings.problems import Problem, SettingsError
from infra.settings.rules import rules_of
from infra.settings.stack import Settings, read_settings, setting_name
from local.project import load_stack_config
from tests.support.config import FRESH, stack_settings, with_config
from tests.support.program import REPOSITORY, run_with_config

DECLARED: dict[str, dict[str, Any]] = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text("utf-8"))[
    "config"
]
NAMES = [setting_name(field) for field in rules_of(Settings) if field != "stack"]


def cli_text(value: object) -> str:
    """Return a YAML value as the CLI passes it on: strings as they are, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def problems(changes: dict[str, str | None], stack: str = "dev") -> dict[str, Problem]:
    """Return the problems of the dev stack's configuration after changes; None removes a setting."""
    config = load_stack_config("dev")
    for name, text in changes.items():
        config.pop(f"taskguard:{name}", None)
        if text is not None:
            config[f"taskguard:{name}"] = text
    with pytest.raises(SettingsError) as caught:
        with_config(config, lambda: read_settings(stack, FRESH))
    found = {problem.field: problem for problem in caught.value.problems}
    assert len(found) == len(caught.value.problems)
    return found


def test_every_setting_is_declared_and_every_declaration_is_a_setting() -> None:
    assert sorted(DECLARED) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_declaration_has_type_default_and_description(name: str) -> None:
    assert DECLARED[name].keys() - {"items"} == {"type", "default", "description"}


TYPES = {int: "integer", str: "string", bool: "boolean", list: "array", dict: "object"}


@pytest.mark.parametrize("name", NAMES)
def test_every_default_has_its_declared_type(name: str) -> None:
    assert DECLARED[name]["type"] == TYPES[type(DECLARED[name]["default"])]


def test_the_defaults_alone_make_a_valid_stack() -> None:
    config = {f"taskguard:{name}": cli_text(entry["default"]) for name, entry in DECLARED.items()}
    assert with_config(config, lambda: read_settings("plain", FRESH)).max_attempts == 3


def test_the_stack_files_make_the_stacks_that_they_promise() -> None:
    dev, prod, local = (stack_settings(stack) for stack in ("dev", "prod", "local"))
    assert (dev.failure_rate, dev.permanent_failure_suffix, dev.api_auth) == (0.3, "3", "none")
    assert (local.failure_rate, local.permanent_failure_suffix, local.api_auth) == (0.3, "3", "none")
    assert (prod.failure_rate, prod.permanent_failure_suffix, prod.api_auth) == (0.0, "", "iam")
    assert [stack.environment for stack in (dev, prod, local)] == ["development", "production", "development"]
    assert (dev.protect_data, prod.protect_data, local.protect_data) == (False, True, False)
    # Where one watches single tasks, each wait is exact; where there are many, they are spread.
    assert (dev.backoff_jitter, prod.backoff_jitter, local.backoff_jitter) == (0.0, 0.2, 0.0)
    shown = (dev.log_dead_letter_payload, prod.log_dead_letter_payload, local.log_dead_letter_payload)
    assert shown == (True, False, True)


def test_by_default_a_stack_is_secure() -> None:
    assert DECLARED["apiAuth"]["default"] == "iam"
    assert DECLARED["failureRate"]["default"] == "0"
    assert DECLARED["corsOrigins"]["default"] == []


def test_the_settings_are_frozen() -> None:
    with pytest.raises(AttributeError):
        stack_settings("dev").max_attempts = 5  # type: ignore[misc]


def test_five_mistakes_are_five_problems_each_with_the_line_to_write() -> None:
    found = problems(
        {
            "maxAttempts": "0",
            "failureRate": "1.5",
            "apiAuth": "jwt",
            "apiJwtAudience": '["taskguard"]',
            "logRetentionDays": "31",
            "deadLetterRetentionDays": "4",
        }
    )
    lines = {field: problem.line for field, problem in found.items()}
    assert lines == {
        "maxAttempts": "taskguard:maxAttempts: 1",
        "failureRate": 'taskguard:failureRate: "1"',
        "logRetentionDays": "taskguard:logRetentionDays: 30",
        "deadLetterRetentionDays": "taskguard:deadLetterRetentionDays: 5",
        "apiJwtIssuer": 'taskguard:apiJwtIssuer: "https://ISSUER.example.com"',
    }


def test_the_report_names_file_field_value_range_and_line() -> None:
    config = {**load_stack_config("dev"), "taskguard:maxAttempts": "0", "taskguard:batchSize": "many"}
    with pytest.raises(pulumi.RunError) as caught:
        run_with_config("dev", config)
    assert str(caught.value).splitlines() == [
        "2 problem(s) in the configuration. Write below `config:` in Pulumi.dev.yaml:",
        "  1. maxAttempts is 0; it must be a whole number from 1 to 100.",
        "      taskguard:maxAttempts: 1",
        "  2. batchSize is many; it must be a whole number from 1 to 10000.",
        "      taskguard:batchSize: 1",
    ]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("environment", "staging", "development"),
        ("environment", "prod", "production"),
        ("maxAttempts", "101", "100"),
        ("maxAttempts", "three", "1"),
        ("backoffBaseSeconds", "0", "1"),
        ("maxBackoffSeconds", "901", "900"),
        ("backoffJitter", "1.1", '"1"'),
        ("backoffJitter", "-0.1", '"0"'),
        ("taskDeadlineDays", "0", "1"),
        ("taskDeadlineDays", "366", "365"),
        ("batchSize", "0", "1"),
        ("batchingWindowSeconds", "301", "300"),
        ("maxConcurrency", "1", "2"),
        ("functionMemoryMb", "64", "128"),
        ("submitMemoryMb", "10241", "10240"),
        ("apiReservedConcurrency", "-1", "0"),
        ("functionRuntime", "python2.7", "python3.13"),
        ("functionRuntime", "python3.10", "python3.13"),
        ("layerBytecode", "yes", "true"),
        ("processTimeoutSeconds", "901", "900"),
        ("processTimeoutSeconds", "4", "5"),
        ("logRetentionDays", "1000", "1096"),
        ("logDeadLetterPayload", "no", "false"),
        ("recordTtlDays", "0", "1"),
        ("deadLetterTtlDays", "0", "1"),
        ("deadLetterTtlDays", "3651", "3650"),
        ("taskRetentionDays", "14", "13"),
        ("deadLetterRetentionDays", "15", "14"),
        ("failureRate", "-0.1", '"0"'),
        ("failureRate", "nan", '"0"'),
        ("permanentFailureSuffix", "a b", '"3"'),
        ("simulationSeed", "\n", '"7"'),
        ("apiAuth", "None", "none"),
        ("apiJwtIssuer", "issuer", '"https://ISSUER.example.com"'),
        ("apiJwtAudience", '["a b"]', '["AUDIENCE"]'),
        ("apiJwtScopes", '["tasks write"]', '["tasks"]'),
        ("apiJwtScopes", json.dumps([f"s{n}" for n in range(11)]), '["tasks"]'),
        ("apiRateLimit", "0", "1"),
        ("apiBurstLimit", "5001", "5000"),
        ("corsOrigins", '["example.com"]', '["https://example.com"]'),
        ("corsOrigins", '"https://example.com"', '["https://example.com"]'),
        ("corsOrigins", "https://example.com", '["https://example.com"]'),
        ("alarmEmail", "ops", '"ops@example.com"'),
        ("tableMaxWriteUnits", "-2", "-1"),
        ("tableMaxReadUnits", "40001", "40000"),
        ("globalNameSuffix", "EU", '"eu-west-1"'),
        ("tracing", "on", "true"),
        ("protectData", "maybe", "false"),
        ("tags", '{"aws:name": "x"}', '{"Team": "payments"}'),
        ("tags", '["Team"]', '{"Team": "payments"}'),
    ],
)
def test_a_value_out_of_range_is_refused_with_one_that_is_in_range(name: str, text: str, line: str) -> None:
    (problem,) = problems({name: text}).values()
    assert problem.line == f"taskguard:{name}: {line}"
    assert problem.value == text


@pytest.mark.parametrize("name", NAMES)
def test_every_suggested_line_is_itself_allowed(name: str) -> None:
    rule = rules_of(Settings)[next(field for field in rules_of(Settings) if setting_name(field) == name)]
    value = yaml.safe_load(rule.suggest("\0"))
    assert rule.admits(rule.read(cli_text(value)))


def test_a_missing_setting_is_a_problem_and_not_a_hidden_default() -> None:
    (problem,) = problems({"maxAttempts": None}).values()
    assert str(problem) == (
        "maxAttempts is missing; it must be a whole number from 1 to 100.\n      taskguard:maxAttempts: 1"
    )


def test_a_misspelt_setting_is_a_problem_that_names_the_closest_one() -> None:
    (problem,) = problems({"maxAttempt": "5"}).values()
    assert (problem.field, problem.line) == ("maxAttempt", "taskguard:maxAttempts: ...")


def test_an_unknown_setting_is_a_problem_too() -> None:
    (problem,) = problems({"zzz": "5"}).values()
    assert problem.line == "(remove taskguard:zzz)"


def test_a_stack_name_that_would_make_names_too_long_is_refused() -> None:
    (problem,) = problems({}, stack="x" * 31).values()
    assert problem.field == "the stack's name"


@pytest.mark.parametrize(
    ("length", "suffix", "suggested"),
    [(16, "ap-southeast-2", "ap-southeast-"), (25, "eu-west-1", "eu-w"), (30, "e", "")],
)
def test_a_suffix_that_would_make_names_too_long_is_refused(length: int, suffix: str, suggested: str) -> None:
    (problem,) = problems({"globalNameSuffix": suffix}, stack="x" * length).values()
    assert problem.line == f'taskguard:globalNameSuffix: "{suggested}"'


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"taskRetentionDays": "13", "deadLetterRetentionDays": "13"}, "deadLetterRetentionDays: 14"),
        ({"recordTtlDays": "14"}, "recordTtlDays: 15"),
        ({"deadLetterTtlDays": "14"}, "deadLetterTtlDays: 15"),
        (
            {"maxAttempts": "100", "processTimeoutSeconds": "60", "taskRetentionDays": "1"},
            "taskRetentionDays: 2",
        ),
        ({"backoffBaseSeconds": "60", "maxBackoffSeconds": "30"}, "maxBackoffSeconds: 60"),
        ({"batchSize": "11"}, "batchingWindowSeconds: 1"),
        ({"batchingWindowSeconds": "31", "processTimeoutSeconds": "5"}, "batchingWindowSeconds: 30"),
        ({"apiAuth": "jwt", "apiJwtAudience": '["a"]'}, 'apiJwtIssuer: "https://ISSUER.example.com"'),
        ({"apiAuth": "jwt", "apiJwtIssuer": "https://a"}, 'apiJwtAudience: ["AUDIENCE"]'),
        ({"tags": '{"Team": "a", "Environment": "live"}'}, 'tags: {"Team": "a"}'),
        ({"maxConcurrency": "451"}, "apiReservedConcurrency: 20"),
        ({"apiReservedConcurrency": "50", "apiBurstLimit": "51"}, "apiBurstLimit: 50"),
        ({"apiAuth": "iam", "apiJwtScopes": '["tasks"]'}, "apiJwtScopes: []"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(changes: dict[str, str | None], line: str) -> None:
    (problem,) = problems(changes).values()
    assert problem.line == f"taskguard:{line}"


def test_settings_that_only_just_agree_are_accepted() -> None:
    close = {
        "taskRetentionDays": "13",
        "recordTtlDays": "15",
        "deadLetterTtlDays": "15",
        "batchSize": "11",
        "batchingWindowSeconds": "30",
        "processTimeoutSeconds": "5",
        "backoffBaseSeconds": "900",
        "maxConcurrency": "1000",
        "apiReservedConcurrency": "50",
        "apiBurstLimit": "50",
    }
    assert stack_settings("dev", close).batching_window_seconds == 30


def test_the_runtimes_are_those_of_the_aws_sdk_that_this_code_runs_on() -> None:
    known = python_runtimes()
    assert known[:4] == ["python3.11", "python3.12", "python3.13", "python3.14"]
    assert set(FUNCTION_RUNTIME.words) == set(known)
    assert stack_settings("dev", {"functionRuntime": known[-1]}).function_runtime == known[-1]
