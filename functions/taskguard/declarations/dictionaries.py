"""Where each kind and lane stands in the declarations' source: dictionaries as they were written."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from taskguard.declarations.mistakes import Mistake
from taskguard.declarations.modules import Source


@dataclass(frozen=True)
class Written:
    """A dictionary such as `KINDS`, as the source has it.

    Attributes
    ----------
    line
        Where it begins; 1 if the source has no dictionary of that name.
    lines
        Where each key stands.
    mistakes
        Keys that stand twice, of which Python would silently take the second.
    """

    file: str
    line: int = 1
    lines: Mapping[str, int] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()

    def line_of(self, key: str) -> int:
        """Return where a key stands, or the dictionary if the source does not show it."""
        return self.lines.get(key, self.line)


def written(source: Source, name: str) -> Written:
    """Return the dictionary that a module assigns to a name."""
    value = next((each for target, each in _assignments(source.tree) if target == name), None)
    if value is None:
        return Written(source.file)
    if not isinstance(value, ast.Dict):
        return Written(source.file, value.lineno)
    lines: dict[str, int] = {}
    mistakes = []
    for key in value.keys:
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            continue
        if key.value in lines:
            what = f"{key.value!r} stands twice in {name}, first in line {lines[key.value]}"
            mistakes.append(Mistake(source.file, key.lineno, what))
        else:
            lines[key.value] = key.lineno
    return Written(source.file, value.lineno, lines, tuple(mistakes))


def line_of_assignment(source: Source, name: str) -> int:
    """Return the line in which a module assigns to a name; 1 if it does not."""
    return next((value.lineno for target, value in _assignments(source.tree) if target == name), 1)


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=targets, value=value):
                yield from ((target.id, value) for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value
