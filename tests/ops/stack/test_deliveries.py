from collections.abc import Iterator

import pytest
from botocore.stub import Stubber

from ops.errors import OpsError
from ops.stack.deliveries import mapping_of, switch
from tests.ops.moto_stack import MotoStack

UUID = "11111111-1111-1111-1111-111111111111"
QUEUE = "arn:aws:sqs:eu-central-1:123456789012:taskguard-test-tasks"


@pytest.fixture
def stub(stack: MotoStack) -> Iterator[Stubber]:
    with Stubber(stack.aws.lambda_) as stub:
        yield stub
        stub.assert_no_pending_responses()


def _states(stub: Stubber, *states: str) -> None:
    for state in states:
        stub.add_response("get_event_source_mapping", {"UUID": UUID, "State": state}, {"UUID": UUID})


def test_the_mapping_of_the_queue_is_found_among_the_functions(stack: MotoStack, stub: Stubber) -> None:
    mappings = [
        {
            "UUID": "00000000-0000-0000-0000-000000000000",
            "State": "Enabled",
            "EventSourceArn": f"{QUEUE}-other",
        },
        {"UUID": UUID, "State": "Disabled", "EventSourceArn": QUEUE},
    ]
    stub.add_response("list_event_source_mappings", {"EventSourceMappings": mappings}, {"FunctionName": "f"})
    found = mapping_of(stack.aws.lambda_, "f", stack.outputs.task_queue_url)
    assert (found.uuid, found.state) == (UUID, "Disabled")


def test_a_missing_mapping_is_named(stack: MotoStack, stub: Stubber) -> None:
    stub.add_response("list_event_source_mappings", {"EventSourceMappings": []})
    with pytest.raises(
        OpsError, match="Function f has no event source mapping for queue taskguard-test-tasks"
    ):
        mapping_of(stack.aws.lambda_, "f", stack.outputs.task_queue_url)


@pytest.mark.parametrize(
    ("on", "before", "after"), [(False, "Enabled", "Disabled"), (True, "Disabled", "Enabled")]
)
def test_switching_waits_until_the_mapping_is_at_rest(
    stack: MotoStack, stub: Stubber, on: bool, before: str, after: str
) -> None:
    waits: list[float] = []
    _states(stub, "Updating", before)
    stub.add_response("update_event_source_mapping", {}, {"UUID": UUID, "Enabled": on})
    _states(stub, "Disabling", "Disabling", after)
    assert switch(stack.aws.lambda_, UUID, on=on, sleep=waits.append)
    assert len(waits) == 3


def test_a_mapping_that_is_so_already_is_left_alone(stack: MotoStack, stub: Stubber) -> None:
    _states(stub, "Disabled")
    assert not switch(stack.aws.lambda_, UUID, on=False, sleep=lambda _: None)


def test_a_mapping_that_somebody_else_switches_is_an_error(stack: MotoStack, stub: Stubber) -> None:
    _states(stub, "Enabled")
    stub.add_response("update_event_source_mapping", {})
    _states(stub, "Enabled")
    with pytest.raises(OpsError, match="is Enabled, not Disabled"):
        switch(stack.aws.lambda_, UUID, on=False, sleep=lambda _: None)


def test_a_mapping_that_never_comes_to_rest_is_an_error(stack: MotoStack, stub: Stubber) -> None:
    _states(stub, *["Updating"] * 180)
    with pytest.raises(OpsError, match="still Updating after 180 s"):
        switch(stack.aws.lambda_, UUID, on=True, sleep=lambda _: None)
