"""The API as openapi.yaml describes it, over HTTP on the local cloud."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.cloud import local_cloud
from tests.proofs.fuzz.over_http import errors_logged, run_schemathesis

pytestmark = pytest.mark.emulator

SECONDS = 15
SEED = 20261121


@pytest.fixture(scope="module")
def outputs() -> Iterator[dict[str, Any]]:
    with local_cloud(outputs_file=None, progress=lambda _line: None) as deployed:
        yield deployed


def test_the_deployed_api_is_as_described_whatever_is_sent(outputs: dict[str, Any], tmp_path: Path) -> None:
    done = run_schemathesis(outputs["apiEndpoint"], SEED, SECONDS, tmp_path)
    assert done.passed, done.output
    assert done.requests >= 20
    assert errors_logged(outputs) == []
