from pathlib import Path

import pytest

from local.outputs import published


def _source(folder: Path, run: str) -> Path:
    (folder / run).mkdir()
    source = folder / run / "outputs.json"
    source.write_text(run)
    return source


def test_outputs_are_there_for_as_long_as_the_context_lasts(tmp_path: Path) -> None:
    target = tmp_path / "new folder" / "outputs.json"
    with published(_source(tmp_path, "one"), target):
        assert target.read_text() == "one"
    assert list(target.parent.iterdir()) == []


def test_outputs_are_removed_on_error_too(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), published(_source(tmp_path, "one"), tmp_path / "outputs.json"):
        raise KeyboardInterrupt
    assert not (tmp_path / "outputs.json").is_symlink()


@pytest.mark.parametrize("step", ["symlink_to", "replace"])
def test_a_signal_as_soon_as_a_link_is_made_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    take = getattr(Path, step)

    def take_and_strike(*arguments: Path) -> None:
        take(*arguments)
        raise SystemExit(143)

    source, target = _source(tmp_path, "one"), tmp_path / "published" / "outputs.json"
    monkeypatch.setattr(Path, step, take_and_strike)
    with pytest.raises(SystemExit), published(source, target):
        pytest.fail("was published")
    assert list(target.parent.iterdir()) == []


def test_the_outputs_of_another_run_are_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "outputs.json"
    with published(_source(tmp_path, "two"), target):
        with published(_source(tmp_path, "one"), target):
            assert target.read_text() == "one"
        assert not target.exists()
        target.write_text("somebody's own")
    assert target.read_text() == "somebody's own"


def test_a_killed_run_leaves_no_outputs_to_be_read(tmp_path: Path) -> None:
    target = tmp_path / "outputs.json"
    source = _source(tmp_path, "one")
    with published(source, target):
        source.unlink()
        assert not target.exists()
