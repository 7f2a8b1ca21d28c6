"""The examples, laid over a copy of the program: their own tests, and each of them on the local cloud."""

import io
import json
import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
import yaml
from PIL import Image

from local.aws_clients import ACCESS_KEY, SECRET_KEY
from local.cloud import local_cloud
from ops.stack.aws import Aws
from ops.stack.outputs import from_document
from taskguard.model.record import TaskRecord
from taskguard.storage.store import TaskStore
from tests.support.local_processes import becomes_true
from tests.support.program import REPOSITORY
from tests.support.program_copy import ProgramCopy

EXAMPLES = REPOSITORY / "examples"
LONGEST_SECONDS = 120.0


def laid_over(folder: Path) -> ProgramCopy:
    """Return a copy of the program with the shop's work in it."""
    program = ProgramCopy.made(folder)
    shutil.copytree(
        EXAMPLES / "work", program.work, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    return program


def test_the_examples_own_tests_pass(tmp_path: Path) -> None:
    program = laid_over(tmp_path)
    shutil.copytree(EXAMPLES / "tests", program.folder / "tests")
    functions = program.folder / "functions"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    environment = {**os.environ, "PYTHONPATH": str(functions)}
    done = subprocess.run(
        command, cwd=program.folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]


@dataclass
class PaymentApi:
    """A payment API that is busy, then down, and refuses what is too dear; it charges once for each key.

    Attributes
    ----------
    charged
        How often each idempotency key was charged.
    """

    charged: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)

    def answer(self, key: str, cents: int) -> tuple[int, dict[str, str], Mapping[str, Any]]:
        """Return status, headers and body."""
        self.asked[key] += 1
        if cents > 10_000:
            return 402, {}, {}
        if self.asked[key] == 1:
            return 429, {"Retry-After": "1"}, {}
        if self.asked[key] == 2:
            return 500, {}, {}
        self.charged[key] = 1
        return 200, {}, {"receipt": f"r-{key}"}


@pytest.fixture(scope="module")
def payments() -> Iterator[tuple[PaymentApi, str]]:
    api = PaymentApi()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers, body = api.answer(self.headers["Idempotency-Key"], asked["cents"])
            text = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield api, f"http://127.0.0.1:{server.server_port}/payments"
        server.shutdown()


@dataclass(frozen=True)
class Shop:
    """The shop on a local cloud."""

    aws: Aws
    http: httpx.Client
    s3: Any
    document: Mapping[str, Any]

    def submit(self, kind: str, payload: Any) -> str:
        """Submit a task and return its id."""
        answer = self.http.post(
            f"{self.aws.outputs.api_endpoint}/tasks", json={"kind": kind, "payload": payload}
        )
        assert answer.status_code == 202, answer.text
        return str(answer.json()["taskId"])

    def settled(self, task_id: str) -> TaskRecord:
        """Wait until a task has settled and return its record."""
        store = TaskStore(self.aws.dynamodb, self.aws.outputs.tasks_table_name)
        found: list[TaskRecord | None] = [None]

        def is_settled() -> bool:
            found[0] = store.get(task_id)
            return found[0] is not None and found[0].is_settled

        assert becomes_true(is_settled, LONGEST_SECONDS), found[0]
        assert found[0]
        return found[0]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, payments: tuple[PaymentApi, str]) -> Iterator[Shop]:
    program = laid_over(tmp_path_factory.mktemp("shop"))
    given = yaml.safe_load((EXAMPLES / "settings.yaml").read_text(encoding="utf-8"))
    environment = given["taskguard:workEnvironment"] | {"PAYMENT_API": payments[1]}
    settings = {
        "workEnvironment": json.dumps(environment),
        "workPermissions": json.dumps(given["taskguard:workPermissions"]),
    }
    with (
        local_cloud(
            overrides=settings, outputs_file=None, progress=lambda _: None, program_folder=program.folder
        ) as outputs,
        httpx.Client(timeout=60) as http,
    ):
        s3 = boto3.client(
            "s3",
            endpoint_url=outputs["awsEndpointUrl"],
            region_name="us-east-1",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )
        s3.create_bucket(Bucket=environment["PHOTO_BUCKET"])
        yield Shop(Aws(from_document(outputs, "the local cloud")), http, s3, outputs)


