"""Rules about the API: guarded, throttled, logged, and its functions called by known callers alone."""

from policy.rule import Messages, Resource, ResourceRule, given, stack_of

ROUTE = "aws:apigatewayv2/route:Route"
STAGE = "aws:apigatewayv2/stage:Stage"
PERMISSION = "aws:lambda/permission:Permission"
OPEN_STACKS = {"dev", "local"}
"""Stacks for trying out, whose API may be open to everyone."""


def _guarded(route: Resource) -> Messages:
    if route.props.get("authorizationType", "NONE") == "NONE" and stack_of(route) not in OPEN_STACKS:
        yield "may be called by everyone: set taskguard:apiAuth to iam or jwt"


def _throttled(stage: Resource) -> Messages:
    limits = stage.props.get("defaultRouteSettings") or {}
    for key in ("throttlingRateLimit", "throttlingBurstLimit"):
        if not limits.get(key):
            yield f"takes as many requests as the account may have: set defaultRouteSettings.{key}"


def _logged(stage: Resource) -> Messages:
    if not given(stage, "accessLogSettings"):
        yield "keeps no access log: set accessLogSettings"


def _scoped(permission: Resource) -> Messages:
    if not given(permission, "sourceArn"):
        yield f"lets all of {permission.props['principal']} call, in any account: set sourceArn"


RULES = (
    ResourceRule("route-guarded", "Routes know who calls, but for dev and local.", (ROUTE,), _guarded),
    ResourceRule("stage-throttled", "The API bounds what it takes.", (STAGE,), _throttled),
    ResourceRule("stage-logged", "The API logs who called what.", (STAGE,), _logged),
    ResourceRule("permission-scoped", "Functions are called by known callers.", (PERMISSION,), _scoped),
)
