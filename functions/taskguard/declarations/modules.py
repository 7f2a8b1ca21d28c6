"""The data-only modules: `work/kinds.py`, and what it imports of its siblings."""

import ast
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from taskguard.declarations.mistakes import Mistake

WORK: Final = "work"
KINDS: Final = "work/kinds.py"
_IMPORTS_BY_NAME: Final = frozenset({"importlib", "imp", "runpy", "pkgutil", "builtins"})
"""Modules of the standard library by which data could import what this one does not see."""

_DYNAMIC: Final = frozenset({"__import__", "eval", "exec", "compile"})


@dataclass(frozen=True)
class Source:
    """A module's file, parsed.

    Attributes
    ----------
    file
        Its path below the program's folder, for messages.
    """

    path: Path
    file: str
    tree: ast.Module


def read_source(functions: Path, path: Path) -> Source | Mistake:
    """Return a module's source, or why it cannot be read."""
    file = f"{functions.name}/{path.relative_to(functions).as_posix()}"
    try:
        return Source(path, file, ast.parse(path.read_text(encoding="utf-8"), file))
    except OSError:
        return Mistake(file, 1, "there is no such file", "KINDS: dict[str, Kind] = {}")
    except (SyntaxError, ValueError) as error:
        line = error.lineno if isinstance(error, SyntaxError) and error.lineno else 1
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        return Mistake(file, line, f"it cannot be parsed: {reason}")


def file_of_module(functions: Path, name: str) -> Path | None:
    """Return the file of a module such as `work.images`; None if there is none."""
    folder = functions.joinpath(*name.split("."))
    files = (folder / "__init__.py", folder.with_name(f"{folder.name}.py"))
    return next((path for path in files if path.is_file()), None)


def package_of(functions: Path, path: Path) -> str:
    """Return the package that relative imports in a file start from, such as `work`."""
    return ".".join(path.relative_to(functions).parent.parts)


def data_modules(functions: Path) -> list[Path]:
    """Return the files that whoever reads the declarations needs: the package, `kinds.py`, its siblings.

    Parameters
    ----------
    functions
        The folder `functions/`.
    """
    sources, _ = read_data(functions)
    return sorted(source.path for source in sources)


def read_data(functions: Path) -> tuple[list[Source], list[Mistake]]:
    """Return the data-only modules that can be read, `kinds.py` first, and what is wrong with any of them."""
    sources: list[Source] = []
    mistakes: list[Mistake] = []
    seen: set[Path] = set()
    left = [functions / KINDS, *_packages(functions, f"{WORK}.kinds")]
    while left:
        path = left.pop(0)
        if path in seen:
            continue
        seen.add(path)
        source = read_source(functions, path)
        if isinstance(source, Mistake):
            mistakes.append(source)
            continue
        sources.append(source)
        for module, line in _imported(functions, source):
            if fault := _fault_of(functions, module):
                mistakes.append(Mistake(source.file, line, *fault))
            elif file := _own_file(functions, module):
                left += (*_packages(functions, module), file)
        mistakes += _dynamic(source)
    return sources, mistakes


def _own_file(functions: Path, module: str) -> Path | None:
    return file_of_module(functions, module) if module.partition(".")[0] == WORK else None


def _packages(functions: Path, module: str) -> Iterator[Path]:
    """Yield the files of the packages that a module is in: importing it executes them."""
    parts = module.split(".")
    for count in range(1, len(parts)):
        if path := file_of_module(functions, ".".join(parts[:count])):
            yield path


def _imported(functions: Path, source: Source) -> Iterator[tuple[str, int]]:
    """Yield the modules that a module imports, each with its line."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = parent_of(functions, source, node)
            for alias in node.names:  # `from work import sizes` imports the module work.sizes
                yield _module_of(functions, parent, alias.name), node.lineno


def parent_of(functions: Path, source: Source, node: ast.ImportFrom) -> str:
    """Return the full name of the module that `from ... import` names."""
    name = "." * node.level + (node.module or "")
    try:
        return importlib.util.resolve_name(name, package_of(functions, source.path)) if node.level else name
    except ImportError:  # beyond the package
        return name


def _module_of(functions: Path, parent: str, name: str) -> str:
    """Return the module that `from parent import name` needs: one of that name, or the parent itself."""
    inner = f"{parent}.{name}"
    if parent == "taskguard" or _own_file(functions, inner):
        return inner
    file = _own_file(functions, parent)
    if file is None:  # a package without `__init__.py` has nothing but modules
        return (
            inner
            if parent.partition(".")[0] == WORK and functions.joinpath(*parent.split(".")).is_dir()
            else parent
        )
    if file.name != "__init__.py" or name == "*":
        return parent
    package = read_source(functions, file)
    defined = isinstance(package, Mistake) or not {name, "*", "__getattr__"}.isdisjoint(
        names_at_top(package.tree)
    )
    return parent if defined else inner


def names_at_top(tree: ast.Module) -> dict[str, list[ast.stmt]]:
    """Return the names that a module has at its top, each with the statements that make it.

    `*` stands for whatever a star import brings.
    """
    found: dict[str, list[ast.stmt]] = {}
    for name, node in _names(tree.body):
        found.setdefault(name, []).append(node)
    return found


def _names(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node
                continue
            case ast.Assign(targets=targets):
                yield from ((name, node) for target in targets for name in _targets(target))
            case ast.AnnAssign(target=target, value=ast.expr()):
                yield from ((name, node) for name in _targets(target))
            case ast.ImportFrom(names=aliases):
                yield from ((alias.asname or alias.name, node) for alias in aliases)
            case ast.Import(names=aliases):
                yield from ((alias.asname or alias.name.partition(".")[0], node) for alias in aliases)
        for _, inner in ast.iter_fields(node):  # `if`, `try`, `with`, `match`
            if isinstance(inner, list):
                yield from _names(each for each in inner if isinstance(each, ast.stmt))
                yield from _names(
                    each
                    for part in inner
                    if isinstance(part, ast.ExceptHandler | ast.match_case)
                    for each in part.body
                )


def _targets(target: ast.expr) -> Iterator[str]:
    return (
        node.id for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )


def _fault_of(functions: Path, module: str) -> tuple[str, str] | None:
    """Return why data may not import a module, and what to do; None if it may."""
    top = module.partition(".")[0]
    if module == "taskguard.kinds" or top in sys.stdlib_module_names - _IMPORTS_BY_NAME:
        return None
    if top == WORK:
        if module == WORK or file_of_module(functions, module):
            return None
        return f"there is no module {module}", ""
    return (
        f"{module} is imported, but declarations are data: they may import the standard library, "
        "taskguard.kinds, and modules beside this one that are data, too",
        f"(move what needs {module} into a module that `work` of a kind names)",
    )


def _dynamic(source: Source) -> Iterator[Mistake]:
    called = {id(node.func) for node in ast.walk(source.tree) if isinstance(node, ast.Call)}
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in _DYNAMIC:
                yield Mistake(source.file, node.lineno, f"{name} is called, but declarations are data")
            case ast.Name(id="__import__") if id(node) not in called:
                yield Mistake(source.file, node.lineno, "__import__ is used, but declarations are data")


def short_name(error: BaseException) -> str:
    """Return an error as one line: its type, and what it says."""
    return f"{type(error).__name__}: {error}"
