"""Everything that is wrong with the declarations, at once and with the line to write."""

import dataclasses
import re
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from taskguard.declarations.dictionaries import Written, line_of_assignment, written
from taskguard.declarations.executed import InvalidDeclarations, executed, executed_for_now
from taskguard.declarations.functions import fault_of
from taskguard.declarations.mistakes import Mistake
from taskguard.declarations.modules import Source, read_data
from taskguard.kinds import DEFAULT_LANE, PROBE, Kind, Kinds, Lane, is_built_in

KIND_NAME: Final = re.compile(r"[a-z][a-z0-9.-]{0,63}")
LANE_NAME: Final = re.compile(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?")
"""At most ten characters: it is part of the name of a role, which has 64 with the stack's name."""

VARIABLE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,127}")
MOST_LANES: Final = 10
"""A redrive-allow policy names ten queues at most."""

RANGES: Final = {
    Lane: {
        "timeout_seconds": (5, 900),
        "memory_mb": (128, 10240),
        "batch_size": (1, 10000),
        "batching_window_seconds": (0, 300),
        "max_concurrency": (2, 1000),
    },
    Kind: {
        "max_attempts": (1, 100),
        "backoff_base_seconds": (1, 900),
        "max_backoff_seconds": (1, 900),
        "timeout_seconds": (1, 900),
        "deadline_days": (1, 365),
    },
}
"""The ranges that the docstrings of `Lane` and `Kind` give; None stands for the stack's setting."""


def check(functions: Path) -> list[Mistake]:
    """Return every mistake in the declarations of a folder `functions/`, in the order of the lines.

    Nothing but the data-only modules is executed.
    """
    sources, mistakes = read_data(functions)
    if mistakes or not sources:
        return mistakes
    try:
        with executed_for_now(functions) as module:
            return sorted({*_mistakes(functions, sources, module)})
    except InvalidDeclarations as error:
        return list(error.mistakes)


def load(functions: Path) -> Kinds:
    """Return what the declarations of a folder `functions/` declare.

    Raises
    ------
    InvalidDeclarations
        With every mistake.
    """
    if mistakes := check(functions):
        raise InvalidDeclarations(mistakes)
    return Kinds.of(executed(functions))


def _mistakes(functions: Path, sources: Sequence[Source], module: ModuleType) -> Iterator[Mistake]:
    lanes_at, kinds_at = written(sources, "LANES", "Lane"), written(sources, "KINDS", "Kind")
    yield from (*lanes_at.mistakes, *kinds_at.mistakes)
    lanes, kinds = getattr(module, "LANES", {}), getattr(module, "KINDS", {})
    yield from _not_of(lanes, Lane, lanes_at, '"slow": Lane(timeout_seconds=900)')
    yield from _not_of(kinds, Kind, kinds_at, '"thumbnail": Kind("work.images:make_thumbnail")')
    lanes = _only(lanes, Lane)
    kinds = _only(kinds, Kind)
    if len({DEFAULT_LANE, *lanes}) > MOST_LANES:
        yield Mistake(*lanes_at.place, f"there are more than {MOST_LANES} lanes")
    for name, lane in lanes.items():
        for what, write in _faults_of_lane(name, lane):
            yield Mistake(*lanes_at.place_of(name), what, write)
    every = {DEFAULT_LANE: Lane(), **lanes}
    for name, kind in kinds.items():
        for what, write in _faults_of_kind(functions, name, kind, every):
            yield Mistake(*kinds_at.place_of(name), what, write)
    yield from _faults_of_names(kinds_at, kinds)
    yield from _fault_of_default(sources[0], module, Kinds(kinds, every))


def _not_of(declared: Any, wanted: type, at: Written, example: str) -> Iterator[Mistake]:
    if not isinstance(declared, dict):
        yield Mistake(*at.place, f"it is {declared!r}, and must be a dictionary", f"{{{example}}}")
        return
    for key, value in declared.items():
        if not isinstance(key, str):
            yield Mistake(*at.place, f"the name {key!r} must be a text", example)
        elif not isinstance(value, wanted):
            yield Mistake(*at.place_of(key), f"{key} is {value!r}, and must be a {wanted.__name__}", example)


def _only(declared: Any, wanted: type) -> dict[str, Any]:
    items = declared.items() if isinstance(declared, dict) else ()
    return {key: value for key, value in items if isinstance(key, str) and isinstance(value, wanted)}


Fault = tuple[str, str]


