"""Lanes and kinds as they will be deployed: what is declared, what the stack sets, and its own figures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from infra.settings import PROJECT, limits
from infra.settings.checks import LANE_CHECKS, takes_all_concurrency
from infra.settings.problems import Problem
from taskguard.kinds import DEFAULT_LANE, Kind, Kinds, Lane

if TYPE_CHECKING:
    from infra.settings.stack import Settings


@dataclass(frozen=True)
class KindFigures:
    """How one kind of task is tried, in the units of `Kind`."""

    work: str
    lane: str
    max_attempts: int
    backoff_base_seconds: int
    max_backoff_seconds: int
    timeout_seconds: int
    deadline_days: int
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class LaneFigures:
    """A lane's figures, in the units of `Lane`.

    Attributes
    ----------
    max_attempts
        Most attempts that a kind of this lane has: the net is below them.
    longest_life_seconds
        Longest time for which a kind of this lane may be tried, from its first receive until it is given up.
    """

    name: str
    declared: Lane
    timeout_seconds: int
    memory_mb: int
    batch_size: int
    batching_window_seconds: int
    max_concurrency: int
    max_attempts: int
    longest_life_seconds: int

    @property
    def is_default(self) -> bool:
        """Whether it is the lane that every stack has, whose resources have names without a lane."""
        return self.name == DEFAULT_LANE

    @property
    def visibility_timeout_seconds(self) -> int:
        """How long a received message of the lane's queue stays hidden."""
        return limits.visibility_timeout_seconds(self.timeout_seconds, self.batching_window_seconds)

    @property
    def max_receive_count(self) -> int:
        """Receives after which SQS moves a message to the dead-letter queue: the net below the attempts.

        The record's attempts decide; this only ends what dies again and again without a word.
        """
        return self.max_attempts + limits.SPARE_RECEIVES


def lanes_of(settings: "Settings", kinds: Kinds) -> dict[str, LaneFigures]:
    """Return the lanes by name, the default lane first."""
    names = [DEFAULT_LANE, *sorted(kinds.lanes.keys() - {DEFAULT_LANE})]
    return {name: _lane(name, settings, kinds) for name in names}


def kinds_of(settings: "Settings", kinds: Kinds) -> dict[str, KindFigures]:
    """Return the kinds by name, the built-in ones among them."""
    return {name: _kind(kind, settings, kinds) for name, kind in kinds.all.items()}


def _kind(kind: Kind, settings: "Settings", kinds: Kinds) -> KindFigures:
    return KindFigures(
        work=kind.work,
        lane=kind.lane,
        max_attempts=_first(kind.max_attempts, settings.max_attempts),
        backoff_base_seconds=_first(kind.backoff_base_seconds, settings.backoff_base_seconds),
        max_backoff_seconds=_first(kind.max_backoff_seconds, settings.max_backoff_seconds),
        timeout_seconds=_first(kind.timeout_seconds, _figures(kind.lane, settings, kinds)["timeoutSeconds"]),
        deadline_days=_first(kind.deadline_days, settings.task_deadline_days),
        aliases=kind.aliases,
    )


def _lane(name: str, settings: "Settings", kinds: Kinds) -> LaneFigures:
    figures = _figures(name, settings, kinds)
    # What is unknown comes to the default lane, and is tried as the stack says.
    policies = [(settings.max_attempts, settings.backoff_base_seconds, settings.max_backoff_seconds)]
    policies += [
        (each.max_attempts, each.backoff_base_seconds, each.max_backoff_seconds)
        for each in kinds_of(settings, kinds).values()
        if each.lane == name
    ]
    timeout, window = figures["timeoutSeconds"], figures["batchingWindowSeconds"]
    return LaneFigures(
        name=name,
        declared=kinds.lanes[name],
        timeout_seconds=timeout,
        memory_mb=figures["memoryMb"],
        batch_size=figures["batchSize"],
        batching_window_seconds=window,
        max_concurrency=figures["maxConcurrency"],
        max_attempts=max(attempts for attempts, _, _ in policies),
        longest_life_seconds=max(limits.longest_life_seconds(*each, timeout, window) for each in policies),
    )


