"""The ways in which a stack's API authorizes its callers."""

from enum import StrEnum


class ApiAuth(StrEnum):
    """The stack's `taskguard:apiAuth`."""

    NONE = "none"
    IAM = "iam"
    JWT = "jwt"
