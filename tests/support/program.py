"""Runs the real `__main__.py` under a recording mock monitor: what it registers, and what it exports."""

import asyncio
import contextlib
import contextvars
import json
import logging
import runpy
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockEngine, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.settings import Settings, configure

from local.project import load_stack_config
from tests.support.fake_outputs import fake_id, fake_outputs

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Registered:
    """A resource as the engine gets it: inputs in camelCase, whole numbers as `int`, parent and options.

    `dependencies` holds the URNs that it comes after, `property_dependencies` those that each input is
    made of.
    """

    type: str
    name: str
    urn: str
    inputs: Mapping[str, Any]
    custom: bool
    parent: str
    protect: bool
    dependencies: frozenset[str]
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


class _RecordingMonitor(MockMonitor):
    def __init__(self, run: ProgramRun, *, preview: bool) -> None:
        super().__init__(_Recorder(run, preview=preview))
        self._run = run
        self._lock = threading.Lock()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name of the gRPC method
        with _loop_of_this_thread():
            response = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if request.type != "pulumi:pulumi:Stack":
            with self._lock:
                self._run.resources.append(_registered(request, response.urn))
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the name of the gRPC method
        outputs = plain(rpc.deserialize_properties(request.outputs, keep_unknowns=True))
        if request.urn.split("::")[2] == "pulumi:pulumi:Stack":
            self._run.exports.update(outputs)
        else:
            self._run.component_outputs[request.urn] = outputs
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


@contextlib.contextmanager
def _loop_of_this_thread() -> Iterator[None]:
    """Close the event loop that the SDK's mock monitor needs in its worker thread; it would only leave it."""
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        asyncio.set_event_loop(loop)
        yield
        asyncio.set_event_loop(None)


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


@cache
def _run(stack: str, overrides: tuple[tuple[str, str], ...], preview: bool) -> ProgramRun:
    return run_with_config(stack, load_stack_config(stack, dict(overrides)), preview=preview)


def _execute(stack: str, config: Mapping[str, str], run: ProgramRun, preview: bool) -> None:
    pulumi.runtime.set_all_config(dict(config))
    monitor = _RecordingMonitor(run, preview=preview)
    engine = MockEngine(logging.getLogger("pulumi"))
    configure(Settings(project="taskguard", stack=stack, monitor=monitor, engine=engine, dry_run=preview))

    def program() -> None:
        runpy.run_path(str(REPOSITORY / "__main__.py"), run_name="__main__")

    with contextlib.chdir(REPOSITORY):
        asyncio.run(pulumi.runtime.run_in_stack(program))


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
        property_dependencies={
            key: frozenset(made_of.urns) for key, made_of in request.propertyDependencies.items()
        },
    )


def plain(value: Any) -> Any:
    """Return a value with its secrets unwrapped, and numbers that are whole as `int`."""
    if rpc.is_rpc_secret(value):
        return plain(rpc.unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
