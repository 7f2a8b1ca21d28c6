"""Who may call the API."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

AUTHORIZATION_TYPES = {"none": "NONE", "iam": "AWS_IAM", "jwt": "JWT"}


@dataclass(frozen=True)
class ApiGuard:
    """How a route is guarded, in API Gateway's terms."""

    authorization_type: str
    authorizer_id: pulumi.Output[str] | None = None


@dataclass(frozen=True)
class ApiAuth:
    """Who may call the API.

    Attributes
    ----------
    kind
        `none`: everyone; `iam`: callers who sign with SigV4 and may do `execute-api:Invoke`; `jwt`: bearers
        of a token.
    issuer, audience
        Who must have issued a token, and for whom.
    """

    kind: str
    issuer: str = ""
    audience: tuple[str, ...] = ()

    def guard(self, name: str, api: aws.apigatewayv2.Api, opts: pulumi.ResourceOptions) -> ApiGuard:
        """Return the guard of every route; tokens need an authorizer, which is created here."""
        if self.kind != "jwt":
            return ApiGuard(AUTHORIZATION_TYPES[self.kind])
        authorizer = aws.apigatewayv2.Authorizer(
            f"{name}-jwt",
            name=f"{name}-jwt",
            api_id=api.id,
            authorizer_type="JWT",
            identity_sources=["$request.header.Authorization"],
            jwt_configuration={"issuer": self.issuer, "audiences": list(self.audience)},
            opts=opts,
        )
        return ApiGuard(AUTHORIZATION_TYPES["jwt"], authorizer.id)
