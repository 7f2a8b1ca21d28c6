"""The policy pack as a program: what `pulumi preview --policy-pack policy` starts and asks."""

from collections.abc import Iterator

import pytest
import yaml
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from policy import NAME, RULES
from tests.proofs.conformance.mutations import ALARM, LOG_GROUP, dropped, without
from tests.proofs.conformance.policy_engine import PACK, diagnostics, offered, policy_resources, running_pack
from tests.proofs.conformance.template import STACKS


@pytest.fixture(scope="module")
def pack() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """Yield the running pack."""
    with running_pack() as client:
        yield client


def test_the_pack_offers_every_rule_and_blocks_what_breaks_one(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    info = offered(pack)
    assert info.name == NAME == yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text())["name"]
    assert [policy.name for policy in info.policies] == [rule.name for rule in RULES]
    assert {policy.enforcementLevel for policy in info.policies} == {analyzer_pb2.MANDATORY}


def test_the_pack_has_nothing_to_say_of_production(pack: analyzer_pb2_grpc.AnalyzerStub) -> None:
    assert diagnostics(pack, policy_resources(STACKS["prod"]())) == []


def test_the_pack_reports_what_breaks_a_rule_about_one_and_about_all(
    pack: analyzer_pb2_grpc.AnalyzerStub,
) -> None:
    resources = policy_resources(STACKS["prod"]())
    without(LOG_GROUP, "retentionInDays")(resources)
    dropped(ALARM)(resources)
    found = [(each.policyName, each.urn.split("::")[-1]) for each in diagnostics(pack, resources)]
    assert found == [("log-retention", "process-task-log"), ("function-alarms", "process-task")]
