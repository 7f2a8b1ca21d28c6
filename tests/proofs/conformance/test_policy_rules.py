"""The policy pack's rules: kept by every stack, and each one catching its mutations."""

import re

import pytest
from pulumi_policy import PolicyResource
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policy import RULES
from policy.iam import DOCUMENTS, EXEMPTIONS, statements
from policy.rule import Rule
from tests.proofs.conformance.mutations import (
    MUTATIONS,
    QUEUE,
    QUEUE_POLICY,
    Key,
    Mutation,
    dropped,
    find,
    with_,
    without,
)
from tests.proofs.conformance.policy_engine import Judgement, judge, policy_resources
from tests.proofs.conformance.provider_schema import computed_properties
from tests.proofs.conformance.template import STACKS
from tests.support.program import run_program

BY_NAME = {rule.name: rule for rule in RULES}
CASES = [
    pytest.param(BY_NAME[name], reported, mutation, id=f"{name}-{number}")
    for name, mutations in MUTATIONS.items()
    for number, (reported, mutation) in enumerate(mutations, start=1)
]


@pytest.fixture
def resources() -> list[PolicyResource]:
    """Return production's resources, to be broken."""
    return policy_resources(STACKS["prod"]())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_keeps_every_rule(rule: Rule, stack: str) -> None:
    assert judge(rule, policy_resources(STACKS[stack]())) == Judgement()


@pytest.mark.parametrize(("rule", "reported", "mutation"), CASES)
def test_a_rule_catches_its_mutation_in_the_preview_of_a_new_stack(
    rule: Rule, reported: str, mutation: Mutation
) -> None:
    previewed = policy_resources(run_program("prod", preview=True))
    mutation(previewed)
    assert reported in judge(rule, previewed).names


@pytest.mark.parametrize(("rule", "reported", "mutation"), CASES)
def test_a_rule_catches_its_mutation_of_a_deployed_stack(
    rule: Rule, reported: str, mutation: Mutation, resources: list[PolicyResource]
) -> None:
    deployed = policy_resources(STACKS["prod"]())
    mutation(resources)
    assert reported in judge(rule, resources, deployed).names


def test_a_removed_redrive_policy_is_said_to_stay_in_aws(resources: list[PolicyResource]) -> None:
    without(QUEUE, "redrivePolicy")(resources)
    messages = {message for _, message in judge(BY_NAME["queue-redrive"], resources).violations}
    assert any("probably does not take it out of AWS" in message for message in messages)


def test_the_computed_properties_are_those_of_the_providers_schema() -> None:
    # From the upstream provider's schemas of these resources: Computed with Optional or alone.
    assert computed_properties("aws:sqs/queue:Queue") >= {"arn", "url", "policy", "redrivePolicy"}
    assert computed_properties("aws:lambda/function:Function") >= {"loggingConfig", "version"}
    # Optional with a default, optional without a value, and required.
    assert not computed_properties("aws:sqs/queue:Queue") & {"visibilityTimeoutSeconds", "kmsMasterKeyId"}
    assert not computed_properties("aws:lambda/function:Function") & {"timeout", "deadLetterConfig", "role"}
    assert computed_properties("taskguard:queue:TaskQueue") == set()


def test_every_rule_has_a_mutation() -> None:
    assert set(MUTATIONS) == set(BY_NAME)
    assert len(BY_NAME) == len(RULES)


@pytest.mark.parametrize("stack", ["dev", "local"])
def test_stacks_for_trying_out_may_be_open_to_everyone(stack: str) -> None:
    route: Key = ("aws:apigatewayv2/route:Route", "api-post-tasks")
    opened = policy_resources(STACKS[stack]())
    assert find(opened, route).props["authorizationType"] == "NONE"
    assert judge(BY_NAME["route-guarded"], opened) == Judgement()


STRICTER_IN_PRODUCTION = {"function-simulation", "queue-undeletable", "route-guarded", "table-undeletable"}
LAX = {"failureRate": "0.3", "permanentFailureSuffix": "3", "apiAuth": "none", "protectData": "false"}


@pytest.mark.parametrize("stack", ["dev", "prod"])
@pytest.mark.parametrize("preview", [True, False])
def test_the_setting_and_not_the_stacks_name_makes_the_rules_stricter(stack: str, preview: bool) -> None:
    for environment, stricter in (("production", STRICTER_IN_PRODUCTION), ("development", set())):
        run = run_program(stack, LAX | {"environment": environment}, preview=preview)
        resources = policy_resources(run)
        assert {rule.name for rule in RULES if judge(rule, resources).violations} == stricter


def test_what_does_not_say_what_it_is_for_is_held_to_productions_rules() -> None:
    resources = policy_resources(run_program("dev", LAX))
    for each in resources:
        each.props = {key: value for key, value in each.props.items() if key != "tags"}
    assert {rule.name for rule in RULES if judge(rule, resources).violations} == STRICTER_IN_PRODUCTION


def test_every_exempt_wildcard_is_needed_and_has_a_reason() -> None:
    used = policy_resources(STACKS["prod-lanes"]())
    for exemption in EXEMPTIONS:
        assert re.search(r"\w+ \w+ \w+", exemption.reason)
        documents = [
            statements(each.props[DOCUMENTS[each.resource_type]])
            for each in used
            if each.resource_type == exemption.type
        ]
        assert any(exemption.covers(exemption.type, each) for found in documents for each in found)


def test_a_value_that_is_not_known_yet_hides_no_other_violation(resources: list[PolicyResource]) -> None:
    with_((QUEUE_POLICY, "tasks-tls"), "policy", UNKNOWN_STRING_VALUE, keeps_links=True)(resources)
    dropped((QUEUE_POLICY, "dead-letters-tls"))(resources)
    judgement = judge(BY_NAME["queue-tls-only"], resources)
    assert judgement.undecided
    assert judgement.names == {"dead-letters"}


def test_a_preview_of_a_new_stack_judges_all_but_what_stands_in_policies() -> None:
    previewed = policy_resources(run_program("prod", preview=True))
    judgements = {rule.name: judge(rule, previewed) for rule in RULES}
    assert [name for name, judgement in judgements.items() if judgement.violations] == []
    undecided = {name for name, judgement in judgements.items() if judgement.undecided}
    assert undecided == {"policy-no-wildcards", "queue-redrive-restricted", "queue-tls-only"}
