"""Runs the real `__main__.py` under a recording mock monitor: what it registers, and what it exports."""

import contextvars
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from infra.settings import kinds as declared
from local.deployer.engine import STACK_TYPE, Program, ProgramMonitor, execute
from local.project import load_stack_config
from local.resources.inputs import plain
from taskguard.kinds import Kinds
from tests.support.fake_outputs import fake_id, fake_outputs

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Registered:
    """A resource as the engine gets it: inputs in camelCase, whole numbers as `int`, parent and options.

    `dependencies` holds the URNs that it comes after, `property_dependencies` those that each input is
    made of, `ignored` the inputs whose changes the engine ignores.
    """

    type: str
    name: str
    urn: str
    inputs: Mapping[str, Any]
    custom: bool
    parent: str
    protect: bool
    dependencies: frozenset[str]
    ignored: frozenset[str]
    property_dependencies: Mapping[str, frozenset[str]]

    def json(self, key: str) -> Any:
        """Return an input that holds JSON, parsed."""
        return json.loads(self.inputs[key])


@dataclass
class ProgramRun:
    """All that one run of the program did."""

    resources: list[Registered] = field(default_factory=list)
    exports: dict[str, Any] = field(default_factory=dict)
    component_outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    lookups: list[str] = field(default_factory=list)

    def all(self, type_: str) -> list[Registered]:
        """Return the resources of a type, such as `aws:sqs/queue:Queue`, sorted by name."""
        return sorted((each for each in self.resources if each.type == type_), key=lambda each: each.name)

    def one(self, type_: str, name: str) -> Registered:
        """Return the resource of that type and name; there must be exactly one."""
        (found,) = (each for each in self.all(type_) if each.name == name)
        return found

    def by_urn(self, urn: str) -> Registered:
        """Return the resource with that URN."""
        (found,) = (each for each in self.resources if each.urn == urn)
        return found


class _Recorder(Mocks):
    def __init__(self, run: ProgramRun, *, preview: bool) -> None:
        self._run = run
        self._preview = preview

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if self._preview or not args.custom:
            # Nothing computed is known in a preview: the SDK makes outputs that are missing unknown.
            return "", dict(args.inputs)
        return fake_id(args), fake_outputs(args)

    def call(self, args: MockCallArgs) -> dict[str, Any]:  # type: ignore[override]
        self._run.lookups.append(args.token)
        return {}


class _RecordingMonitor(ProgramMonitor):
    def __init__(self, run: ProgramRun, *, preview: bool) -> None:
        super().__init__(_Recorder(run, preview=preview))
        self._run = run
        self._lock = threading.Lock()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name of the gRPC method
        response = super().RegisterResource(request)
        if request.type != STACK_TYPE:
            with self._lock:
                self._run.resources.append(_registered(request, response.urn))
        return response


def run_program(
    stack: str = "dev", overrides: Mapping[str, str] = {}, *, preview: bool = False
) -> ProgramRun:
    """Run the program for a stack, with settings changed by name (values as text), and return what it did.

    Runs with the same arguments are made once. In a preview every computed output is unknown.
    """
    return _run(stack, tuple(sorted(overrides.items())), preview)


def run_with_config(stack: str, config: Mapping[str, str], *, preview: bool = False) -> ProgramRun:
    """Run the program with exactly this configuration, full keys and all; errors of the program come out."""
    run = ProgramRun()
    # Pulumi's settings, configuration and root stack are context variables: an empty context is a fresh SDK.
    contextvars.Context().run(_execute, stack, config, run, preview)
    return run


def run_with_kinds(
    kinds: Kinds, overrides: Mapping[str, str] = {}, *, stack: str = "dev", preview: bool = False
) -> ProgramRun:
    """Run the program as if the user had declared these kinds; errors of the program come out."""
    with patch.object(declared, "read_kinds", lambda _functions: kinds):
        return run_with_config(stack, load_stack_config(stack, dict(overrides)), preview=preview)


@cache
def _run(stack: str, overrides: tuple[tuple[str, str], ...], preview: bool) -> ProgramRun:
    return run_with_config(stack, load_stack_config(stack, dict(overrides)), preview=preview)


def _execute(stack: str, config: Mapping[str, str], run: ProgramRun, preview: bool) -> None:
    monitor = _RecordingMonitor(run, preview=preview)
    execute(Program(REPOSITORY, "taskguard", stack, config), monitor, preview=preview)
    run.exports = monitor.stack_outputs or {}
    run.component_outputs = monitor.component_outputs


def _registered(request: Any, urn: str) -> Registered:
    return Registered(
        type=request.type,
        name=request.name,
        urn=urn,
        inputs=plain(rpc.deserialize_properties(request.object, keep_unknowns=True)),
        custom=request.custom,
        parent=request.parent,
        protect=request.protect,
        dependencies=frozenset(request.dependencies),
        ignored=frozenset(request.ignoreChanges),
        property_dependencies={
            key: frozenset(made_of.urns) for key, made_of in request.propertyDependencies.items()
        },
    )
