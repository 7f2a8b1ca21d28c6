"""What is wrong with `functions/work/kinds.py` is said at once, in place, and without importing any work."""

import pickle
import shutil
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import get_type_hints

import pytest

from taskguard.declarations import InvalidDeclarations, check, data_modules, load
from taskguard.kinds import DEFAULT_LANE, Kind, Lane
from tests.support.program import REPOSITORY

HEAD = "from dataclasses import dataclass\nfrom taskguard.kinds import Kind, Lane\n"
IMAGES = """
import a_package_that_is_not_installed

def make_thumbnail(payload, context):
    return a_package_that_is_not_installed.thumbnail(payload)

async def fetch(payload, context): ...

class Resizer:
    def inner(self): ...
    def __call__(self, payload, context): ...

resize = Resizer()
resize_again = resize
NUMBER = 3
loads, dumps = a_package_that_is_not_installed.functions()

try:
    from fast import quick
except ImportError:
    quick = None
    def fallback(payload, context): ...

with a_package_that_is_not_installed.lock:
    def locked(payload, context): ...
"""


@pytest.fixture
def functions(tmp_path: Path) -> Path:
    work = tmp_path / "functions" / "work"
    work.mkdir(parents=True)
    (work / "__init__.py").touch()
    (work / "images.py").write_text(IMAGES, encoding="utf-8")
    return tmp_path / "functions"


