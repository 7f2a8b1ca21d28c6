"""What the user's work may use, lane by lane: values of its environment, secrets, permissions, a network."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from infra.settings import PROJECT
from infra.settings.maps import Permission, Vpc
from infra.settings.problems import Problem
from taskguard.kinds import Kinds

if TYPE_CHECKING:
    from infra.settings.stack import Settings

EXAMPLE_ARN: Final = "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-AbCdEf"

OWN_VARIABLES: Final = frozenset(
    {
        "BACKOFF_BASE_SECONDS",
        "BACKOFF_JITTER",
        "DEAD_LETTER_QUEUE_URL",
        "FAILURE_RATE",
        "LANE",
        "MAX_ATTEMPTS",
        "MAX_BACKOFF_SECONDS",
        "PERMANENT_FAILURE_SUFFIX",
        "RECORD_TTL_DAYS",
        "SIMULATION_SEED",
        "TASKS_TABLE_NAME",
        "TASK_DEADLINE_DAYS",
        "TASK_QUEUE_URLS",
        "TASK_RETENTION_DAYS",
    }
)
"""Environment variables that a lane's function has from the table of needs."""

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
_RESERVED: Final = ("AWS_", "LAMBDA_", "POWERTOOLS_", "_", "PATH", "LD_LIBRARY_PATH", "PYTHONPATH")
MOST_CHARACTERS: Final = 2000
"""Of a lane's own variables, names and values together."""

_ACTION: Final = re.compile(r"[a-z0-9-]{1,64}:[A-Za-z0-9*?]{1,128}")
_RESOURCE: Final = re.compile(r"\*|arn:\S{1,2000}")


@dataclass(frozen=True)
class WorkRights:
    """What the work of one lane is given.

    Attributes
    ----------
    environment
        The values of its own environment variables.
    secrets
        The ARNs of its secrets, by the environment variable that holds the ARN.
    vpc
        The network that it runs in; an empty one is none.
    """

    environment: Mapping[str, str]
    secrets: Mapping[str, str]
    permissions: tuple[Permission, ...]
    vpc: Vpc


def work_rights(settings: "Settings", kinds: Kinds) -> dict[str, WorkRights]:
    """Return what the work of each lane is given; `work_problems` has found nothing."""
    return {
        name: WorkRights(
            {key: settings.work_environment[key] for key in lane.environment},
            {key: settings.work_secrets[key] for key in lane.secrets},
            settings.work_permissions.get(name, ()),
            settings.work_vpc if lane.vpc else Vpc(),
        )
        for name, lane in kinds.lanes.items()
    }


def work_problems(settings: "Settings", kinds: Kinds) -> Iterator[Problem]:
    """Yield names without a value, values that no lane asks for, and permissions that are too wide."""
    asked = {name for lane in kinds.lanes.values() for name in lane.environment}
    secret = {name for lane in kinds.lanes.values() for name in lane.secrets}
    yield from _unmatched("workEnvironment", asked, settings.work_environment, "VALUE")
    yield from _unmatched("workSecrets", secret, settings.work_secrets, EXAMPLE_ARN)
    for name in sorted(asked | secret):
        both = any(name in lane.environment and name in lane.secrets for lane in kinds.lanes.values())
        if name in OWN_VARIABLES or name.startswith(_RESERVED) or both:
            yield Problem(name, "taken", "a name that neither Lambda nor TaskGuard, nor a secret, has")
    for title, lane in kinds.lanes.items():
        given = {key: settings.work_environment.get(key, "") for key in lane.environment}
        if (size := sum(len(key) + len(value) for key, value in given.items())) > MOST_CHARACTERS:
            yield Problem(
                f"workEnvironment of the lane {title}",
                f"{size} characters",
                f"at most {MOST_CHARACTERS}, as a function has 4 KB for all of its variables",
            )
    for unknown in sorted(settings.work_permissions.keys() - kinds.lanes.keys()):
        known = ", ".join(sorted(kinds.lanes))
        yield Problem(f"workPermissions.{unknown}", "unknown", f"a lane of functions/work/kinds.py: {known}")
    for allowed, permissions in settings.work_permissions.items():
        for number, permission in enumerate(permissions):
            yield from _too_wide(f"workPermissions.{allowed}[{number}]", permission)
    in_vpc = sorted(name for name, lane in kinds.lanes.items() if lane.vpc)
    if in_vpc and not settings.work_vpc:
        yield Problem.of_setting(
            "workVpc",
            "missing",
            f"the network of the lane {', '.join(in_vpc)}",
            "{subnetIds: [subnet-0a1b2c3d], securityGroupIds: [sg-0a1b2c3d]}",
        )
    if settings.work_vpc and not in_vpc:
        yield Problem("workVpc", "set", "left out, as no lane has vpc=True", f"(remove {PROJECT}:workVpc)")


def _unmatched(setting: str, asked: set[str], given: Mapping[str, str], example: str) -> Iterator[Problem]:
    if missing := sorted(asked - given.keys()):
        values = ", ".join(f"{name}: {example}" for name in missing)
        yield Problem.of_setting(
            setting,
            f"without {', '.join(missing)}",
            "a value for each name that a lane asks for",
            f"{{{values}}}",
        )
    for name in sorted(given.keys() - asked):
        yield Problem(
            f"{setting}.{name}", "asked for by no lane", "a name that a lane of functions/work/kinds.py has"
        )


def _too_wide(field: str, permission: Permission) -> Iterator[Problem]:
    for action in permission.actions:
        if not _ACTION.fullmatch(action):
            yield Problem(field, repr(action), "an action such as s3:GetObject")
    for resource in permission.resources:
        if not _RESOURCE.fullmatch(resource):
            yield Problem(field, repr(resource), "an ARN, or * with a reason")
    if permission.wildcards and not permission.reason.strip():
        yield Problem(
            field,
            ", ".join(permission.wildcards),
            "without wildcards, or have a reason that says why it takes them",
            'reason: "WHY"',
        )
