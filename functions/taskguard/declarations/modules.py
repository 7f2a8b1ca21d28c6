"""The data-only modules: `work/kinds.py`, and what it imports of its siblings."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from taskguard.declarations.mistakes import Mistake

WORK: Final = "work"
KINDS: Final = "work/kinds.py"
ALLOWED: Final = frozenset({"taskguard.kinds", "work"})
"""Modules beside the standard library and siblings that data may import."""

_DYNAMIC = frozenset({"__import__", "eval", "exec", "compile"})


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


def data_modules(functions: Path) -> list[Path]:
    """Return the files that whoever reads the declarations needs: the package, `kinds.py`, its siblings.

    Parameters
    ----------
    functions
        The folder `functions/`.
    """
    sources, _ = read_data(functions)
    package = functions / WORK / "__init__.py"
    return sorted({package, *(source.path for source in sources)})


def read_data(functions: Path) -> tuple[list[Source], list[Mistake]]:
    """Return the data-only modules that can be read, `kinds.py` first, and what is wrong with any of them."""
    sources: list[Source] = []
    mistakes: list[Mistake] = []
    seen: set[Path] = set()
    left = [functions / KINDS]
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
        mistakes += _bad_imports(functions, source)
        left += _siblings(functions, source)
    return sources, mistakes


def _bad_imports(functions: Path, source: Source) -> Iterator[Mistake]:
    for module, line in _imported(source.tree):
        if not _is_data(functions, module):
            yield Mistake(
                source.file,
                line,
                f"{module} is imported, but declarations are data: they may import the standard library, "
                "taskguard.kinds, and modules beside this one that are data, too",
                f"(move what needs {module} into a module that `work` of a kind names)",
            )
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _DYNAMIC:
            yield Mistake(source.file, node.lineno, f"{node.func.id} is called, but declarations are data")


def _imported(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = f"{WORK}{'.' + node.module if node.module else ''}" if node.level else node.module or ""
            if parent == WORK:  # `from work import sizes` imports the module work.sizes
                yield from ((f"{WORK}.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield parent, node.lineno


def _is_data(functions: Path, module: str) -> bool:
    return (
        module in ALLOWED
        or module.split(".", maxsplit=1)[0] in sys.stdlib_module_names - {"importlib", "imp"}
        or _sibling(functions, module) is not None
    )


def _siblings(functions: Path, source: Source) -> list[Path]:
    found = (_sibling(functions, module) for module, _ in _imported(source.tree))
    return [path for path in found if path]


def _sibling(functions: Path, module: str) -> Path | None:
    if not module.startswith(f"{WORK}."):
        return None
    path = functions / Path(*module.split(".")).with_suffix(".py")
    return path if path.is_file() else None
