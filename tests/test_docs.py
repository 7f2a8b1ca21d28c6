"""The documentation says what the code does: its tables, commands, links and pictures."""

import inspect
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from itertools import groupby

import pytest
import typer.main

from docs.generate import OPENAPI, OUTPUTS, documented_alarms, documents, refreshed
from docs.kinds import with_kinds
from docs.way import ASIDE, way_of_a_message
from local.project import REPOSITORY
from ops.cli import app
from taskguard.edge.telemetry import Event
from taskguard.kinds import program_kinds
from taskguard.model.record import Status
from taskguard.storage import attempts, transitions
from taskguard.storage.transition import Transition
from tests.support.program import run_program

DOCUMENTS = {str(path.relative_to(REPOSITORY)): path.read_text(encoding="utf-8") for path in documents()}
TEXT_LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)")
MOST_WORDS = 1000
"""Of the README, as `wc -w` counts them: everything in the file between blanks, code and tables too."""


def lines_of_shell(text: str) -> Iterator[str]:
    """Yield the lines of all fenced blocks of shell commands."""
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from block.splitlines()


def anchors(text: str) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.M
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def section(document: str, heading: str) -> str:
    """Return what stands under a heading of the second level."""
    return DOCUMENTS[document].split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def first_cells(text: str) -> list[str]:
    """Return what stands in backticks, or else as a word, in the first cell of each row of tables."""
    rows = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    return [row.strip("`") for row in rows if row != "---"]


def test_the_readme_is_short() -> None:
    assert len(DOCUMENTS["README.md"].split()) <= MOST_WORDS


def test_the_api_document_knows_the_kinds() -> None:
    text = OPENAPI.read_text(encoding="utf-8")
    assert "# generated: kinds" in text
    assert with_kinds(text, program_kinds()) == text, "stale: run `make docs`"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_generated_blocks_are_fresh(document: str) -> None:
    assert refreshed(DOCUMENTS[document]) == DOCUMENTS[document], "stale: run `make docs`"


@pytest.mark.parametrize(
    ("document", "block"),
    [
        ("docs/settings.md", "settings"),
        ("docs/settings.md", "outputs"),
        ("docs/operating.md", "alarms"),
        ("docs/operating.md", "commands"),
        ("CONTRIBUTING.md", "make-targets"),
        ("docs/how-it-works.md", "way"),
    ],
)
def test_each_table_stands_where_its_readers_look(document: str, block: str) -> None:
    assert f"<!-- generated: {block} -->" in DOCUMENTS[document]


def test_the_table_of_outputs_names_exactly_the_programs_exports() -> None:
    assert sorted(OUTPUTS) == sorted(run_program("dev").exports)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_named_exists(document: str) -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", DOCUMENTS[document], re.MULTILINE)) <= targets


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_of_the_tool_runs_as_written(document: str) -> None:
    commands = typer.main.get_group(app).commands
    for line in lines_of_shell(DOCUMENTS[document]):
        if match := re.match(r"(?:.* \| )?python -m ops (.+)", line):
            name, *arguments = shlex.split(match[1])
            commands[name].make_context(name, arguments)
        elif match := re.match(r'make (demo|local) ARGS="(.+)"', line):
            commands[match[1]].make_context(match[1], shlex.split(match[2]))
    for name in re.findall(r"`(?:python -m )?ops ([a-z]+)", DOCUMENTS[document]):
        assert name in commands


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    for path, anchor in TEXT_LINK.findall(DOCUMENTS[document]):
        target = ((REPOSITORY / document).parent / path).resolve() if path else REPOSITORY / document
        assert target.exists(), path
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), f"{path}#{anchor}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), ["README.md"]
    while waiting:
        document = waiting.pop()
        if document in DOCUMENTS and document not in reached:
            reached.add(document)
            folder = (REPOSITORY / document).parent
            paths = [path for path, _ in TEXT_LINK.findall(DOCUMENTS[document]) if path]
            waiting += [str((folder / path).resolve().relative_to(REPOSITORY)) for path in paths]
    assert set(DOCUMENTS) - reached == {"docs/README.md"}  # for those who open the folder


def test_the_way_of_a_message_enters_no_module_more_than_twice() -> None:
    entered = Counter(module for module, _ in groupby(step.module for step in way_of_a_message()))
    assert "taskguard/process.py" in entered
    assert max(entered.values()) <= 2, entered


def test_what_stands_beside_the_way_is_said() -> None:
    listed = re.findall(
        r"^- \[([^]]+)\]", section("docs/how-it-works.md", "The way of one message"), re.MULTILINE
    )
    assert sorted(listed) == sorted(ASIDE)


def test_the_runbook_has_a_section_for_each_alarm() -> None:
    headings = re.findall(r"^### (.+)$", section("docs/operating.md", "Runbook"), re.MULTILINE)
    assert headings == [alarm.name for alarm in documented_alarms()]


def test_the_table_of_events_is_that_of_the_code() -> None:
    head, *events = first_cells(section("docs/operating.md", "Logs"))
    assert (head, events) == ("event", [event.value for event in Event])


def test_the_table_of_transitions_is_that_of_the_code() -> None:
    members = (*inspect.getmembers(attempts), *inspect.getmembers(transitions))
    functions = {name: member for name, member in members if inspect.isfunction(member)}
    made = {
        name for name, each in functions.items() if inspect.signature(each).return_annotation is Transition
    }
    head, *named = first_cells(section("docs/how-it-works.md", "Transitions").split("\n\nWhat follows", 1)[0])
    assert head == "transition"
    assert sorted(named) == sorted({"submit", *made})


def test_picture_and_table_of_states_have_the_states_of_the_code() -> None:
    states = section("docs/how-it-works.md", "States")
    picture = re.search(r"```mermaid\n(.*?)```", states, re.DOTALL)
    assert picture
    drawn = {name for pair in re.findall(r"(\S+) --> (\w+|\[\*\]):", picture[1]) for name in pair} - {"[*]"}
    head, *named = first_cells(states)
    assert head == "state"
    assert drawn == set(named) == {status.value for status in Status}


def test_the_same_nine_words_are_explained_in_both_places() -> None:
    readme = first_cells(section("README.md", "How it works"))
    assert len(readme) == 1 + 9
    assert first_cells(section("docs/how-it-works.md", "Words")) == readme


def test_every_decision_is_listed_and_says_its_price() -> None:
    folder = "docs/decisions/"
    records = [name for name in DOCUMENTS if name.startswith(folder) and not name.endswith("README.md")]
    listed = re.findall(r"^- \[(\d+)\. (.+)\]\((.+)\)$", DOCUMENTS[f"{folder}README.md"], re.MULTILINE)
    assert sorted(folder + path for _, _, path in listed) == records
    numbers = [int(number) for number, _, _ in listed]
    assert len(set(numbers)) == len(numbers)
    for number, title, path in listed:
        assert path.startswith(f"{int(number):04d}-")
        text = DOCUMENTS[folder + path]
        assert text.startswith(f"# {number}. {title}\n")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Price"]
