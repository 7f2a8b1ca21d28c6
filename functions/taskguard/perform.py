"""From a kind's name to its work: found, imported, given its payload, and called."""

import asyncio
import contextlib
import importlib
import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from taskguard.kinds import PROBE_WORK, Kinds
from taskguard.model.errors import InvalidPayload, KindUnavailable
from taskguard.model.json_text import Json
from taskguard.model.payload import PayloadFaults, to_payload
from taskguard.model.simulation import Simulation
from taskguard.probe import Probe
from taskguard.work import Context

Work: TypeAlias = Callable[[Any, Context], Any]
"""A function of the user's, plain or `async`."""

UNAVAILABLE_SECONDS: Final = 60
"""How long a task waits whose kind cannot be done, before a worker looks again; each time so much longer."""

LONGEST_UNAVAILABLE_SECONDS: Final = 300
"""The longest such wait: what a mended deployment has to wait for at most."""


@dataclass(frozen=True)
class Performer:
    """Does tasks of every kind that a program declares.

    Parameters
    ----------
    simulation
        What the built-in probe does.
    """

    kinds: Kinds
    simulation: Simulation

    def perform(self, payload: Json, context: Context) -> Json:
        """Do one attempt; returns what the work returns, and raises what it raises.

        Raises
        ------
        KindUnavailable
            Nobody knows the kind, or its module or function cannot be imported.
        InvalidPayload
            The payload does not fit its kind.
        """
        found = self.kinds.find(context.kind)
        wait = min(UNAVAILABLE_SECONDS * context.attempt, LONGEST_UNAVAILABLE_SECONDS)
        if found is None:
            raise KindUnavailable(wait, f"the kind {context.kind} is not known to this function")
        try:
            work = self.work(found.kind.work)
        except ImportError as error:
            raise KindUnavailable(wait, str(error)) from error
        try:
            given = to_payload(found.kind.payload, payload)
        except PayloadFaults as error:
            raise InvalidPayload(str(error)) from error
        result = work(given, context)
        return asyncio.run(_awaited(result)) if inspect.iscoroutine(result) else result

    def work(self, name: str) -> Work:
        """Return the function of a name such as `work.images:make_thumbnail`; raises `ImportError`."""
        if name == PROBE_WORK:
            return Probe(self.simulation)
        module, _, function = name.partition(":")
        try:
            work: Work = getattr(importlib.import_module(module), function)
        except (Exception, SystemExit) as error:  # whatever a module does when it is imported
            raise ImportError(f"{name} cannot be imported: {type(error).__name__}: {error}") from error
        return work

    def load(self, lane: str) -> None:
        """Import the work of a lane's kinds while Lambda gives a whole CPU; its tasks tell what fails."""
        for kind in self.kinds.all.values():
            if kind.lane == lane:
                with contextlib.suppress(ImportError):
                    self.work(kind.work)


async def _awaited(coroutine: Coroutine[Any, Any, Json]) -> Json:
    return await coroutine
