"""What is saved while the local cloud is up: what is updated, what is said, and what is left."""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import pytest

from local.deployer.deploy import run_program
from local.deployer.engine import Program
from local.deployer.reload import FUNCTION, QUEUE, Deployed, Reloader, snapshot, watch

MAIN = """
import pulumi
import pulumi_aws as aws
import settings_of_the_test as given

code = pulumi.AssetArchive({name: pulumi.FileAsset(f"functions/{name}") for name in given.FILES})
for name in given.FUNCTIONS:
    aws.lambda_.Function(name, name=name, role="role", handler="h", code=code, timeout=given.TIMEOUT)
for name in given.QUEUES:
    aws.sqs.Queue(name, name=name)
if given.MISTAKE:
    raise pulumi.RunError(given.MISTAKE)
pulumi.export("queues", given.QUEUES)
"""


@dataclass
class FakeLambda:
    """Takes new code."""

    codes: dict[str, bytes] = field(default_factory=dict)

    def update_function_code(self, FunctionName: str, ZipFile: bytes) -> None:  # noqa: N803 - boto3's names
        self.codes[FunctionName] = ZipFile

    def get_waiter(self, name: str) -> "FakeLambda":
        return self

    def wait(self, **_: Any) -> None:
        """Return at once."""


@dataclass
class Cloud:
    """A program that was deployed, and what was said and kept since."""

    folder: Path
    settings: dict[str, Any]
    functions: FakeLambda = field(default_factory=FakeLambda)
    said: list[str] = field(default_factory=list)
    outputs: list[Mapping[str, Any]] = field(default_factory=list)
    endpoint_url: str = "http://emulator"

    def __post_init__(self) -> None:
        program = Program(self.folder, "taskguard", "local", {"aws:region": "us-east-1"})
        deployed = Deployed(lambda type_, name, values: (name, {**values, "arn": name}))
        run_program(program, deployed)
        aws: Any = self
        self.reloader = Reloader(aws, program, deployed, self.said.append, self.outputs.append)

    def save(self, name: str, text: str) -> None:
        """Save a file of `functions/`, and reload."""
        path = self.folder / "functions" / name
        path.write_text(text, encoding="utf-8")
        self.reloader.reload([path])


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    settings = ModuleType("settings_of_the_test")
    vars(settings).update(
        FILES=["a.py"], FUNCTIONS=["one"], QUEUES=["tasks"], TIMEOUT=3, MISTAKE="", __file__="x"
    )
    monkeypatch.setitem(sys.modules, "settings_of_the_test", settings)
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "a.py").write_text("A = 1\n", encoding="utf-8")
    (tmp_path / "__main__.py").write_text(MAIN, encoding="utf-8")
    (tmp_path / "Pulumi.yaml").write_text("name: taskguard\nruntime: python\n", encoding="utf-8")
    return Cloud(tmp_path, vars(settings))


def test_a_saved_file_is_the_functions_new_code(cloud: Cloud) -> None:
    cloud.save("a.py", "A = 2\n")
    assert b"a.py" in cloud.functions.codes["one"]
    (said,) = cloud.said
    assert said.startswith("Updated one in ")
    assert said.endswith("(functions/a.py saved)")
    assert cloud.outputs == [{"queues": ["tasks"], "awsEndpointUrl": "http://emulator"}]


def test_a_file_that_no_function_has_updates_nothing(cloud: Cloud) -> None:
    cloud.save("README.txt", "hello")
    assert (cloud.functions.codes, cloud.said) == ({}, [])


def test_a_file_saved_as_it_was_updates_nothing_and_one_saved_twice_is_updated_once(cloud: Cloud) -> None:
    cloud.save("a.py", "A = 1\n")
    assert cloud.functions.codes == {}
    cloud.save("a.py", "A = 2\n")
    cloud.functions.codes.clear()
    cloud.save("a.py", "A = 2\n")
    assert cloud.functions.codes == {}


def test_a_file_that_cannot_be_parsed_leaves_the_old_code_and_says_where(cloud: Cloud) -> None:
    cloud.save("a.py", "A = 1\ndef broken(\n")
    assert cloud.functions.codes == {}
    assert cloud.said == ["Not updated: a.py:2: '(' was never closed"]


def test_a_mistake_that_the_program_finds_is_told_and_leaves_the_old_code(cloud: Cloud) -> None:
    cloud.settings["MISTAKE"] = "2 mistakes in the kinds of tasks"
    cloud.save("a.py", "A = 2\n")
    assert cloud.functions.codes == {}
    assert cloud.said == ["Not updated (functions/a.py saved): 2 mistakes in the kinds of tasks"]


def test_what_needs_more_than_code_is_said(cloud: Cloud) -> None:
    cloud.settings["TIMEOUT"] = 4
    cloud.save("a.py", "A = 2\n")
    assert "one" in cloud.functions.codes
    assert cloud.said[1] == "Restart to get the rest of the change: Function one"


@pytest.mark.parametrize(
    ("queues", "told"), [(["tasks", "slow"], "Queue slow (new)"), ([], "Queue tasks (gone)")]
)
def test_code_that_knows_other_queues_than_there_are_is_not_taken(
    cloud: Cloud, queues: list[str], told: str
) -> None:
    cloud.settings["QUEUES"] = queues
    cloud.save("a.py", "A = 2\n")
    assert cloud.functions.codes == {}
    assert cloud.said == [f"Not updated (functions/a.py saved): restart to get {told}"]


def test_types_are_those_of_the_provider(cloud: Cloud) -> None:
    assert {key[0] for key in cloud.reloader.deployed.inputs} == {FUNCTION, QUEUE}


Watched: TypeAlias = tuple[Path, list[list[str]], Callable[[int], None]]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """Watch a folder in a thread; the last member waits for so many reloads."""
    seen: list[list[str]] = []
    arrived, stopped = threading.Condition(), threading.Event()

    def reload(changed: list[Path]) -> None:
        with arrived:
            seen.append([path.name for path in changed])
            arrived.notify_all()

    def wait_for(count: int) -> None:
        with arrived:
            assert arrived.wait_for(lambda: len(seen) >= count, 20), seen

    (tmp_path / "a.py").write_text("1")
    thread = threading.Thread(target=watch, args=(tmp_path, snapshot(tmp_path), reload, stopped), daemon=True)
    thread.start()
    yield tmp_path, seen, wait_for
    stopped.set()
    thread.join(10)
    assert not thread.is_alive()


def test_saved_added_renamed_and_removed_files_are_noticed(watched: Watched) -> None:
    folder, seen, wait_for = watched
    (folder / "b.py").write_text("2")
    wait_for(1)
    draft = folder / "b.py.draft"
    draft.write_text("33")
    draft.replace(folder / "b.py")
    wait_for(2)
    (folder / "a.py").unlink()
    wait_for(3)
    assert "b.py" in seen[0]
    assert "b.py" in seen[1]
    assert "a.py" in seen[-1]


def test_what_tools_leave_is_not_looked_at(tmp_path: Path) -> None:
    for name in ("a.py", ".a.py.swp", "b.py~", "__pycache__/a.pyc", ".hidden/c.py", "data/d.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert sorted(path.name for path in snapshot(tmp_path)) == ["a.py", "d.txt"]
