"""Kinds of tasks, and the lanes that they run in: what `functions/work/kinds.py` declares, as data.

A kind names a function of yours and how often, how slowly and for how long it is tried. A lane is a task
queue, a function and a mapping of its own, so that slow or hungry work does not hold up the rest. What is
left out takes the stack's setting.

Only the standard library is imported here: `pulumi preview` reads the declarations where none of your
packages is installed, and the API's functions pay for no work of yours.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

DEFAULT_LANE: Final = "default"
"""The lane that every stack has: of kinds that name none, and of tasks whose kind nobody knows any more."""

PROBE: Final = "probe"
"""The built-in kind that simulates work; in a lane other than the default, it is `probe.<lane>`."""

PROBE_WORK: Final = "taskguard.probe:Probe"
"""What does probes, in the form of `Kind.work`."""


@dataclass(frozen=True)
class Lane:
    """A task queue, a function that does its tasks, and what that function may use.

    Its name has at most ten small letters, digits or hyphens, as it is part of the names of resources.

    Attributes
    ----------
    timeout_seconds
        How long one invocation may take, 5 to 900 s; the stack's `processTimeoutSeconds` if None.
    memory_mb
        The function's memory, 128 to 10240 MB; CPU grows with it. `functionMemoryMb` if None.
    batch_size
        Most tasks in one invocation, 1 to 10000; 1 keeps tasks out of each other's way. `batchSize` if None.
    batching_window_seconds
        How long a batch is gathered, 0 to 300 s; `batchingWindowSeconds` if None.
    max_concurrency
        Most invocations at a time, 2 to 1000; `maxConcurrency` if None.
    closed
        It takes no kind any more, and passes on what still waits in it: the step before it is taken out.
    environment
        Names of environment variables whose values the setting `workEnvironment` gives, stack by stack.
    secrets
        Names of environment variables that hold ARNs of secrets, from `workSecrets`.
    vpc
        Whether its function runs in the network that `workVpc` names.
    """

    timeout_seconds: int | None = None
    memory_mb: int | None = None
    batch_size: int | None = None
    batching_window_seconds: int | None = None
    max_concurrency: int | None = None
    closed: bool = False
    environment: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    vpc: bool = False


@dataclass(frozen=True)
class Kind:
    """What one kind of task is.

    Its name has at most 64 small letters, digits, dots or hyphens; `report.v2` is as good as any.

    Attributes
    ----------
    work
        The function that does it, such as `work.images:make_thumbnail`: a module below `functions/work/`, and
        a name in it. It is called with the payload and a `taskguard.work.Context`.
    payload
        A dataclass that its payloads must fit, and that the function is given; None takes any JSON.
    lane
        The lane that its tasks run in.
    max_attempts
        Attempts of one generation, 1 to 100; `maxAttempts` if None.
    backoff_base_seconds, max_backoff_seconds
        First and longest wait between attempts, 1 to 900 s; the settings of these names if None.
    timeout_seconds
        How long one attempt may take, from 1 s to its lane's timeout, which is meant if None.
    deadline_days
        How long its work may ask to be called later, 1 to 365 days; `taskDeadlineDays` if None.
    aliases
        Names that it had before; tasks that still wait under them are its own.
    """

    work: str
    payload: type | None = None
    lane: str = DEFAULT_LANE
    max_attempts: int | None = None
    backoff_base_seconds: int | None = None
    max_backoff_seconds: int | None = None
    timeout_seconds: int | None = None
    deadline_days: int | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class NamedKind:
    """A kind with the name that it has today."""

    name: str
    kind: Kind


def is_built_in(name: str) -> bool:
    """Tell whether a kind of this name is TaskGuard's own, which no declaration may use."""
    return name == PROBE or name.startswith(f"{PROBE}.")


def probe_of(lane: str) -> str:
    """Return the name of the probe that runs in a lane."""
    return PROBE if lane == DEFAULT_LANE else f"{PROBE}.{lane}"


@dataclass(frozen=True)
class Kinds:
    """All kinds and lanes of a program.

    Attributes
    ----------
    declared
        The kinds of `KINDS`, by their names.
    lanes
        The lanes of `LANES`, by their names.
    default
        The kind of tasks that name none.
    """

    declared: Mapping[str, Kind]
    lanes: Mapping[str, Lane]
    default: str = PROBE

    @classmethod
    def of(cls, declarations: Any) -> "Kinds":
        """Return what a module like `work.kinds` declares; whatever it leaves out is as in a fresh clone."""
        return cls(
            dict(getattr(declarations, "KINDS", {})),
            {DEFAULT_LANE: Lane(), **getattr(declarations, "LANES", {})},
            getattr(declarations, "DEFAULT_KIND", PROBE),
        )

    @cached_property
    def all(self) -> Mapping[str, Kind]:
        """The declared kinds and the built-in ones: a probe for each lane that is open."""
        probes = {
            probe_of(name): Kind(PROBE_WORK, lane=name)
            for name, lane in self.lanes.items()
            if not lane.closed
        }
        return probes | dict(self.declared)

    @cached_property
    def _by_any_name(self) -> Mapping[str, NamedKind]:
        found = {alias: NamedKind(name, kind) for name, kind in self.all.items() for alias in kind.aliases}
        return found | {name: NamedKind(name, kind) for name, kind in self.all.items()}

    @property
    def any_timeout(self) -> bool:
        """Whether any kind has less time than its lane."""
        return any(kind.timeout_seconds is not None for kind in self.declared.values())

    def find(self, name: str | None) -> NamedKind | None:
        """Return the kind of this name or alias, or the default kind where there is no name."""
        return self._by_any_name.get(self.default if name is None else name)

    def canonical(self, name: str | None) -> str:
        """Return the name that a kind has today; of one that nobody knows, the name that was given."""
        found = self.find(name)
        return found.name if found else name or self.default

    def lane_of(self, name: str | None) -> str:
        """Return the lane of a kind; the default lane if nobody knows it."""
        found = self.find(name)
        return found.kind.lane if found and found.kind.lane in self.lanes else DEFAULT_LANE


def program_kinds() -> Kinds:
    """Return what `functions/work/kinds.py` declares, as this function was deployed with it."""
    return Kinds.of(importlib.import_module("work.kinds"))
