import threading
import time
from pathlib import Path

import pytest

from local.emulator import venv
from local.emulator.venv import ensure
from local.errors import EmulatorError


class Machine:
    """A machine on which nothing is really installed."""

    def __init__(self, folder: Path) -> None:
        self.venv = folder / "venv"
        self.requirements = folder / "requirements.txt"
        self.requirements.write_text("emulator==1\n")
        self.installations = 0
        self.messages: list[str] = []

    def run(self, *command: str) -> None:
        if "pip" in command:
            # Long enough for others to come in between, if they could.
            time.sleep(0.05)
            self.installations += 1
        else:
            (self.venv / "bin").mkdir(parents=True, exist_ok=True)
            (self.venv / "bin" / "python").touch()

    def ask(self) -> Path:
        return ensure(self.venv, self.requirements, what="the tool", progress=self.messages.append)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path)
    monkeypatch.setattr(venv, "_run", machine.run)
    return machine


def test_it_is_built_once_and_says_so(machine: Machine) -> None:
    assert machine.ask() == machine.ask() == machine.venv / "bin" / "python"
    assert machine.installations == 1
    assert len(machine.messages) == 1
    assert "Installing the tool" in machine.messages[0]


def test_changed_requirements_build_it_again(machine: Machine) -> None:
    machine.ask()
    machine.requirements.write_text("emulator==2\n")
    machine.ask()
    assert machine.installations == 2


def test_an_interrupted_installation_is_done_again(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*command: str) -> None:
        machine.run(*command)
        if "pip" in command:
            raise KeyboardInterrupt

    monkeypatch.setattr(venv, "_run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        machine.ask()
    monkeypatch.setattr(venv, "_run", machine.run)
    machine.ask()
    assert machine.installations == 2


def test_two_that_ask_at_once_build_it_once(machine: Machine) -> None:
    threads = [threading.Thread(target=machine.ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert machine.installations == 1


def test_what_a_link_points_to_is_not_emptied(machine: Machine, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    machine.venv.symlink_to(shared)
    with pytest.raises(EmulatorError, match="is a link, and out of date"):
        machine.ask()
    assert machine.installations == 0


def test_a_failed_installation_says_what_failed_and_why() -> None:
    with pytest.raises(
        EmulatorError, match=r"(?s)Cannot install the tool: 'python3 -c .*' failed\..*the reason"
    ):
        venv._run("the tool", "python3", "-c", "import sys; sys.exit('the reason')")
