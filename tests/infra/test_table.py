"""The table of task records: protection, expiry, keys, and its two indexes."""

from tests.proofs.conformance.template_types import SHAPES
from tests.support.aws_calls import TASKS_TABLE
from tests.support.program import ProgramRun, Registered, run_program


def table(run: ProgramRun) -> Registered:
    return run.one("aws:dynamodb/table:Table", "tasks")


def test_the_table_is_encrypted_with_a_key_whose_use_is_logged(dev: ProgramRun) -> None:
    assert table(dev).inputs["serverSideEncryption"] == {"enabled": True}


def test_the_table_can_be_restored_to_any_second(dev: ProgramRun) -> None:
    assert table(dev).inputs["pointInTimeRecovery"] == {"enabled": True}


def test_settled_records_expire(dev: ProgramRun) -> None:
    assert table(dev).inputs["ttl"] == {"attributeName": "expiresAt", "enabled": True}


def test_a_setting_protects_the_data_in_dynamodb_and_in_pulumi(dev: ProgramRun, tuned: ProgramRun) -> None:
    for run, protected in ((dev, False), (tuned, True)):
        assert table(run).inputs["deletionProtectionEnabled"] is protected
        assert table(run).protect is protected


def test_production_protects_its_data(prod: ProgramRun) -> None:
    assert table(prod).protect


def test_the_table_has_one_key_and_on_demand_capacity(dev: ProgramRun) -> None:
    inputs = table(dev).inputs
    assert inputs["name"] == "taskguard-dev-tasks"
    assert inputs["hashKey"] == "taskId"
    assert inputs["billingMode"] == "PAY_PER_REQUEST"


def test_the_index_of_dead_letters_has_what_a_listing_shows_and_that_of_due_tasks_their_keys(
    prod: ProgramRun,
) -> None:
    """Keys as `hashKey` and `rangeKey`, not as `keySchemas`: see docs/decisions/0040."""
    assert table(prod).inputs["globalSecondaryIndexes"] == [
        {
            "name": "deadLetters",
            "hashKey": "indexShard",
            "rangeKey": "deadLetteredAt",
            "projectionType": "INCLUDE",
            "nonKeyAttributes": ["createdAt", "generation", "lastError", "status"],
        },
        {
            "name": "due",
            "hashKey": "indexShard",
            "rangeKey": "dueAt",
            "projectionType": "KEYS_ONLY",
        },
    ]


def caps(run: ProgramRun) -> list[object]:
    inputs = table(run).inputs
    return [each.get("onDemandThroughput") for each in (inputs, *inputs["globalSecondaryIndexes"])]


def test_by_default_nothing_caps_the_table(prod: ProgramRun) -> None:
    assert set(caps(prod)) == {None}


def test_settings_cap_the_table_and_each_index_in_either_direction_or_both() -> None:
    for settings, cap in (
        ({"tableMaxWriteUnits": "9", "tableMaxReadUnits": "0"}, {"maxWriteRequestUnits": 9}),
        ({"tableMaxWriteUnits": "0", "tableMaxReadUnits": "-1"}, {"maxReadRequestUnits": -1}),
        (
            {"tableMaxWriteUnits": "7", "tableMaxReadUnits": "8"},
            {"maxWriteRequestUnits": 7, "maxReadRequestUnits": 8},
        ),
    ):
        found = caps(run_program("dev", settings))
        assert len(found) > 1
        assert all(each == cap for each in found)


def test_an_open_stack_is_capped_and_lets_the_largest_record_through(dev: ProgramRun) -> None:
    assert dev.one("aws:apigatewayv2/route:Route", "api-post-tasks").inputs["authorizationType"] == "NONE"
    (stage,) = dev.all("aws:apigatewayv2/stage:Stage")
    assert stage.inputs["defaultRouteSettings"]["throttlingRateLimit"] <= 5
    # One unit writes 1 KB, and an item has at most 400 KB.
    assert table(dev).inputs["onDemandThroughput"]["maxWriteRequestUnits"] == 400


def test_every_key_is_declared_as_an_attribute_and_nothing_else_is(dev: ProgramRun) -> None:
    declared = {each["name"]: each["type"] for each in table(dev).inputs["attributes"]}
    assert declared == {"taskId": "S", "indexShard": "S", "deadLetteredAt": "S", "dueAt": "N"}


def test_the_table_of_the_other_tests_has_the_keys_and_the_index_of_the_programs(prod: ProgramRun) -> None:
    registered = table(prod)
    properties = SHAPES[registered.type].properties(registered.inputs)
    assert {key: properties[key] for key in TASKS_TABLE} == TASKS_TABLE
