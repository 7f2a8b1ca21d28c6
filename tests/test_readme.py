"""The README's tables say what the code does: each is made anew from its source and compared."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.monitoring.alarms import Alarm
from infra.monitoring.catalogue import catalogue
from infra.monitoring.metrics import Watched
from infra.needs import needs
from tests.support.config import stack_settings
from tests.support.program import run_program

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NEEDS = needs(stack_settings("dev"))
WATCHED = Watched(
    service="service",
    functions={key: key for key in NEEDS},
    timeouts_seconds=dict.fromkeys(NEEDS, 30),
    task_queue="tasks",
    dead_letter_queue="dead-letters",
    table="tasks",
    table_operations=("GetItem",),
    api_id="api",
    retry_span_seconds=60,
)


def settings_rows() -> list[str]:
    """Return a row of each setting in Pulumi.yaml."""
    config = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    declared = {name: value for name, value in config.items() if "type" in value}
    return [
        f"| `{name}` | {value['type']} | `{_default(value['default'])}` | {value['description']} |"
        for name, value in declared.items()
    ]


def alarm_rows() -> list[str]:
    """Return a row of each alarm; the functions' alarms are alike, one row serves all."""
    return list(dict.fromkeys(_alarm_row(alarm) for alarm in catalogue(WATCHED)))


def _alarm_row(alarm: Alarm) -> str:
    row = f"| `{alarm.name}` | {alarm.meaning} | {alarm.first_step} |"
    if not alarm.name.endswith(("-errors", "-throttles", "-near-timeout")):
        return row
    for key in NEEDS:
        row = row.replace(f"`{key.replace('_', '-')}-", "`<function>-").replace(f"{key} ", "The function ")
        row = row.replace(f"start {key}", "start the function").replace(f"{key}:", "the function:")
    return row.replace("start The function", "start the function")


def _default(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return '""' if value == "" else str(value)


def _table(after: str) -> list[str]:
    """Return the rows of the first table after a heading, without its head."""
    section = README.split(f"\n## {after}\n", 1)[1]
    rows = re.findall(r"^\|.*\|$", section, re.MULTILINE)
    table = re.match(r"(?:.*?\n)??((?:\|.*\|\n)+)", section[section.index(rows[0]) :])
    assert table
    return table[1].splitlines()[2:]


def test_the_table_of_settings_is_that_of_pulumi_yaml() -> None:
    assert _table("Settings") == settings_rows()


def test_the_table_of_alarms_is_the_catalogue() -> None:
    assert _table("Alarms") == alarm_rows()


def test_the_table_of_outputs_names_exactly_the_programs_exports() -> None:
    named = [re.findall(r"`(\w+)`", row)[0] for row in _table("Outputs")]
    assert sorted(named) == sorted(run_program("dev").exports)


def test_every_make_target_named_exists_and_every_target_is_named() -> None:
    targets = set(
        re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE)) == targets


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_link_leads_to_a_file(path: str) -> None:
    assert (ROOT / path).exists()
