"""EventBridge Scheduler: calls functions by the clock, and now and then late, twice, or not at all.

Follows the EventBridge Scheduler User Guide, "Schedule types" (a call comes within 60 s of its time) and
"Delivery" (asynchronous, at least once); without retries a call that fails is over.

Simulated days shall cost nothing, so only calls are made for which there may be something to do: `needed`
says from when on. A call in vain would find nothing anyway.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from taskguard.model.errors import AwsError
from taskguard.storage.queue import message_life
from tests.proofs.simulation import settings
from tests.proofs.simulation.aws.poller import FAILURES
from tests.proofs.simulation.functions import Functions
from tests.proofs.simulation.history import CallScheduled, HandlerCrashed
from tests.proofs.simulation.process import Killed, Kind

if TYPE_CHECKING:
    from tests.proofs.simulation.simulator import Simulator

_SETTLED: Final = frozenset({"COMPLETED", "DEAD_LETTERED", "CANCELLED"})

Needed: TypeAlias = Callable[["Simulator"], datetime | None]
"""Returns from when on a call may find something to do; None if there is nothing."""


@dataclass
class ScheduledCall:
    """A call that is made again and again; all but its first four fields may be changed in a run.

    Parameters
    ----------
    name
        Names its steps: `invoke NAME`.
    event
        What the function gets.
    late_seconds
        How long after its time each call is made.
    times
        How often each call is made: twice is allowed, and 0 is a function that is throttled away.
    silent_until
        Until when no call is made at all.
    steps_left
        After how many steps of an operation the function is killed: `{"scan": 1}` is cut after one page.
    """

    name: str
    function: Kind
    event: Mapping[str, Any]
    every: timedelta
    needed: Needed
    late_seconds: float = 0
    times: int = 1
    silent_until: datetime | None = None
    steps_left: dict[str, int] = field(default_factory=dict)
    _made_at: datetime | None = None

    def next_at(self, sim: "Simulator", began: datetime) -> datetime | None:
        """Return when the call is made next, counting its times from when the run began."""
        needed = self.needed(sim)
        if needed is None:
            return None
        earliest = max(needed, began, self.silent_until or needed)
        if self._made_at is not None:
            earliest = max(earliest, self._made_at + timedelta(microseconds=1))
        ticks = -(-(earliest - began) // self.every)
        return began + ticks * self.every + timedelta(seconds=self.late_seconds)

    def made(self, now: datetime) -> None:
        """Take note that the call was made."""
        self._made_at = now


@dataclass
class EventBridge:
    """Makes the scheduled calls of a run; without any, time passes as if it were not there."""

    sim: "Simulator"
    functions: Functions
    calls: list[ScheduledCall] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.process = self.sim.start(Kind.SCHEDULER)
        self._began = self.sim.clock()

    def waiting(self) -> list[datetime]:
        """Return when each call that may have something to do is made next."""
        moments = (call.next_at(self.sim, self._began) for call in self.calls)
        return [moment for moment in moments if moment is not None]

    def make_due_calls(self) -> None:
        """Make each call whose time has come, once for all the times that went by."""
        now = self.sim.clock()
        for call in self.calls:
            moment = call.next_at(self.sim, self._began)
            if moment is not None and moment <= now:
                self.make(call, late_seconds=(now - moment).total_seconds() + call.late_seconds)

    def make(self, call: ScheduledCall, late_seconds: float = 0) -> None:
        """Make a call now, as often as it says."""
        call.made(self.sim.clock())
        self.sim.history.add(CallScheduled(call.name, late_seconds, self.sim.clock()))
        for _ in range(call.times):
            try:
                self.sim.injector.step(self.process, f"invoke {call.name}", None, lambda: self._invoke(call))
            except FAILURES:
                continue  # it was not made, or will be made later; nobody tries again

    def _invoke(self, call: ScheduledCall) -> None:
        process = self.sim.start(call.function, settings.TIMEOUT_SECONDS)
        process.steps_left.update(call.steps_left)
        try:
            self.functions.invoke(process, self.sim, dict(call.event))
        except (AwsError, Killed):
            pass  # its retry policy is to make none; what AWS refused it, the next call finds again
        except Exception as error:  # what Lambda does with any error of a function
            self.sim.history.add(HandlerCrashed(process.kind, repr(error)))


def due_call() -> ScheduledCall:
    """Return the call that wakes tasks which wait in the table, a quarter of an hour ahead."""
    every = timedelta(minutes=5)
    return ScheduledCall("due", Kind.WAKER, {"run": "due"}, every, earliest("dueAt", -900))


def scan_call() -> ScheduledCall:
    """Return the daily call that looks for open tasks whose message is older than the queue keeps it."""
    life = message_life(settings.RETENTION_DAYS).total_seconds()
    forgotten = earliest("sentAt", life, without=_SETTLED)
    open_only = earliest("sentAt", life, without=_SETTLED | {"GIVING_UP"})

    def needed(sim: "Simulator") -> datetime | None:
        # While nobody buries dead letters that stay for ever, another copy each day would change nothing.
        letters = sim.queues[settings.DEAD_LETTERS]
        stay = not sim.poller.dead_letters.enabled and letters.retention_seconds is None
        return (open_only if stay else forgotten)(sim)

    return ScheduledCall("scan", Kind.WAKER, {"run": "scan"}, timedelta(days=1), needed)


def earliest(attribute: str, seconds: float, without: frozenset[str] = frozenset()) -> Needed:
    """Return when a call is needed for the records that hold a moment.

    Parameters
    ----------
    attribute
        Where the moment is, in milliseconds.
    seconds
        How much later than it the call has something to do; negative for earlier.
    without
        Statuses of records that need no call.
    """

    def needed(sim: "Simulator") -> datetime | None:
        moments = [
            int(item[attribute]["N"])
            for item in sim.table.records.values()
            if attribute in item and item["status"]["S"] not in without
        ]
        if not moments:
            return None
        return datetime.fromtimestamp(min(moments) / 1000, UTC) + timedelta(seconds=seconds)

    return needed
