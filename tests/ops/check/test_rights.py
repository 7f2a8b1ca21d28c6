"""What a check may do: the documented policy, against the calls that a check makes."""

import fnmatch
import json
from typing import Any

import pytest

from local.project import REPOSITORY
from ops.check import run
from ops.check.plan import AuthMode, CheckPlan
from ops.stack.aws import Aws
from tests.ops.fake_api import FakeApi
from tests.ops.moto_stack import MotoStack

POLICY = REPOSITORY / "docs" / "check-policy.json"
ACCOUNT = "eu-central-1:123456789012"


def _allowed() -> list[tuple[str, str]]:
    return [
        (statement["Action"], pattern)
        for statement in json.loads(POLICY.read_text())["Statement"]
        for pattern in (
            [statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"]
        )
    ]


def _calls(stack: MotoStack, monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """Return the actions that a check needs, on what, as IAM names them."""
    made: set[tuple[str, str]] = set()
    things = {
        "dynamodb": f"arn:aws:dynamodb:{ACCOUNT}:table/taskguard-test-tasks",
        "sqs": f"arn:aws:sqs:{ACCOUNT}:taskguard-test-tasks",
    }

    def note(model: Any, **_: Any) -> None:
        service = model.service_model.service_name
        made.add((f"{service}:{model.name}", things[service]))

    create = Aws.session.func  # type: ignore[attr-defined]

    def session(self: Aws) -> Any:
        made_session = create(self)
        made_session.events.register("before-call", note)
        return made_session

    monkeypatch.setattr(Aws.session, "func", session)
    api = FakeApi(stack)
    plan = CheckPlan("r", 3, 5, 1, AuthMode.NONE, None)
    run.check(plan, stack.outputs, lambda _: None, transport=api)
    for request in api.requests:
        path = f"/$default/{request.method}{request.url.path}"
        made.add(("execute-api:Invoke", f"arn:aws:execute-api:{ACCOUNT}:a1b2c3{path}"))
    return made


def test_a_check_does_what_its_policy_allows_and_needs_all_of_it(
    stack: MotoStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, allowed = _calls(stack, monkeypatch), _allowed()
    assert len(calls) >= 4
    for action, arn in calls:
        assert any(action == each and fnmatch.fnmatchcase(arn, pattern) for each, pattern in allowed), action
    for each, pattern in allowed:
        assert any(action == each and fnmatch.fnmatchcase(arn, pattern) for action, arn in calls), each
