"""The oracle keeps one question of each kind, and notices an answer that differs from moto's."""

from dataclasses import replace
from typing import Any

from tests.proofs.simulation import settings
from tests.proofs.simulation.aws.oracle import Questions, disagreements

KEY = {"taskId": {"S": "a"}}


def _ask(questions: Questions, used: int, most: int, **before: Any) -> None:
    request = {
        "TableName": settings.TABLE,
        "Key": KEY,
        "UpdateExpression": "SET used = used + :one",
        "ConditionExpression": "used < :most",
        "ExpressionAttributeValues": {":one": {"N": "1"}, ":most": {"N": str(most)}},
        "ReturnValues": "ALL_NEW",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    item = KEY | {"used": {"N": str(used)}} | before
    after = item | {"used": {"N": str(used + 1)}} if used < most else None
    questions("UpdateItem", request, item, after)


def test_questions_differ_in_what_a_condition_compares() -> None:
    questions = Questions()
    for used in (1, 2, 3, 4):
        _ask(questions, used, most=3)
    _ask(questions, 1, most=3, other={"S": "x"})
    assert (questions.asked, len(questions.distinct)) == (5, 4)
    assert list(disagreements(questions)) == []


def test_a_wrong_answer_is_noticed() -> None:
    questions = Questions()
    _ask(questions, 1, most=3)
    ((shape, question),) = questions.distinct.items()
    questions.distinct[shape] = replace(question, after=question.before)
    (sentence,) = disagreements(questions)
    assert "moto answers" in sentence
