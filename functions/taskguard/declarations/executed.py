"""The declarations executed, anew and from whichever folder they are in."""

import importlib
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from taskguard.declarations.mistakes import Mistake
from taskguard.declarations.modules import KINDS, WORK

_ONE_AT_A_TIME = threading.Lock()


class InvalidDeclarations(ValueError):
    """`functions/work/kinds.py` cannot be used; `mistakes` has everything that is wrong with it."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        listing = "\n".join(f"  {number}. {mistake}" for number, mistake in enumerate(self.mistakes, start=1))
        super().__init__(f"{len(self.mistakes)} mistake(s) in the kinds of tasks:\n{listing}")


def executed(functions: Path) -> ModuleType:
    """Return the module `work.kinds` of a folder `functions/`, executed now; raises `InvalidDeclarations`."""
    with _ONE_AT_A_TIME, _importing_from(functions):
        try:
            return importlib.import_module(f"{WORK}.kinds")
        except Exception as error:  # whatever a module does when it is imported
            line = _line_of(error, functions / KINDS)
            what = f"it cannot be imported: {type(error).__name__}: {error}"
            raise InvalidDeclarations([Mistake(f"{functions.name}/{KINDS}", line, what)]) from error


@contextmanager
def _importing_from(functions: Path) -> Iterator[None]:
    """Import the package `work` from a folder, whatever was imported before, and forget it afterwards."""

    def take_modules() -> dict[str, ModuleType]:
        names = [name for name in sys.modules if name == WORK or name.startswith(f"{WORK}.")]
        return {name: sys.modules.pop(name) for name in names}

    path, before = list(sys.path), take_modules()
    sys.path.insert(0, str(functions))
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:], sys.dont_write_bytecode = path, writes
        take_modules()
        sys.modules.update(before)


def _line_of(error: BaseException, path: Path) -> int:
    line, trace = 1, error.__traceback__
    while trace:
        if Path(trace.tb_frame.f_code.co_filename) == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
