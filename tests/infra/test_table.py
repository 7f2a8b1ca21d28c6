"""The table of task records: protection, expiry, keys, and the index of dead letters."""

from tests.proofs.conformance.template_types import SHAPES
from tests.support.aws_calls import TASKS_TABLE
from tests.support.program import ProgramRun, Registered


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


def test_the_index_of_dead_letters_has_what_a_listing_shows(dev: ProgramRun) -> None:
    assert table(dev).inputs["globalSecondaryIndexes"] == [
        {
            "name": "deadLetters",
            "keySchemas": [
                {"attributeName": "deadLetterDay", "keyType": "HASH"},
                {"attributeName": "deadLetteredAt", "keyType": "RANGE"},
            ],
            "projectionType": "INCLUDE",
            "nonKeyAttributes": ["createdAt", "generation", "lastError", "status"],
        }
    ]


def test_every_key_is_declared_as_an_attribute_and_nothing_else_is(dev: ProgramRun) -> None:
    declared = {each["name"]: each["type"] for each in table(dev).inputs["attributes"]}
    assert declared == {"taskId": "S", "deadLetterDay": "S", "deadLetteredAt": "S"}


def test_the_table_of_the_other_tests_has_the_keys_and_the_index_of_the_programs(dev: ProgramRun) -> None:
    registered = table(dev)
    properties = SHAPES[registered.type].properties(registered.inputs)
    assert {key: properties[key] for key in TASKS_TABLE} == TASKS_TABLE