def picture() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (600, 300), "red").save(target, "JPEG")
    return target.getvalue()


@pytest.mark.emulator
def test_a_thumbnail_is_made_of_a_photo_in_a_bucket_by_a_package_with_native_code(shop: Shop) -> None:
    shop.s3.put_object(Bucket="my-photos", Key="cat.jpg", Body=picture())
    record = shop.settled(shop.submit("thumbnail", {"key": "cat.jpg", "width": 60}))
    assert (record.status, record.attempt_count) == ("COMPLETED", 1), record.last_error
    made = shop.s3.get_object(Bucket="my-photos", Key="thumbnails/60/cat.jpg.png")["Body"].read()
    assert Image.open(io.BytesIO(made)).size == (60, 30)
    missing = shop.settled(shop.submit("thumbnail", {"key": "dog.jpg"}))
    assert missing.status == "DEAD_LETTERED"
    assert missing.last_error is not None
    assert (missing.last_error.type, missing.attempt_count) == ("PermanentError", 1)


@pytest.mark.emulator
def test_a_flaky_api_is_asked_again_and_charges_once(shop: Shop, payments: tuple[PaymentApi, str]) -> None:
    task_id = shop.submit("payment", {"order": "7", "cents": 995})
    record = shop.settled(task_id)
    assert (record.status, record.result) == ("COMPLETED", {"receipt": f"r-{task_id}"})
    # Told to come back, then failed, then done: of three calls, two count.
    assert (record.attempt_count, record.attempts_used) == (3, 2)
    assert payments[0].charged[task_id] == 1
    dear = shop.settled(shop.submit("payment", {"order": "8", "cents": 20_000}))
    assert (dear.status, dear.attempt_count) == ("DEAD_LETTERED", 1)


@pytest.mark.emulator
def test_an_order_submits_its_payment_and_thumbnails(shop: Shop) -> None:
    shop.s3.put_object(Bucket="my-photos", Key="a.jpg", Body=picture())
    order = shop.submit("order", {"number": "9", "photos": ["a.jpg", "a.jpg"], "cents": 100})
    parent = shop.settled(order)
    assert parent.status == "COMPLETED"
    assert len(parent.children) == 3
    children = [shop.settled(child) for child in parent.children]
    assert [(child.kind, child.status, child.parent_id) for child in children] == [
        ("payment", "COMPLETED", order),
        ("thumbnail", "COMPLETED", order),
        ("thumbnail", "COMPLETED", order),
    ]


@pytest.fixture
def produce(shop: Shop, tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Runs the producer."""
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps(shop.document), encoding="utf-8")
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}

    def run(kind: str, text: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, str(EXAMPLES / "producer.py"), "--outputs", str(outputs), kind]
        environment = {**os.environ, **keys, "AWS_DEFAULT_REGION": "us-east-1"}
        return subprocess.run(
            command, input=text, env=environment, capture_output=True, text=True, check=False
        )

    return run


@pytest.mark.emulator
def test_a_producer_writes_to_the_queue_and_its_tasks_are_checked_and_done(
    shop: Shop, produce: Callable[..., "subprocess.CompletedProcess[str]"]
) -> None:
    shop.s3.put_object(Bucket="my-photos", Key="p.jpg", Body=picture())
    lines = [json.dumps({"key": "p.jpg", "width": width}) for width in range(10, 22)]
    done = produce("thumbnail", "\n".join([*lines, '{"key": 3}']))
    assert done.returncode == 0, done.stderr
    *good, bad = done.stdout.split()
    assert [shop.settled(task_id).status for task_id in good] == ["COMPLETED"] * 12
    refused = shop.settled(bad)
    assert refused.status == "DEAD_LETTERED"
    assert refused.last_error is not None
    assert refused.last_error.type == "InvalidPayload"
    assert produce("nothing", "{}").returncode == 2
