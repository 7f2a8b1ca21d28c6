from pathlib import Path

import pytest

from local.errors import StackConfigError
from local.project import load_project, load_stack_config

PROJECT = """
name: demo
runtime: python
config:
  maxAttempts: {type: integer, default: 3}
  failureRate: {type: number, default: 0.3}
  tracing: {type: boolean, default: false}
  origins: {type: array, items: {type: string}, default: []}
  tags: {type: object, default: {team: core}}
  email: {type: string}
  aws:region: {value: eu-west-1}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  demo:maxAttempts: 5\n  aws:region: us-east-1\n")
    (tmp_path / "Pulumi.local.yaml").write_text("config: {}\n")
    return tmp_path


def test_defaults_become_text_under_full_keys(folder: Path) -> None:
    assert load_stack_config("local", program_folder=folder) == {
        "demo:maxAttempts": "3",
        "demo:failureRate": "0.3",
        "demo:tracing": "false",
        "demo:origins": "[]",
        "demo:tags": '{"team":"core"}',
        "aws:region": "eu-west-1",
    }


def test_a_setting_without_value_and_default_is_absent(folder: Path) -> None:
    assert "demo:email" not in load_stack_config("dev", program_folder=folder)


def test_the_stack_wins_over_the_project_and_an_override_over_both(folder: Path) -> None:
    stack = load_stack_config("dev", program_folder=folder)
    assert (stack["demo:maxAttempts"], stack["aws:region"]) == ("5", "us-east-1")
    assert load_stack_config("dev", {"maxAttempts": "7"}, program_folder=folder)["demo:maxAttempts"] == "7"


def test_an_unknown_stack_is_refused_with_the_stacks_that_exist(folder: Path) -> None:
    with pytest.raises(StackConfigError, match=r"no stack 'prod'.*: dev, local\."):
        load_stack_config("prod", program_folder=folder)


def test_an_override_of_no_setting_is_refused_with_the_settings_that_exist(folder: Path) -> None:
    with pytest.raises(StackConfigError, match=r"'demo:maxAttempt'; it has: email, failureRate, maxAttempts"):
        load_stack_config("dev", {"maxAttempt": "7"}, program_folder=folder)


def test_a_misspelt_setting_in_the_stack_file_is_refused(folder: Path) -> None:
    (folder / "Pulumi.dev.yaml").write_text("config:\n  demo:maxAtempts: 5\n")
    with pytest.raises(StackConfigError, match="maxAtempts"):
        load_stack_config("dev", program_folder=folder)


@pytest.mark.parametrize(
    ("name", "value"),
    [("maxAttempts", "many"), ("failureRate", "low"), ("tracing", "yes"), ("origins", "{}"), ("tags", "[]")],
)
def test_a_value_of_another_type_is_refused_by_name(folder: Path, name: str, value: str) -> None:
    with pytest.raises(StackConfigError, match=f"'demo:{name}' must be of type"):
        load_stack_config("dev", {name: value}, program_folder=folder)


@pytest.mark.parametrize(
    ("line", "said"), [("demo:email:", "no value"), ("demo:email: {secure: x}", "encrypted")]
)
def test_a_value_that_cannot_be_read_is_refused(folder: Path, line: str, said: str) -> None:
    (folder / "Pulumi.dev.yaml").write_text(f"config:\n  {line}\n")
    with pytest.raises(StackConfigError, match=said):
        load_stack_config("dev", program_folder=folder)


@pytest.mark.parametrize(
    ("text", "said"), [("config: [", "not valid YAML"), ("[]", "mapping"), ("a: b", "no name")]
)
def test_a_broken_project_file_is_named(folder: Path, text: str, said: str) -> None:
    (folder / "Pulumi.yaml").write_text(text)
    with pytest.raises(StackConfigError, match=f"Pulumi.yaml.*{said}"):
        load_stack_config("dev", program_folder=folder)


@pytest.mark.parametrize("stack", load_project().stacks())
def test_every_stack_of_this_project_loads(stack: str) -> None:
    assert load_stack_config(stack)["taskguard:maxAttempts"].isdigit()
