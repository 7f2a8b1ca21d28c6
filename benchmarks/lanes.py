"""Whether a slow lane delays a quick one: 100 quick tasks on the local cloud, with and without 40 slow ones.

`make lanes`

Both are measured in turn in one local cloud, three times each; medians are compared.
"""

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import httpx

from local.cloud import local_cloud
from ops.stack.aws import Aws
from ops.stack.outputs import from_document
from ops.tasks import read_records
from tests.support.program_copy import ProgramCopy

ROUNDS, QUICK, SLOW, SLOW_SECONDS, BATCH = 3, 100, 40, 5, 25
KINDS = """
from taskguard.kinds import Kind, Lane

LANES = {"default": Lane(), "slow": Lane(batch_size=1, max_concurrency=5)}
KINDS = {"quick": Kind("work.naps:none"), "slow": Kind("work.naps:nap", lane="slow")}
"""
NAPS = f"""
import time

def none(payload, context): ...

def nap(payload, context):
    time.sleep({SLOW_SECONDS})
"""


def main() -> None:
    """Measure, and print both medians and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        program = ProgramCopy.made(Path(folder))
        program.write("kinds.py", KINDS)
        program.write("naps.py", NAPS)
        with (
            local_cloud(outputs_file=None, program_folder=program.folder) as outputs,
            httpx.Client(timeout=60) as http,
        ):
            aws = Aws(from_document(outputs, "the local cloud"))
            _seconds(aws, http, "warm", slow=0)
            alone, beside = [], []
            for number in range(ROUNDS):
                alone.append(_seconds(aws, http, f"alone-{number}", slow=0))
                beside.append(_seconds(aws, http, f"beside-{number}", slow=SLOW))
    first, second = median(alone), median(beside)
    _say(f"{QUICK} quick tasks alone: {_listed(alone)}")
    _say(f"beside {SLOW} slow ones of {SLOW_SECONDS} s: {_listed(beside)}")
    _say(f"medians {first:.2f} s and {second:.2f} s, ratio {second / first:.2f}")


def _seconds(aws: Aws, http: httpx.Client, name: str, slow: int) -> float:
    """Return how long the quick tasks took from the first submission to the last completion."""
    naps = _submit(aws, http, f"{name}-slow", "slow", slow)
    began = time.monotonic()
    _until_complete(aws, _submit(aws, http, name, "quick", QUICK))
    seconds = time.monotonic() - began
    still = len(naps) - _completed(aws, naps)
    _say(f"{name}: {seconds:.2f} s, {still} of {slow} slow ones not yet done")
    _until_complete(aws, naps)
    return seconds


def _submit(aws: Aws, http: httpx.Client, name: str, kind: str, count: int) -> list[str]:
    ids = [f"{name}-{number}" for number in range(count)]
    for start in range(0, count, BATCH):
        tasks = [{"taskId": each, "kind": kind, "payload": None} for each in ids[start : start + BATCH]]
        http.post(f"{aws.outputs.api_endpoint}/tasks/batch", json={"tasks": tasks}).raise_for_status()
    return ids


def _completed(aws: Aws, ids: list[str]) -> int:
    found = read_records(aws.dynamodb, aws.outputs.tasks_table_name, ids)
    return sum(record.status == "COMPLETED" for record in found.values())


def _until_complete(aws: Aws, ids: list[str]) -> None:
    while _completed(aws, ids) < len(ids):
        time.sleep(0.1)


def _listed(seconds: list[float]) -> str:
    return ", ".join(f"{each:.2f}" for each in seconds) + " s"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