def _figures(lane: str, settings: "Settings", kinds: Kinds) -> dict[str, int]:
    """Return a lane's figures by the names that the setting `lanes` has for them."""
    declared, own = kinds.lanes[lane], settings.lanes.get(lane, {})
    return {
        "timeoutSeconds": _first(declared.timeout_seconds, settings.process_timeout_seconds),
        "memoryMb": _first(declared.memory_mb, settings.function_memory_mb),
        "batchSize": _first(declared.batch_size, settings.batch_size),
        "batchingWindowSeconds": _first(declared.batching_window_seconds, settings.batching_window_seconds),
        "maxConcurrency": _first(declared.max_concurrency, settings.max_concurrency),
    } | dict(own)


def _first(declared: int | None, setting: int) -> int:
    return setting if declared is None else declared


def lane_problems(settings: "Settings", kinds: Kinds) -> Iterator[Problem]:
    """Yield what is wrong with lanes and kinds in a stack whose settings are valid by themselves."""
    unknown = sorted(settings.lanes.keys() - kinds.lanes.keys())
    for name in unknown:
        known = ", ".join(sorted(kinds.lanes))
        yield Problem(f"lanes.{name}", "unknown", f"a lane of functions/work/kinds.py: {known}")
    lanes = lanes_of(settings, kinds)
    for lane in lanes.values():
        yield from _contradictions(lane, settings, kinds)
    most = sum(lane.max_concurrency for lane in lanes.values()) + settings.max_concurrency
    queues = f"the queues of {len(lanes)} lanes, and of dead letters,"
    if len(lanes) > 1 and (
        problem := takes_all_concurrency(
            queues, most, settings.api_reserved_concurrency, settings.api_burst_limit
        )
    ):
        yield problem


def _contradictions(lane: LaneFigures, settings: "Settings", kinds: Kinds) -> Iterator[Problem]:
    built_in = _kind(Kind(""), settings, kinds)
    for name, kind in kinds_of(settings, kinds).items():
        if kind.lane != lane.name or replace(kind, work="", aliases=()) == built_in:
            continue  # of another lane, or as the settings are, which have checks of their own
        if kind.timeout_seconds > lane.timeout_seconds:
            yield Problem(
                f"the kind {name}'s timeout_seconds",
                str(kind.timeout_seconds),
                f"at most that of its lane, {lane.timeout_seconds}",
                f"{PROJECT}:lanes: {{{lane.name}: {{timeoutSeconds: {kind.timeout_seconds}}}}}",
            )
        if kind.backoff_base_seconds > kind.max_backoff_seconds:
            yield Problem(
                f"the kind {name}'s max_backoff_seconds",
                str(kind.max_backoff_seconds),
                f"at least its backoff_base_seconds, {kind.backoff_base_seconds}",
            )
        if (days := _days(lane, kind)) > settings.task_retention_days:
            yield Problem.of_setting(
                "taskRetentionDays",
                settings.task_retention_days,
                f"long enough for {kind.max_attempts} attempts of {name}, which may take {days} day(s)",
                days,
            )
    values: Mapping[str, Any] = {
        "batch_size": lane.batch_size,
        "batching_window_seconds": lane.batching_window_seconds,
        "process_timeout_seconds": lane.timeout_seconds,
    }
    if any(getattr(settings, name) != value for name, value in values.items()):
        for check in LANE_CHECKS:
            if problem := check(**{name: values[name] for name in check.__annotations__.keys() & values}):
                yield Problem(
                    f"{problem.field} of the lane {lane.name}",
                    problem.value,
                    problem.allowed,
                    f"{PROJECT}:lanes: {{{lane.name}: {{{problem.line.removeprefix(f'{PROJECT}:')}}}}}",
                )


def _days(lane: LaneFigures, kind: KindFigures) -> int:
    life = limits.longest_life_seconds(
        kind.max_attempts,
        kind.backoff_base_seconds,
        kind.max_backoff_seconds,
        lane.timeout_seconds,
        lane.batching_window_seconds,
    )
    return life // limits.SECONDS_A_DAY + 1
