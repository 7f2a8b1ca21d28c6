"""What is saved while the local cloud is up: what is updated, what is said, and what is left."""

import gc
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import pulumi
import pytest
from botocore.exceptions import EndpointConnectionError

from local.deployer.deploy import run_program
from local.deployer.engine import Program
from local.deployer.reload import FUNCTION, MAPPING, QUEUE, Deployed, Reloader, snapshot, watch

MAIN = """
import pulumi
import pulumi_aws as aws
import settings_of_the_test as given

code = pulumi.AssetArchive({name: pulumi.FileAsset(f"functions/{name}") for name in given.FILES})
for name in given.FUNCTIONS:
    aws.lambda_.Function(name, name=name, role="role", handler="h", code=code, timeout=given.TIMEOUT)
for name in given.INVOKED_BY_QUEUES:
    aws.lambda_.EventSourceMapping(name, function_name=name, event_source_arn="arn:aws:sqs:::tasks")
for name in given.QUEUES:
    aws.sqs.Queue(name, name=name)
aws.lambda_.LayerVersion("packages", layer_name="packages", code=pulumi.FileArchive(given.LAYER))
if given.MISTAKE:
    raise given.MISTAKE
pulumi.export("queues", given.QUEUES)
"""


@dataclass
class FakeLambda:
    """Takes new code."""

    codes: dict[str, bytes] = field(default_factory=dict)
    answers: bool = True

    def update_function_code(self, FunctionName: str, ZipFile: bytes) -> None:  # noqa: N803 - boto3's names
        if not self.answers:
            raise EndpointConnectionError(endpoint_url="http://emulator")
        self.codes[FunctionName] = ZipFile


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
        deployed = Deployed(lambda type_, name, values: (name, {**values, "arn": f"arn:{name}"}))
        run_program(program, deployed)
        aws: Any = self
        self.reloader = Reloader(aws, program, deployed, self.said.append, self.outputs.append)

    def save(self, name: str, text: str) -> None:
        """Save a file of `functions/`, and reload."""
        path = self.folder / "functions" / name
        path.write_text(text, encoding="utf-8")
        self.reloader.reload([path])


