"""What AWS answers when it refuses a call for good: the codes of each service, as boto3 shows them.

A refusal differs from an outage in that a repeat is answered the same. Codes of SQS are those of its older
protocol, which it still sends and boto3 prefers ("awsQueryCompatible"). DynamoDB has none for keys: it says
AccessDeniedException and names KMS in the message (as reported in aws-cdk issue 10010).
"""

from collections.abc import Mapping
from typing import Final

from botocore.exceptions import ClientError

from tests.proofs.simulation.schedule import Fault

_TABLE: Final = ("get_item", "put_item", "update_item", "query", "scan")

_DYNAMODB: Final[Mapping[Fault, tuple[str, str]]] = {
    Fault.ACCESS_DENIED: ("AccessDeniedException", "User is not authorized to perform this action"),
    Fault.INVALID: ("ValidationException", "One or more parameter values were invalid"),
    Fault.NOT_FOUND: ("ResourceNotFoundException", "Requested resource not found"),
    Fault.KEY_REFUSED: (
        "AccessDeniedException",
        "KMS key access denied error: The ciphertext refers to a customer master key that does not exist, "
        "does not exist in this region, or you are not allowed to access.",
    ),
}
_SQS: Final[Mapping[Fault, tuple[str, str]]] = {
    Fault.ACCESS_DENIED: ("AccessDenied", "User is not authorized to perform this action"),
    Fault.INVALID: ("InvalidParameterValue", "One or more parameters cannot be validated."),
    Fault.NOT_FOUND: (
        "AWS.SimpleQueueService.NonExistentQueue",
        "The specified queue does not exist.",
    ),
    Fault.KEY_REFUSED: ("KMS.AccessDeniedException", "The caller doesn't have the required KMS access."),
}


def refusal(fault: Fault, operation: str) -> ClientError:
    """Return the error of a call, by boto3's name of it, that a fault of `REFUSALS` refuses."""
    code, message = (_DYNAMODB if operation in _TABLE else _SQS)[fault]
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)