def declare(functions: Path, text: str, file: str = "kinds.py", *, head: str = HEAD) -> Path:
    (functions / "work" / file).write_text(head + textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    return functions


def mistakes(functions: Path) -> list[str]:
    return [f"{each.line}: {each.what}" for each in check(functions)]


def test_the_programs_own_declarations_have_no_mistake() -> None:
    assert check(REPOSITORY / "functions") == []


def test_what_is_declared_is_loaded_from_its_own_folder_and_no_work_is_imported(functions: Path) -> None:
    declare(
        functions,
        """
        @dataclass(frozen=True)
        class Thumbnail:
            url: str
            width: int = 200

        LANES = {"default": Lane(), "slow": Lane(timeout_seconds=900, max_concurrency=5)}
        KINDS: dict[str, Kind] = {
            "thumbnail": Kind("work.images:make_thumbnail", payload=Thumbnail, lane="slow", aliases=("th",)),
            "fetch.v2": Kind("work.images:fetch"),
            "resize": Kind("work.images:resize_again"),
            "loads": Kind("work.images:loads"),
            "fallback": Kind("work.images:fallback"),
            "quick": Kind("work.images:quick"),
            "locked": Kind("work.images:locked"),
        }
        DEFAULT_KIND = "thumbnail"
        """,
    )
    kinds = load(functions)
    assert kinds.lanes == {DEFAULT_LANE: Lane(), "slow": Lane(timeout_seconds=900, max_concurrency=5)}
    assert sorted(kinds.declared) == [
        *("fallback", "fetch.v2", "loads", "locked", "quick", "resize", "thumbnail")
    ]
    assert kinds.canonical("th") == kinds.canonical(None) == "thumbnail"
    assert "thumbnail" not in load(REPOSITORY / "functions").declared
    assert load(functions).declared["fetch.v2"] == Kind("work.images:fetch")


def test_a_changed_file_is_loaded_anew(functions: Path) -> None:
    load(declare(functions, 'KINDS = {"a": Kind("work.images:fetch")}'))
    assert list(load(declare(functions, 'KINDS = {"b": Kind("work.images:fetch")}')).declared) == ["b"]


def test_siblings_that_are_data_come_along(functions: Path) -> None:
    declare(functions, 'SIZES = {"small": 10}', "sizes.py", head="from work.units import PIXEL\n")
    declare(functions, "PIXEL = 1", "units.py", head="import math\n")
    declare(functions, 'from work import sizes\nKINDS = {"a": Kind("work.images:fetch")}')
    names = [path.name for path in data_modules(functions)]
    assert names == ["__init__.py", "kinds.py", "sizes.py", "units.py"]
    assert mistakes(functions) == []
    declare(functions, 'from .sizes import SIZES\nKINDS = {"a": Kind("work.images:fetch")}')
    assert [path.name for path in data_modules(functions)] == names


def test_imports_that_are_no_data_are_refused_also_in_siblings(functions: Path) -> None:
    declare(functions, "import requests", "sizes.py", head="")
    declare(
        functions,
        """
        import numpy, json
        import importlib
        from work.sizes import SIZES
        from work.images import make_thumbnail
        from taskguard.work import Context
        KINDS = {}
        __import__("numpy")
        """,
    )
    assert [text.split(",")[0] for text in mistakes(functions)] == [
        "3: numpy is imported",
        "4: importlib is imported",
        "7: taskguard.work is imported",
        "9: __import__ is called",
        "1: requests is imported",
        "2: a_package_that_is_not_installed is imported",
        "19: fast is imported",
    ]


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_lines(functions: Path) -> None:
    declare(
        functions,
        """
        LANES = {
            "default": Lane(closed=True),
            "slow": Lane(timeout_seconds=901, memory_mb="much", batch_size=True),
            "slow": Lane(timeout_seconds=60),
            "Too Long A Name": Lane(),
            "shut": Lane(closed=True, environment="BUCKET", secrets=("A-B",), vpc=1),
            "text": 3,
        }
        KINDS = {
            "a": Kind("work.images:make_thumbnial"),
            "b": Kind("work.image:fetch"),
            "c": Kind("fetch"),
            "d": Kind("os.path:join"),
            "e": Kind("work.images:fetch", lane="slwo"),
            "f": Kind("work.images:fetch", lane="shut"),
            "g": Kind("work.images:fetch", lane="slow", timeout_seconds=61, max_attempts=0),
            "h": Kind("work.images:fetch", payload=dict),
            "i": Kind("work.images:fetch", backoff_base_seconds=60, max_backoff_seconds=30),
            "probe": Kind("work.images:fetch"),
            "B": Kind("work.images:fetch", aliases=("a", "probe.slow")),
            "k": Kind("work.images:fetch", aliases="old"),
            "a": Kind("work.images:fetch"),
            "m": {"work": "work.images:fetch"},
        }
        DEFAULT_KIND = "z"
        """,
    )
    found = "\n".join(mistakes(functions))
    for text in (
        "4: the default lane cannot be closed: tasks of unknown kinds come to it",
        "6: 'slow' stands twice in LANES, first in line 5",
        "7: the lane 'Too Long A Name' must have 1 to 10 small letters, digits or hyphens, a letter first",
        "8: environment of the lane shut must be a tuple of names",
        "8: 'A-B' is no name of an environment variable",
        "8: vpc of the lane shut must be True or False",
        "9: text is 3, and must be a Lane",
        "13: the kind b: there is no module work.image",
        "14: the kind c: work is 'fetch', and must be a module and a function such as",
        "15: the kind d: work is 'os.path:join', and must name a function below functions/work/",
        "16: the kind e names the lane 'slwo'; there are Too Long A Name, default, shut, slow",
        "17: the kind f is in the lane shut, which is closed",
        "18: max_attempts of the kind g is 0, and must be a whole number from 1 to 100",
        "18: the kind g has 61 s, and its lane slow only 60 s",
        "19: payload of the kind h is <class 'dict'>, and must be a dataclass",
        "20: the kind i waits 60 s first, and 30 s at most",
        "21: the name probe is that of a built-in kind",
        "22: the name 'B' must be a small letter, then up to 63 of a-z, 0-9, dot and hyphen",
        "22: the alias a of the kind B is a name of the kind a",
        "22: the name probe.slow is that of a built-in kind",
        "23: aliases of the kind k must be a tuple of names",
        "24: 'a' stands twice in KINDS, first in line 12",
        "25: m is {'work': 'work.images:fetch'}, and must be a Kind",
        "27: DEFAULT_KIND is 'z'; the kinds are ",
    ):
        assert text in found
    lines = [each.line for each in check(functions)]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("text", "what", "write"),
    [
        (
            'KINDS = {"a": Kind("work.images:make_thumbnial")}',
            "functions/work/images.py has no function make_thumbnial",
            '"work.images:make_thumbnail"',
        ),
        ('KINDS = {"a": Kind("work.image:fetch")}', "there is no module work.image", '"work.images:fetch"'),
        (
            'KINDS = {"a": Kind("work.images:inner")}',
            "functions/work/images.py has no function inner",
            "def inner(payload, context): ...   (in functions/work/images.py)",
        ),
        ("KINDS = [1]", "it is [1], and must be a dictionary", '{"thumbnail": Kind('),
        ('DEFAULT_KIND = "fresh"', "DEFAULT_KIND is 'fresh'; the kinds are probe", 'DEFAULT_KIND = "probe"'),
        ('LANES = {"slow": Lane(memory_mb=20000)}', "memory_mb of the lane slow is 20000", "memory_mb=10240"),
        ("KINDS = {", "it cannot be parsed: '{' was never closed", ""),
        ('KINDS = {"a": Kind()}', "it cannot be imported: TypeError: Kind.__init__() missing", ""),
        (
            '@dataclass\nclass P:\n    x: "Missing"\nKINDS = {"a": Kind("work.images:fetch", payload=P)}',
            "payload of the kind a has an annotation that means nothing: name 'Missing' is not defined",
            "payload=Thumbnail",
        ),
    ],
)
def test_a_mistake_says_what_to_write(functions: Path, text: str, what: str, write: str) -> None:
    (mistake,) = check(declare(functions, text))
    assert what in mistake.what
    assert mistake.write.startswith(write)
    assert bool(mistake.write) == bool(write)
    assert str(mistake).startswith(f"functions/work/kinds.py:{mistake.line}: {mistake.what}.")


