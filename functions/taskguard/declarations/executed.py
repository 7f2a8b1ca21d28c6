"""The declarations executed, anew and from whichever folder they are in."""

import builtins
import contextlib
import importlib.util
import itertools
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from taskguard.declarations.mistakes import Mistake
from taskguard.declarations.modules import WORK, Source, file_of_module, read_data, short_name

_NUMBERS: Final = itertools.count(1)


class InvalidDeclarations(ValueError):
    """`functions/work/kinds.py` cannot be used; `mistakes` has everything that is wrong with it."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        listing = "\n".join(f"  {number}. {mistake}" for number, mistake in enumerate(self.mistakes, start=1))
        super().__init__(f"{len(self.mistakes)} mistake(s) in the kinds of tasks:\n{listing}")


def executed(functions: Path) -> ModuleType:
    """Return the module `work.kinds` of a folder `functions/`, executed now; raises `InvalidDeclarations`.

    It and its siblings stay in `sys.modules`, so that the annotations of their classes can be resolved, but
    under a name of their own: neither what the process has imported as `work`, nor another thread that
    executes another folder's, is touched.
    """
    sources, mistakes = read_data(functions)
    if mistakes:
        raise InvalidDeclarations(mistakes)
    program = _Program(functions, sources)
    try:
        return program.module(f"{WORK}.kinds")
    except (Exception, SystemExit) as error:  # whatever a module does when it is imported
        program.forget()
        raise InvalidDeclarations([_mistake(error, sources)]) from error


@contextlib.contextmanager
def executed_for_now(functions: Path) -> Iterator[ModuleType]:
    """Yield what `executed` returns, and forget it afterwards."""
    module = executed(functions)
    try:
        yield module
    finally:
        _forget(module.__name__.partition(".")[0])


class _Program:
    """The data-only modules of one folder, in which `work` means the package of that folder."""

    def __init__(self, functions: Path, sources: Sequence[Source]) -> None:
        self.functions = functions
        self.sources: Mapping[Path, Source] = {source.path: source for source in sources}
        self.package = f"_{WORK}_{next(_NUMBERS)}"

    def module(self, name: str) -> ModuleType:
        """Return a module by its usual name, such as `work.kinds`, executed when it is first asked for."""
        unique = f"{self.package}{name.removeprefix(WORK)}"
        if unique in sys.modules:
            return sys.modules[unique]
        parent, _, last = name.rpartition(".")
        above = self.module(parent) if parent else None
        module = self._execute(name, unique)
        if above:
            setattr(above, last, module)
        return module

    def _execute(self, name: str, unique: str) -> ModuleType:
        path = file_of_module(self.functions, name)
        source = self.sources.get(path) if path else None
        if path and not source:
            raise ModuleNotFoundError(f"{name} is imported in a way that cannot be seen", name=name)
        is_package = path is None or path.name == "__init__.py"
        if path is None and not self.functions.joinpath(*name.split(".")).is_dir():
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        module = ModuleType(unique)
        package = name if is_package else name.rpartition(".")[0]
        module.__package__ = f"{self.package}{package.removeprefix(WORK)}"
        module.__dict__["__builtins__"] = vars(builtins) | {"__import__": self._import_from(package)}
        sys.modules[unique] = module  # already now: dataclasses look there for what annotations mean
        if source:
            module.__file__ = str(path)
            code = compile(source.tree, str(path), "exec", dont_inherit=True)
            exec(code, vars(module))  # noqa: S102 - the program's own file, which `pulumi up` deploys
        return module

    def _import_from(self, package: str) -> Any:
        """Return what `import` does in the modules of a package."""

        def import_(
            name: str,
            globals_: Mapping[str, object] | None = None,
            locals_: Mapping[str, object] | None = None,
            fromlist: Sequence[str] | None = (),
            level: int = 0,
        ) -> ModuleType:
            absolute = importlib.util.resolve_name("." * level + name, package) if level else name
            if absolute.partition(".")[0] != WORK:
                return builtins.__import__(name, globals_, locals_, fromlist or (), level)
            module = self.module(absolute)
            if not fromlist:
                return self.module(WORK)
            for each in fromlist:
                if not hasattr(module, each) and file_of_module(self.functions, f"{absolute}.{each}"):
                    self.module(f"{absolute}.{each}")
            return module

        return import_

    def forget(self) -> None:
        """Take the modules out of `sys.modules`."""
        _forget(self.package)


def _forget(package: str) -> None:
    for name in list(sys.modules):
        if name == package or name.startswith(f"{package}."):
            del sys.modules[name]


def _mistake(error: BaseException, sources: Sequence[Source]) -> Mistake:
    """Say where a module raised: at the innermost line that stands in one of them."""
    files = {str(source.path): source.file for source in sources}
    file, line = sources[0].file, 1
    trace = error.__traceback__
    while trace:
        where = trace.tb_frame.f_code.co_filename
        if where in files:
            file, line = files[where], trace.tb_lineno
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename in files:
        file, line = files[error.filename], error.lineno or 1
    return Mistake(file, line, f"it cannot be imported: {short_name(error)}")
