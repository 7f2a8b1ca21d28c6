"""Where each kind and lane stands in the declarations' source: dictionaries as they were written."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from taskguard.declarations.mistakes import Mistake
from taskguard.declarations.modules import Source

Place: TypeAlias = tuple[str, int]
"""A file, as messages name it, and a line."""


@dataclass(frozen=True)
class Written:
    """A dictionary such as `KINDS`, as the sources have it.

    Attributes
    ----------
    place
        Where it begins; the first line of `kinds.py` if there is no dictionary of that name.
    places
        Where each key stands, in whichever of the sources.
    mistakes
        Keys that stand twice, of which Python would silently take the second.
    """

    place: Place
    places: Mapping[str, Place]
    mistakes: tuple[Mistake, ...]

    def place_of(self, key: str) -> Place:
        """Return where a key stands, or the dictionary if no source shows it."""
        return self.places.get(key, self.place)


def written(sources: Sequence[Source], name: str, values: str) -> Written:
    """Return the dictionary that `kinds.py`, the first of the sources, has under a name.

    Parameters
    ----------
    values
        What it holds, such as `Kind`: a dictionary of these belongs to it wherever it stands, as one that
        another module keeps and `kinds.py` takes in.
    """
    whole = next((value for target, value in _assignments(sources[0].tree) if target == name), None)
    places: dict[str, Place] = {}
    mistakes = []
    for source in sources:
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Dict) or not (node is whole or _holds(node, values)):
                continue
            for key in node.keys:
                if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
                    continue
                if first := places.get(key.value):
                    where = f"in line {first[1]}" + ("" if first[0] == source.file else f" of {first[0]}")
                    what = f"{key.value!r} stands twice in {name}, first {where}"
                    mistakes.append(Mistake(source.file, key.lineno, what))
                else:
                    places[key.value] = source.file, key.lineno
    return Written((sources[0].file, whole.lineno if whole else 1), places, tuple(mistakes))


def _holds(node: ast.Dict, values: str) -> bool:
    return any(
        isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] == values
        for value in node.values
    )


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