def test_more_lanes_than_a_redrive_allow_policy_names_are_refused(functions: Path) -> None:
    declare(functions, 'LANES = {f"l{number}": Lane() for number in range(9)}')
    assert check(functions) == []
    declare(functions, 'LANES = {f"l{number}": Lane() for number in range(10)}')
    assert mistakes(functions) == ["3: there are more than 10 lanes"]


def test_loading_what_is_wrong_names_every_mistake(functions: Path) -> None:
    declare(functions, 'KINDS = {"a": Kind("work.a:b"), "c": Kind("work.c:d")}\nDEFAULT_KIND = "e"')
    with pytest.raises(
        InvalidDeclarations, match=r"^3 mistake\(s\) in the kinds of tasks:\n  1\. "
    ) as caught:
        load(functions)
    assert len(caught.value.mistakes) == 3


def test_a_folder_without_declarations_is_told(functions: Path) -> None:
    assert mistakes(functions) == ["1: there is no such file"]


def test_what_annotations_name_is_found_among_the_declarations_then_and_later(functions: Path) -> None:
    declare(
        functions,
        """
        from dataclasses import dataclass
        from datetime import date
        from taskguard.kinds import Kind

        @dataclass
        class Size:
            width: int

        @dataclass
        class Thumbnail:
            size: Size
            day: date
            parts: list[Thumbnail]

        KINDS = {"a": Kind("work.images:fetch", payload=Thumbnail)}
        """,
        head="from __future__ import annotations\n",
    )
    kinds = load(functions)
    load(REPOSITORY / "functions")
    payload = kinds.declared["a"].payload
    assert payload
    hints = get_type_hints(payload)
    assert get_type_hints(hints["size"]) == {"width": int}
    assert pickle.loads(pickle.dumps(payload)) is payload  # noqa: S301 - our own


def test_two_copies_are_loaded_side_by_side_and_neither_touches_what_was_imported(
    functions: Path, tmp_path: Path
) -> None:
    other = tmp_path / "copy" / "functions"
    shutil.copytree(declare(functions, 'KINDS = {"a": Kind("work.images:fetch")}'), other)
    declare(other, 'KINDS = {"b": Kind("work.images:fetch")}')
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "work"}
    with ThreadPoolExecutor(8) as threads:
        found = [list(kinds.declared) for kinds in threads.map(load, [functions, other] * 20)]
    assert found == [["a"], ["b"]] * 20
    after = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "work"}
    assert after == before


def test_checking_leaves_no_module_behind(functions: Path) -> None:
    declare(functions, 'KINDS = {"a": Kind("work.images:fetch")}')
    before = set(sys.modules)
    check(functions)
    assert set(sys.modules) == before


def test_the_package_is_executed_with_its_modules_and_so_checked_with_them(functions: Path) -> None:
    declare(functions, "import requests", "__init__.py", head="")
    declare(functions, 'from work.sub.sizes import X\nKINDS = {"a": Kind("work.images:fetch")}')
    (functions / "work" / "sub").mkdir()
    declare(functions, "import numpy", "sub/__init__.py", head="")
    declare(functions, "from .units import X", "sub/sizes.py", head="")
    declare(functions, "X = 1", "sub/units.py", head="")
    found = [f"{each.file} {each.what.split(',')[0]}" for each in check(functions)]
    assert found == [
        "functions/work/__init__.py requests is imported",
        "functions/work/sub/__init__.py numpy is imported",
    ]
    declare(functions, "SIZE = 3", "__init__.py", head="")
    declare(functions, "", "sub/__init__.py", head="")
    text = 'from work import SIZE\nfrom work.sub.sizes import X\nKINDS = {"a": Kind("work.images:fetch")}'
    assert check(declare(functions, text)) == []
    work = functions / "work"
    expected = ["__init__.py", "kinds.py", "sub/__init__.py", "sub/sizes.py", "sub/units.py"]
    assert [path.relative_to(work).as_posix() for path in data_modules(functions)] == expected


