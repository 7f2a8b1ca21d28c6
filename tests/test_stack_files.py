"""The stacks' files: as the Pulumi CLI writes them, so that it changes no line that nobody changed."""

import json
import re

import pytest
import yaml

from local.project import REPOSITORY

FILES = sorted(path.name for path in REPOSITORY.glob("Pulumi.*.yaml"))
VALUE = re.compile(r"^  [\w-]+:\w+: (\S.*)$", re.MULTILINE)


@pytest.mark.parametrize("file", FILES)
def test_values_are_text_and_in_quotes_where_they_would_not_be_otherwise(file: str) -> None:
    values = VALUE.findall((REPOSITORY / file).read_text(encoding="utf-8"))
    assert values
    for written in values:
        value = yaml.safe_load(written)
        assert isinstance(value, str), f"{file}: write {json.dumps(written)}"
        assert written == (value if isinstance(yaml.safe_load(value), str) else json.dumps(value))


def test_every_stack_has_such_a_file() -> None:
    assert FILES == ["Pulumi.dev.yaml", "Pulumi.local.yaml", "Pulumi.prod.yaml"]


def test_removing_a_stack_is_documented_to_keep_its_file() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (REPOSITORY / "docs").glob("*.md")]
    removals = [line for text in texts for line in text.splitlines() if line.startswith("pulumi stack rm")]
    assert removals
    assert all("--preserve-config" in line for line in removals)
