"""Takes saved files of `functions/` into a running emulator: the program runs again, and code is updated.

Only code is taken over. Whatever else the program would change needs resources of its own, so that is said
and left: the local cloud has no updates (docs/local-cloud.md).
"""

import contextvars
import hashlib
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import pulumi
from botocore.exceptions import BotoCoreError, ClientError
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from local.aws_clients import AwsClients
from local.deployer.engine import Program, ProgramMonitor, execute
from local.resources.inputs import plain
from local.resources.lambda_ import zip_bytes

FUNCTION: Final = "aws:lambda/function:Function"
MAPPING: Final = "aws:lambda/eventSourceMapping:EventSourceMapping"
QUEUE: Final = "aws:sqs/queue:Queue"
MOST_NAMED: Final = 3
POLL_SECONDS: Final = 0.25
"""How often the files are looked at; some hundred of them take a millisecond or two."""

Key: TypeAlias = tuple[str, str]
"""A resource's type and logical name."""


@dataclass
class Deployed:
    """What was deployed: of each resource its inputs, and what it came to.

    Parameters
    ----------
    create
        Creates a resource, and returns its id and its state.
    """

    create: Callable[[str, str, dict[str, Any]], tuple[str, dict[str, Any]]]
    inputs: dict[Key, dict[str, Any]] = field(default_factory=dict)
    results: dict[Key, tuple[str, dict[str, Any]]] = field(default_factory=dict)

    def __call__(self, type_: str, name: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Create a resource, and take note of it."""
        result = self.create(type_, name, values)
        self.inputs[type_, name], self.results[type_, name] = _comparable(values), result
        return result


@dataclass
class _Again(Mocks):
    """Answers a second run with what the first one created, and keeps what it asked for."""

    deployed: Deployed
    inputs: dict[Key, dict[str, Any]] = field(default_factory=dict)

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if not args.custom:
            return "", args.inputs
        key = args.typ, args.name
        self.inputs[key] = _comparable(args.inputs)
        return self.deployed.results.get(key, (args.name, {"arn": args.name, **args.inputs}))

    def call(self, args: MockCallArgs) -> dict[str, Any]:  # type: ignore[override] # noqa: ARG002
        return {}


@dataclass(frozen=True)
class Reloader:
    """Runs a program again and gives its functions their new code.

    Parameters
    ----------
    say
        Called with a line of text for people.
    keep_outputs
        Called with the stack's outputs of the new run.
    """

    aws: AwsClients
    program: Program
    deployed: Deployed
    say: Callable[[str], None]
    keep_outputs: Callable[[Mapping[str, Any]], None]
    _broken: set[Path] = field(default_factory=set)

    def reload(self, changed: list[Path]) -> None:
        """Take changed files over, and say what became of it; a mistake in them leaves all as it was."""
        began = time.monotonic()
        files = _few([self._shown(path) for path in changed])
        if faults := self._syntax_errors(changed):
            self.say(f"Not updated: {'; '.join(faults)}")
            return
        again = _Again(self.deployed)
        monitor = ProgramMonitor(again)
        try:
            contextvars.Context().run(execute, self.program, monitor)
        # Whatever the program raises about the saved files; `sys.exit` would end the watching without a word.
        except (Exception, SystemExit) as error:
            self.say(f"Not updated ({files} saved): {_told(error)}")
            return
        others = list(self._others(again.inputs))
        if self._has_other_queues(again.inputs):
            # Code that knows a lane which has no queue would send its tasks to and fro.
            self.say(f"Not updated ({files} saved): restart to get {_few(others)}")
            return
        try:
            updated = self._update_all(again.inputs)
        except (BotoCoreError, ClientError) as error:
            self.say(f"Not all updated ({files} saved); save again to try again: {_told(error)}")
            return
        self.keep_outputs({**(monitor.stack_outputs or {}), "awsEndpointUrl": self.aws.endpoint_url})
        if updated:
            seconds = time.monotonic() - began
            self.say(f"Updated {', '.join(updated)} in {seconds:.1f} s ({files} saved)")
        if others:
            self.say(f"Restart to get the rest of the change: {_few(others)}")

    def _syntax_errors(self, changed: list[Path]) -> list[str]:
        """Return what is wrong with the changed files, and with those that were broken already.

        A broken file is in the packages too, and must not go along when another file is saved.
        """
        faults = {path: fault for path in self._broken.union(changed) if (fault := _syntax_error(path))}
        self._broken.clear()
        self._broken.update(faults)
        return [f"{self._shown(path)}{faults[path]}" for path in sorted(faults)]

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self.program.folder))

    def _has_other_queues(self, wanted: Mapping[Key, object]) -> bool:
        return any(key[0] == QUEUE for key in wanted.keys() ^ self.deployed.inputs.keys())

    def _update_all(self, wanted: Mapping[Key, Mapping[str, Any]]) -> list[str]:
        """Give functions their code where it has changed; return their logical names.

        Those that queues invoke come first. The emulator ends a function's processes when it gets new code,
        whatever they do: if the API already took tasks of a new kind, their messages could be lost from
        sight until the visibility timeout.
        """
        functions = [key for key in self.deployed.inputs if key[0] == FUNCTION]
        in_order = sorted(functions, key=lambda key: (not self._is_invoked_by_a_queue(key), key))
        updated = [key for key in in_order if self._update(key, wanted.get(key, {}))]
        return sorted(name for _, name in updated)

    def _is_invoked_by_a_queue(self, function: Key) -> bool:
        name, state = self.deployed.results[function]
        mapped = (inputs["functionName"] for key, inputs in self.deployed.inputs.items() if key[0] == MAPPING)
        return any(each in (name, state.get("arn")) for each in mapped)

    def _update(self, key: Key, wanted: Mapping[str, Any]) -> bool:
        """Give a function its code if that has changed; return whether it had."""
        before, code = self.deployed.inputs[key], wanted.get("code")
        if code is None or code == before["code"]:
            return False
        # Not waiting for `LastUpdateStatus`: the emulator reports it half a second after the code is there.
        self.aws.functions.update_function_code(
            FunctionName=self.deployed.results[key][0], ZipFile=code.content
        )
        before["code"] = code
        return True

    def _others(self, wanted: Mapping[Key, Mapping[str, Any]]) -> Iterator[str]:
        """Yield the resources that the program would create, delete or change, queues first."""
        names = wanted.keys() | self.deployed.inputs.keys()
        for key in sorted(names, key=lambda key: (key[0] != QUEUE, key)):
            before, after = self.deployed.inputs.get(key), wanted.get(key)
            what = f"{key[0].rsplit(':', 1)[1]} {key[1]}"
            if before is None or after is None:
                yield f"{what} ({'new' if before is None else 'gone'})"
            elif _without_code(key, before) != _without_code(key, after):
                yield what


@dataclass(frozen=True)
class _Code:
    """A function's package; equal if its content is."""

    digest: str
    content: bytes = field(compare=False, repr=False)


def _comparable(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource's inputs with archives as what is in them; Pulumi's own are never equal."""
    values: dict[str, Any] = {key: plain(value) for key, value in inputs.items()}
    match values.get("code"):
        case pulumi.AssetArchive() as archive:
            content = zip_bytes(archive)
            values["code"] = _Code(hashlib.sha256(content).hexdigest(), content)
        case pulumi.FileArchive() as archive:  # the layer's, whose folder is named by its content
            values["code"] = archive.path
    return values


def _without_code(key: Key, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what cannot be taken over: all of a resource's inputs but a function's code."""
    return {**inputs, "code": None} if key[0] == FUNCTION else inputs


def _told(error: BaseException) -> str:
    return str(error) if isinstance(error, pulumi.RunError) else f"{type(error).__name__}: {error}"


def _few(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _syntax_error(path: Path) -> str | None:
    """Return where and why a module cannot be parsed, to be put behind its name."""
    if path.suffix != ".py":
        return None
    try:
        compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except OSError:  # it was removed, perhaps this very moment; else packing it will say more
        return None
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        return f":{line}: {getattr(error, 'msg', error)}" if line else f": {error}"
    return None


Snapshot: TypeAlias = dict[Path, tuple[int, int]]


def snapshot(folder: Path) -> Snapshot:
    """Return size and time of each file of a folder, without those that tools leave there."""
    found = {}
    # Not `rglob`: it raises if a folder goes while it looks, as when another branch is checked out.
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
        for name in files:
            if name.startswith(".") or name.endswith("~"):
                continue
            path = Path(place, name)
            try:
                state = path.stat()
            except OSError:  # it went meanwhile
                continue
            if stat.S_ISREG(state.st_mode):
                found[path] = (state.st_mtime_ns, state.st_size)
    return found


def watch(
    folder: Path,
    known: Snapshot,
    reload: Callable[[list[Path]], None],
    stopped: threading.Event | None = None,
) -> None:
    """Call `reload` with the files that are saved, added or removed, until told to stop.

    It is called when the files have been at rest for a moment: editors write several times, or rename.

    Parameters
    ----------
    known
        The folder as it was when the code that runs was read.
    """
    stopped = stopped or threading.Event()
    while not stopped.wait(POLL_SECONDS):
        found = snapshot(folder)
        if found == known:
            continue
        while (later := _after_a_moment(folder, stopped)) != found and not stopped.is_set():
            found = later
        changed = sorted(path for path in known.keys() | found.keys() if known.get(path) != found.get(path))
        known = found
        if changed and not stopped.is_set():
            reload(changed)


def _after_a_moment(folder: Path, stopped: threading.Event) -> Snapshot:
    stopped.wait(POLL_SECONDS / 2)
    return snapshot(folder)