def test_a_module_that_is_not_there_is_named_as_such(functions: Path) -> None:
    declare(functions, "from work import sizes\nfrom .unit import X\nfrom ..above import Y\nKINDS = {}")
    assert [text.split(", but")[0] for text in mistakes(functions)] == [
        "3: there is no module work.sizes",
        "4: there is no module work.unit",
        "5: ..above is imported",
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("import sys\nsys.exit(3)", "4: it cannot be imported: SystemExit: 3"),
        ("return 3", "3: it cannot be imported: SyntaxError: 'return' outside function"),
        ("X = 1 / 0", "3: it cannot be imported: ZeroDivisionError: division by zero"),
    ],
)
def test_declarations_that_cannot_be_executed_are_a_mistake_in_their_line(
    functions: Path, text: str, what: str
) -> None:
    (found,) = mistakes(declare(functions, text))
    assert found.startswith(what)


PASSED_ON = """
import json
from .images import fetch as fetched, NUMBER, gone, Resizer
from . import images
from .images import *
from work.nowhere import thing
from elsewhere import unseen
from .ring import around
"""


@pytest.mark.parametrize(
    ("function", "what"),
    [
        ("fetched", None),
        ("make_thumbnail", None),
        ("unseen", None),
        ("NUMBER", "NUMBER of functions/work/images.py is no function"),
        ("gone", "functions/work/images.py has no function gone"),
        ("Resizer", "functions/work/images.py has a class Resizer: calling it makes an object"),
        ("images", "images of functions/work/passed_on.py is a module"),
        ("json", "json of functions/work/passed_on.py is a module"),
        ("thing", "thing is imported from work.nowhere, which does not have it"),
        ("around", "around is imported from work.passed_on, which does not have it"),
    ],
)
def test_a_function_that_a_module_hands_on_is_followed_to_where_it_is_made(
    functions: Path, function: str, what: str | None
) -> None:
    declare(functions, PASSED_ON, "passed_on.py", head="")
    declare(functions, "from .passed_on import around", "ring.py", head="")
    found = mistakes(declare(functions, f'KINDS = {{"a": Kind("work.passed_on:{function}")}}'))
    assert [text.startswith(f"3: the kind a: {what}") for text in found] == ([True] if what else [])


def test_kinds_of_siblings_are_named_where_they_stand_and_none_hides_another(functions: Path) -> None:
    declare(
        functions,
        """
        MORE = {
            "a": Kind("work.images:fetch", max_attempts=0),
            "b": Kind("work.images:fetch"),
            "b": Kind("work.images:fetch"),
        }
        """,
        "more.py",
    )
    declare(
        functions,
        'from work.more import MORE\nKINDS = {\n    **MORE,\n    "a": Kind("work.images:fetch"),\n    '
        '"c": Kind("work.images:fetch"),\n}\nLANES = {"a": Lane()}',
    )
    assert [str(mistake) for mistake in check(functions)] == [
        "functions/work/more.py:4: 'a' stands twice in KINDS, first in line 6 of functions/work/kinds.py.",
        "functions/work/more.py:6: 'b' stands twice in KINDS, first in line 5.",
    ]
    text = 'from work.more import MORE\nKINDS = MORE | {"c": Kind("work.images:fetch")}'
    found = [str(mistake).splitlines()[0] for mistake in check(declare(functions, text))]
    assert found[0] == (
        "functions/work/more.py:4: max_attempts of the kind a is 0, and must be a whole number from 1 to 100."
    )


def test_annotations_are_resolved_as_deep_as_payloads_go(functions: Path) -> None:
    declare(
        functions,
        """
        @dataclass
        class Part:
            inner: "Missing"
            again: "list[Part]"

        @dataclass
        class Whole:
            parts: list[Part]

        KINDS = {"a": Kind("work.images:fetch", payload=Whole)}
        """,
    )
    assert mistakes(functions) == [
        "12: payload of the kind a has an annotation that means nothing: name 'Missing' is not defined"
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("load = __import__", "3: __import__ is used"),
        ("import runpy", "3: runpy is imported"),
        ("from builtins import exec as run", "3: builtins is imported"),
        ("from taskguard import work", "3: taskguard.work is imported"),
    ],
)
def test_ways_around_the_rule_of_imports_are_seen(functions: Path, text: str, what: str) -> None:
    (found,) = mistakes(declare(functions, text))
    assert found.startswith(what)


def test_the_names_of_kinds_may_be_imported_by_way_of_their_package(functions: Path) -> None:
    declare(functions, "from taskguard import kinds\nLANES = {'slow': kinds.Lane(memory_mb=1)}")
    assert mistakes(functions) == [
        "4: memory_mb of the lane slow is 1, and must be a whole number from 128 to 10240"
    ]