def _faults_of_lane(name: str, lane: Lane) -> Iterator[Fault]:
    if not LANE_NAME.fullmatch(name):
        yield f"the lane {name!r} must have 1 to 10 small letters, digits or hyphens, a letter first", ""
    yield from _out_of_range(f"the lane {name}", lane)
    if name == DEFAULT_LANE and lane.closed:
        yield "the default lane cannot be closed: tasks of unknown kinds come to it", "Lane()"
    for attribute in ("closed", "vpc"):
        if not isinstance(getattr(lane, attribute), bool):
            yield f"{attribute} of the lane {name} must be True or False", f"{attribute}=True"
    for attribute in ("environment", "secrets"):
        names = _texts(getattr(lane, attribute))
        if names is None:
            yield f"{attribute} of the lane {name} must be a tuple of names", f'{attribute}=("BUCKET",)'
        else:
            for each in names:
                if not VARIABLE.fullmatch(each):
                    yield f"{each!r} is no name of an environment variable", f'{attribute}=("BUCKET",)'


def _out_of_range(what: str, declared: Kind | Lane) -> Iterator[Fault]:
    for attribute, (low, high) in RANGES[type(declared)].items():
        value = getattr(declared, attribute)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            nearest = min(max(value, low), high) if type(value) is int else low
            yield (
                f"{attribute} of {what} is {value!r}, and must be a whole number from {low} to {high}",
                f"{attribute}={nearest}",
            )


def _faults_of_kind(functions: Path, name: str, kind: Kind, lanes: dict[str, Lane]) -> Iterator[Fault]:
    if fault := fault_of(functions, kind.work):
        yield f"the kind {name}: {fault[0]}", fault[1]
    yield from _out_of_range(f"the kind {name}", kind)
    lane = lanes.get(kind.lane) if isinstance(kind.lane, str) else None
    if lane is None:
        known = ", ".join(sorted(lanes))
        yield f"the kind {name} names the lane {kind.lane!r}; there are {known}", f'lane="{DEFAULT_LANE}"'
    else:
        yield from _faults_in_lane(name, kind, lane)
    base, most = kind.backoff_base_seconds, kind.max_backoff_seconds
    if type(base) is int and type(most) is int and base > most:
        yield f"the kind {name} waits {base} s first, and {most} s at most", f"max_backoff_seconds={base}"
    if kind.payload is not None and (fault_text := _fault_of_payload(kind.payload)):
        yield f"payload of the kind {name} {fault_text}", "payload=Thumbnail"


def _faults_in_lane(name: str, kind: Kind, lane: Lane) -> Iterator[Fault]:
    if lane.closed:
        yield f"the kind {name} is in the lane {kind.lane}, which is closed", f'lane="{DEFAULT_LANE}"'
    own, its = kind.timeout_seconds, lane.timeout_seconds
    if type(own) is int and type(its) is int and own > its:
        yield (
            f"the kind {name} has {own} s, and its lane {kind.lane} only {its} s",
            f"timeout_seconds={its}",
        )


def _fault_of_payload(payload: Any) -> str | None:
    if not isinstance(payload, type) or not dataclasses.is_dataclass(payload):
        return f"is {payload!r}, and must be a dataclass"
    try:
        _resolve(payload, set())
    except Exception as error:  # whatever stands in an annotation
        return f"has an annotation that means nothing: {error}"
    return None


def _resolve(annotation: Any, seen: set[Any]) -> None:
    """Resolve the annotations of a dataclass, and of those that it names."""
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        if annotation not in seen:
            seen.add(annotation)
            for hint in typing.get_type_hints(annotation).values():
                _resolve(hint, seen)
        return
    for part in typing.get_args(annotation):
        _resolve(part, seen)


def _faults_of_names(at: Written, kinds: dict[str, Kind]) -> Iterator[Mistake]:
    owner = {name: name for name in kinds}
    for name, kind in kinds.items():
        place, aliases = at.place_of(name), _texts(kind.aliases)
        if aliases is None:
            what = f"aliases of the kind {name} must be a tuple of names"
            yield Mistake(*place, what, 'aliases=("old",)')
        for each in (name, *(aliases or ())):
            if not KIND_NAME.fullmatch(each):
                what = f"the name {each!r} must be a small letter, then up to 63 of a-z, 0-9, dot and hyphen"
                yield Mistake(*place, what)
            elif is_built_in(each):
                yield Mistake(*place, f"the name {each} is that of a built-in kind")
        for alias in aliases or ():
            if alias in owner:
                what = f"the alias {alias} of the kind {name} is a name of the kind {owner[alias]}"
                yield Mistake(*place, what)
            owner[alias] = name


def _texts(value: Any) -> tuple[str, ...] | None:
    """Return a tuple of texts as it is, and None for anything else."""
    return value if isinstance(value, tuple) and all(isinstance(each, str) for each in value) else None


def _fault_of_default(source: Source, module: ModuleType, kinds: Kinds) -> Iterator[Mistake]:
    default = getattr(module, "DEFAULT_KIND", PROBE)
    if not isinstance(default, str) or default not in kinds.all:
        known = ", ".join(sorted(kinds.all))
        line = line_of_assignment(source, "DEFAULT_KIND")
        what = f"DEFAULT_KIND is {default!r}; the kinds are {known}"
        yield Mistake(source.file, line, what, f'DEFAULT_KIND = "{PROBE}"')
