"""Whether the function that does a kind's work exists, seen without importing its module."""

import ast
import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path

from taskguard.declarations.modules import WORK, read_source


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
    path = _file(functions, parts)
    if path is None:
        near = difflib.get_close_matches(module, list(_modules(functions)), n=1)
        return (
            f"there is no module {module}",
            f'"{near[0]}:{function}"' if near else f"def {function}(payload, context): ...",
        )
    source = read_source(functions, path)
    if not hasattr(source, "tree"):
        return str(source).rstrip("."), ""
    names = set(_names(source.tree.body))
    if function in names or "*" in names:
        return None
    near = difflib.get_close_matches(function, sorted(names), n=1)
    write = f'"{module}:{near[0]}"' if near else f"def {function}(payload, context): ...   (in {source.file})"
    return f"{source.file} has no function {function}", write


def _file(functions: Path, parts: list[str]) -> Path | None:
    folder = functions.joinpath(*parts)
    return next(
        (path for path in (folder.with_suffix(".py"), folder / "__init__.py") if path.is_file()), None
    )


def _modules(functions: Path) -> Iterator[str]:
    for path in sorted((functions / WORK).rglob("*.py")):
        parts = path.relative_to(functions).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _names(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Yield the names that a module has at its top: defined, assigned or imported; `*` if nobody can say."""
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.ImportFrom(names=aliases) | ast.Import(names=aliases):
                yield from (alias.asname or alias.name for alias in aliases)
            case ast.If(body=inner, orelse=rest):
                yield from _names((*inner, *rest))
            case ast.Try(body=inner, handlers=handlers, orelse=rest, finalbody=last):
                excepted = (each for handler in handlers for each in handler.body)
                yield from _names((*inner, *excepted, *rest, *last))
