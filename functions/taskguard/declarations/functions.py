"""Whether the function that does a kind's work exists, seen without importing its module."""

import ast
import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from taskguard.declarations.mistakes import Mistake
from taskguard.declarations.modules import (
    WORK,
    Source,
    file_of_module,
    names_at_top,
    parent_of,
    read_source,
)


def fault_of(functions: Path, work: object) -> tuple[str, str] | None:
    """Return what is wrong with the name of a kind's work, and what to write; None if the function exists.

    Parameters
    ----------
    work
        `Kind.work`, which ought to be such as `work.images:make_thumbnail`.
    """
    example = "work.images:make_thumbnail"
    if not isinstance(work, str) or work.count(":") != 1:
        return f"work is {work!r}, and must be a module and a function such as {example}", ""
    module, function = work.split(":")
    parts = module.split(".")
    if parts[0] != WORK or not all(part.isidentifier() for part in (*parts, function)):
        return f"work is {work!r}, and must name a function below functions/{WORK}/ such as {example}", ""
    if file_of_module(functions, module) is None:
        near = difflib.get_close_matches(module, list(_modules(functions)), n=1)
        return (
            f"there is no module {module}",
            f'"{near[0]}:{function}"' if near else f"def {function}(payload, context): ...",
        )
    return _fault_of_name(functions, module, function, frozenset())


def _fault_of_name(
    functions: Path, module: str, name: str, seen: frozenset[tuple[str, str]]
) -> tuple[str, str] | None:
    """Follow a name through the modules that hand it on, to what makes it."""
    path = file_of_module(functions, module)
    source = read_source(functions, path) if path else None
    if source is None or (module, name) in seen:
        return f"{name} is imported from {module}, which does not have it", ""
    if isinstance(source, Mistake):
        return str(source).rstrip("."), ""
    names = names_at_top(source.tree)
    if name not in names:
        return None if _may_have_more(names) else _unknown(module, name, names, source)
    looking = _Looking(functions, module, source, seen | {(module, name)})
    faults = [looking.fault_of(name, node) for node in names[name]]
    # One that is good suffices: `except ImportError: quick = None` stands beside what is meant.
    return None if None in faults else faults[-1]


@dataclass(frozen=True)
class _Looking:
    """A module in which a name is looked at, after those in `seen`."""

    functions: Path
    module: str
    source: Source
    seen: frozenset[tuple[str, str]]

    def fault_of(self, name: str, node: ast.stmt) -> tuple[str, str] | None:
        """Return why a statement makes no function of a name; None if it does, or nobody can say."""
        file = self.source.file
        match node:
            case ast.ClassDef(bases=[], keywords=[], body=body) if not _has_new(body):
                what = f"{file} has a class {name}: calling it makes an object, which is no result"
                return what, f"{name.lower()} = {name}()   (in {file}, and name that)"
            case ast.Import():
                return f"{name} of {file} is a module", ""
            case ast.ImportFrom():
                return self._fault_of_import(name, node)
            case ast.Assign(targets=[ast.Name()], value=value) | ast.AnnAssign(value=value):
                if isinstance(value, ast.Name):
                    return self._fault_of_other(value.id)
                if isinstance(value, _NO_FUNCTIONS):
                    return f"{name} of {file} is no function", f"def {name}(payload, context): ..."
        return None

    def _fault_of_other(self, name: str) -> tuple[str, str] | None:
        if name not in names_at_top(self.source.tree):
            return None  # built in, perhaps
        return _fault_of_name(self.functions, self.module, name, self.seen)

    def _fault_of_import(self, name: str, node: ast.ImportFrom) -> tuple[str, str] | None:
        parent = parent_of(self.functions, self.source, node)
        if parent.partition(".")[0] != WORK:
            return None  # a package's, which is not imported to look
        original = next(alias.name for alias in node.names if name in (alias.asname, alias.name))
        if file_of_module(self.functions, f"{parent}.{original}"):
            return f"{name} of {self.source.file} is a module", ""
        return _fault_of_name(self.functions, parent, original, self.seen)


_NO_FUNCTIONS: Final = (
    *(ast.Constant, ast.JoinedStr, ast.Dict, ast.List, ast.Set, ast.Tuple),
    *(ast.DictComp, ast.ListComp, ast.SetComp, ast.GeneratorExp),
)


def _may_have_more(names: Mapping[str, Sequence[ast.stmt]]) -> bool:
    """Tell whether a module may have names that are not seen in it."""
    return "__getattr__" in names or "*" in names


def _has_new(body: list[ast.stmt]) -> bool:
    return any(isinstance(node, ast.FunctionDef) and node.name == "__new__" for node in body)


def _unknown(module: str, name: str, names: Iterable[str], source: Source) -> tuple[str, str]:
    near = difflib.get_close_matches(name, sorted(names), n=1)
    write = f'"{module}:{near[0]}"' if near else f"def {name}(payload, context): ...   (in {source.file})"
    return f"{source.file} has no function {name}", write


def _modules(functions: Path) -> Iterator[str]:
    for path in sorted((functions / WORK).rglob("*.py")):
        parts = path.relative_to(functions).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
