"""The options that commands share, and how their values are read."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from ops.check.plan import AuthMode
from ops.errors import UsageError

_LENGTH = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def parse_length(text: str) -> timedelta:
    """Read a length of time such as `90s`, `15m`, `2h30m` or `7d`.

    Raises
    ------
    UsageError
        It is something else.
    """
    found = _LENGTH.fullmatch(text.strip())
    if not found or not text.strip():
        raise UsageError(f"{text!r} is not a length of time: expected one like 90s, 15m, 2h30m or 7d.")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise UsageError(f"{text!r} is too long.") from None


def parse_moment(text: str, now: datetime) -> datetime:
    """Read a point in time: ISO 8601 (in UTC unless it has a zone), or a length of time before now.

    Raises
    ------
    UsageError
        It is neither, or goes back before the calendar begins.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _before(now, text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _before(now: datetime, text: str) -> datetime:
    try:
        return now - parse_length(text)
    except (UsageError, OverflowError):
        raise UsageError(
            f"{text!r} is not a time: expected one like 2026-11-21T09:00:00Z, 2026-11-21, or a length "
            "back from now such as 15m or 2h."
        ) from None


Outputs = Annotated[
    str | None,
    typer.Option("--outputs", metavar="FILE", help="File of stack outputs; - reads standard input."),
]
Stack = Annotated[
    str | None,
    typer.Option("--stack", metavar="NAME", help="Pulumi stack: runs `pulumi stack output --json`."),
]
Lanes = Annotated[
    list[str] | None,
    typer.Option("--lane", metavar="LANE", help="Only this lane; may be given several times."),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document to standard output, nothing else.")
]
Tasks = Annotated[
    int, typer.Option("--tasks", metavar="N", min=1, max=100_000, help="How many tasks to submit.")
]
RunName = Annotated[
    str | None,
    typer.Option("--run", metavar="NAME", help="Prefix of the task ids; made from the time by default."),
]
Timeout = Annotated[
    int,
    typer.Option("--timeout", min=0, metavar="S", help="Seconds to wait after the last submission."),
]
Fail = Annotated[
    bool,
    typer.Option("--fail", help="Let every task ending in 3 fail for good, and every one ending in 7 once."),
]
Clients = Annotated[
    int, typer.Option("--clients", metavar="N", min=1, max=256, help="Tasks submitted at a time.")
]
Auth = Annotated[AuthMode, typer.Option("--auth", help="How the API authorizes its callers.")]
Token = Annotated[
    str | None,
    typer.Option("--token", metavar="JWT", envvar="TASKGUARD_TOKEN", help="JSON Web Token for --auth jwt."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override a stack setting, such as failureRate=0; repeatable."
    ),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", help="Make simulated failures predictable (setting simulationSeed)."),
]
ErrorPattern = Annotated[
    str | None,
    typer.Option("--error", metavar="REGEX", help="Only those whose last error (`Type: message`) matches."),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="T", help="Only those dead-lettered since then: ISO 8601, or 15m, 2h, 7d ago."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only list what would be done.")]

Rate = Annotated[float, typer.Option("--rate", min=0.01, max=10_000, metavar="N", help="Tasks a second.")]


def settings_of(pairs: list[str] | None, seed: int | None) -> dict[str, str]:
    """Turn `--set KEY=VALUE` and `--seed` into stack settings.

    Raises
    ------
    UsageError
        A pair has no key or no `=`, or two different seeds are given.
    """
    settings = {}
    for pair in pairs or []:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            raise UsageError(f"--set {pair}: expected KEY=VALUE, for example --set failureRate=0.")
        settings[key.removeprefix("taskguard:")] = value
    if seed is not None and settings.setdefault("simulationSeed", str(seed)) != str(seed):
        raise UsageError("--seed and --set simulationSeed say different things.")
    return settings
