"""The registered resources of every stack, as templates."""

import json
from pathlib import Path

import pytest

from tests.proofs.conformance.template import STACKS, template


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds `<stack>.json` for every stack."""
    folder = tmp_path_factory.mktemp("templates")
    for name, run in STACKS.items():
        (folder / f"{name}.json").write_text(json.dumps(template(run())))
    return folder