@pytest.fixture
def quiet_asyncio() -> Iterator[None]:
    """Keep asyncio from repeating, whenever its garbage is collected, what a run raised; as `deploy` does."""
    logger = logging.getLogger("asyncio")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    gc.collect()
    logger.setLevel(level)


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet_asyncio: None) -> Cloud:
    settings = ModuleType("settings_of_the_test")
    vars(settings).update(
        FILES=["a.py"],
        FUNCTIONS=["one"],
        INVOKED_BY_QUEUES=[],
        QUEUES=["tasks"],
        TIMEOUT=3,
        LAYER="layer-1",
        MISTAKE=None,
        __file__="x",
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
    assert cloud.said == ["Not updated: functions/a.py:2: '(' was never closed"]


def test_a_broken_file_does_not_go_along_with_the_next_good_one(cloud: Cloud) -> None:
    cloud.settings["FILES"] = ["a.py", "b.py"]
    cloud.save("b.py", "B = 1\n")
    cloud.functions.codes.clear()
    cloud.said.clear()
    cloud.save("a.py", "def broken(\n")
    cloud.save("b.py", "B = 2\n")
    assert cloud.functions.codes == {}
    assert cloud.said == ["Not updated: functions/a.py:1: '(' was never closed"] * 2
    cloud.save("a.py", "A = 2\n")
    assert b"A = 2\n" in cloud.functions.codes["one"]
    assert b"B = 2\n" in cloud.functions.codes["one"]


def test_a_broken_file_that_was_removed_holds_nothing_up(cloud: Cloud) -> None:
    cloud.save("b.py", "def broken(\n")
    (cloud.folder / "functions" / "b.py").unlink()
    cloud.save("a.py", "A = 2\n")
    assert b"A = 2\n" in cloud.functions.codes["one"]


def test_a_file_that_goes_while_it_is_packed_is_told_and_leaves_the_old_code(cloud: Cloud) -> None:
    path = cloud.folder / "functions" / "a.py"
    path.unlink()
    cloud.reloader.reload([path])
    assert cloud.functions.codes == {}
    (said,) = cloud.said
    assert said.startswith("Not updated (functions/a.py saved): FileNotFoundError: ")


def test_a_program_that_exits_is_told_and_leaves_the_old_code(cloud: Cloud) -> None:
    cloud.settings["MISTAKE"] = SystemExit(2)
    cloud.save("a.py", "A = 2\n")
    assert (cloud.functions.codes, cloud.said) == (
        {},
        ["Not updated (functions/a.py saved): SystemExit: 2"],
    )


def test_an_emulator_that_does_not_answer_is_told_and_the_next_save_tries_again(cloud: Cloud) -> None:
    cloud.functions.answers = False
    cloud.save("a.py", "A = 2\n")
    (said,) = cloud.said
    assert said.startswith("Not all updated (functions/a.py saved); save again to try again: Endpoint")
    assert cloud.outputs == []
    cloud.functions.answers = True
    cloud.save("a.py", "A = 2\n")
    assert b"A = 2\n" in cloud.functions.codes["one"]


def test_a_mistake_that_the_program_finds_is_told_and_leaves_the_old_code(cloud: Cloud) -> None:
    cloud.settings["MISTAKE"] = pulumi.RunError("2 mistakes in the kinds of tasks")
    cloud.save("a.py", "A = 2\n")
    assert cloud.functions.codes == {}
    assert cloud.said == ["Not updated (functions/a.py saved): 2 mistakes in the kinds of tasks"]


def test_what_needs_more_than_code_is_said(cloud: Cloud) -> None:
    cloud.settings["TIMEOUT"] = 4
    cloud.save("a.py", "A = 2\n")
    assert "one" in cloud.functions.codes
    assert cloud.said[1] == "Restart to get the rest of the change: Function one"


def test_other_packages_need_a_restart_and_say_so(cloud: Cloud) -> None:
    cloud.settings["LAYER"] = "layer-2"
    cloud.save("requirements.txt", "pillow==11.0.0\n")
    assert cloud.functions.codes == {}
    assert cloud.said == ["Restart to get the rest of the change: LayerVersion packages"]


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


def test_functions_that_queues_invoke_know_a_new_kind_before_the_api_takes_its_tasks(cloud: Cloud) -> None:
    cloud.settings["FUNCTIONS"] = ["a-submit", "b-process", "c-read", "d-process"]
    cloud.settings["INVOKED_BY_QUEUES"] = ["arn:d-process", "b-process"]  # AWS takes either
    again = Cloud(cloud.folder, cloud.settings)
    again.save("a.py", "A = 2\n")
    assert list(again.functions.codes) == ["b-process", "d-process", "a-submit", "c-read"]
    assert again.said[0].startswith("Updated a-submit, b-process, c-read, d-process in ")


def test_types_are_those_of_the_provider(cloud: Cloud) -> None:
    cloud.settings["INVOKED_BY_QUEUES"] = ["one"]
    cloud = Cloud(cloud.folder, cloud.settings)
    assert {key[0] for key in cloud.reloader.deployed.inputs} == {
        FUNCTION,
        MAPPING,
        QUEUE,
        "aws:lambda/layerVersion:LayerVersion",
    }


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


def test_a_folder_that_goes_while_it_is_looked_at_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.py").write_text("x")
    (tmp_path / "going").mkdir()
    look = os.scandir

    def look_unless_gone(path: Any) -> Any:
        if Path(path).name == "going":
            raise FileNotFoundError(path)
        return look(path)

    monkeypatch.setattr(os, "scandir", look_unless_gone)
    assert [path.name for path in snapshot(tmp_path)] == ["a.py"]


class Saves(threading.Event):
    """Saves one text each time that the watcher pauses, and stops it some pauses after the last."""

    def __init__(self, file: Path, texts: list[str]) -> None:
        super().__init__()
        self.file, self.texts, self.pauses_left = file, list(texts), 5

    def wait(self, timeout: float | None = None) -> bool:
        if self.texts:
            self.file.write_text(self.texts.pop(0))
        else:
            self.pauses_left -= 1
        if not self.pauses_left:
            self.set()
        return self.is_set()


def test_several_saves_in_quick_succession_are_one_update_of_the_last(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    seen: list[tuple[list[Path], str]] = []
    saves = Saves(file, ["1", "22", "333", "4444"])
    watch(tmp_path, {}, lambda changed: seen.append((changed, file.read_text())), saves)
    assert seen == [([file], "4444")]


def test_what_is_saved_during_an_update_is_an_update_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    seen: list[str] = []

    def reload(changed: list[Path]) -> None:
        seen.append(file.read_text())
        if len(seen) == 1:
            file.write_text("saved meanwhile")

    watch(tmp_path, {}, reload, Saves(file, ["1"]))
    assert seen == ["1", "saved meanwhile"]


def test_told_to_stop_while_files_change_it_updates_nothing_more(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    saves = Saves(file, ["1", "22"])
    saves.pauses_left = 1
    watch(tmp_path, {}, lambda changed: pytest.fail(f"reloaded {changed}"), saves)
