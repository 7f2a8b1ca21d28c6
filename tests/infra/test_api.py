"""The HTTP API: its routes, who may call them and how often, and its access log."""

import json
from typing import Any

import pytest
import yaml

from tests.infra.expected import PLACE, function_arn
from tests.support.fake_outputs import REGION
from tests.support.program import REPOSITORY, ProgramRun, Registered, run_program

ROUTES = {
    "POST /tasks": "submit-task",
    "POST /task": "submit-task",
    "POST /tasks/batch": "submit-task",
    "GET /tasks/{taskId}": "get-task",
    "GET /task/{taskId}": "get-task",
}
JWT = {
    "apiAuth": "jwt",
    "apiJwtIssuer": "https://issuer.example.com/",
    "apiJwtAudience": '["taskguard", "operators"]',
}


def routes(run: ProgramRun) -> dict[str, Registered]:
    return {each.inputs["routeKey"]: each for each in run.all("aws:apigatewayv2/route:Route")}


def stage(run: ProgramRun) -> dict[str, Any]:
    (found,) = run.all("aws:apigatewayv2/stage:Stage")
    return dict(found.inputs)


def test_every_route_leads_to_its_function(dev: ProgramRun) -> None:
    found = routes(dev)
    assert found.keys() == ROUTES.keys()
    for key, function in ROUTES.items():
        integration = dev.one("aws:apigatewayv2/integration:Integration", f"api-{function}")
        assert found[key].inputs["target"] == f"integrations/integration-{integration.name}"
        invoked = f"{function_arn(function)}/invocations"
        assert integration.inputs["integrationUri"].endswith(invoked)
        assert integration.inputs["payloadFormatVersion"] == "2.0"
        assert integration.inputs["integrationType"] == "AWS_PROXY"


@pytest.mark.parametrize("key", ROUTES)
def test_by_default_every_route_demands_a_signature(key: str, prod: ProgramRun) -> None:
    assert routes(prod)[key].inputs["authorizationType"] == "AWS_IAM"


@pytest.mark.parametrize("key", ROUTES)
def test_the_development_stack_opens_every_route(dev: ProgramRun, key: str) -> None:
    assert routes(dev)[key].inputs["authorizationType"] == "NONE"


@pytest.mark.parametrize("key", ROUTES)
def test_with_jwt_every_route_demands_a_token(key: str) -> None:
    run = run_program("dev", JWT)
    (authorizer,) = run.all("aws:apigatewayv2/authorizer:Authorizer")
    inputs = routes(run)[key].inputs
    assert inputs["authorizationType"] == "JWT"
    assert inputs["authorizerId"] == authorizer.inputs["name"] == "api-jwt"


def test_tokens_are_checked_for_issuer_and_audience() -> None:
    (authorizer,) = run_program("dev", JWT).all("aws:apigatewayv2/authorizer:Authorizer")
    assert authorizer.inputs["authorizerType"] == "JWT"
    assert authorizer.inputs["identitySources"] == ["$request.header.Authorization"]
    assert authorizer.inputs["jwtConfiguration"] == {
        "issuer": "https://issuer.example.com/",
        "audiences": ["taskguard", "operators"],
    }


@pytest.mark.parametrize("key", ROUTES)
def test_every_route_asks_for_a_scope_if_there_are_any(key: str) -> None:
    scoped = run_program("dev", JWT | {"apiJwtScopes": '["tasks/write", "tasks/admin"]'})
    assert routes(scoped)[key].inputs["authorizationScopes"] == ["tasks/write", "tasks/admin"]
    assert "authorizationScopes" not in routes(run_program("dev", JWT))[key].inputs


def test_without_jwt_there_is_no_authorizer(dev: ProgramRun, prod: ProgramRun) -> None:
    assert not [
        *dev.all("aws:apigatewayv2/authorizer:Authorizer"),
        *prod.all("aws:apigatewayv2/authorizer:Authorizer"),
    ]


def test_the_api_throttles_by_setting(dev: ProgramRun, tuned: ProgramRun) -> None:
    assert stage(dev)["defaultRouteSettings"] == {"throttlingRateLimit": 5, "throttlingBurstLimit": 20}
    assert stage(tuned)["defaultRouteSettings"] == {"throttlingRateLimit": 71, "throttlingBurstLimit": 72}


@pytest.mark.parametrize(
    ("rate", "burst", "batches"), [(5, 20, (1, 1)), (100, 200, (4, 8)), (49, 50, (1, 2))]
)
def test_a_batch_counts_as_its_tasks(rate: int, burst: int, batches: tuple[int, int]) -> None:
    run = run_program("dev", {"apiRateLimit": str(rate), "apiBurstLimit": str(burst)})
    limits = {"throttlingRateLimit": batches[0], "throttlingBurstLimit": batches[1]}
    assert stage(run)["routeSettings"] == [{"routeKey": "POST /tasks/batch", **limits}]


def test_the_stage_comes_after_the_routes_that_it_limits(dev: ProgramRun) -> None:
    (found,) = dev.all("aws:apigatewayv2/stage:Stage")
    assert {each.urn for each in routes(dev).values()} <= found.dependencies


def test_the_one_stage_is_the_default_and_deploys_by_itself(dev: ProgramRun) -> None:
    assert (stage(dev)["name"], stage(dev)["autoDeploy"]) == ("$default", True)


def test_the_access_log_goes_to_a_group_of_its_own_with_retention(dev: ProgramRun, tuned: ProgramRun) -> None:
    group = dev.one("aws:cloudwatch/logGroup:LogGroup", "api-access-log").inputs
    assert group["name"] == "/aws/vendedlogs/taskguard-dev-api"
    assert group["retentionInDays"] == 7
    assert tuned.one("aws:cloudwatch/logGroup:LogGroup", "api-access-log").inputs["retentionInDays"] == 365
    destination = f"arn:aws:logs:{PLACE}:log-group:/aws/vendedlogs/taskguard-dev-api"
    assert stage(dev)["accessLogSettings"]["destinationArn"] == destination


def test_the_access_log_has_request_caller_route_status_latency_and_integration_error(
    dev: ProgramRun,
) -> None:
    entry = json.loads(stage(dev)["accessLogSettings"]["format"])
    wanted = {
        "requestId": "$context.requestId",
        "routeKey": "$context.routeKey",
        "status": "$context.status",
        "callerArn": "$context.identity.userArn",
        "callerSubject": "$context.authorizer.claims.sub",
        "latency": "$context.responseLatency",
        "integrationError": "$context.integrationErrorMessage",
    }
    assert wanted.items() <= entry.items()


def test_cors_is_off_unless_origins_are_configured(dev: ProgramRun) -> None:
    (api,) = dev.all("aws:apigatewayv2/api:Api")
    assert "corsConfiguration" not in api.inputs


def test_cors_allows_the_configured_origins_alone(tuned: ProgramRun) -> None:
    (api,) = tuned.all("aws:apigatewayv2/api:Api")
    cors = api.inputs["corsConfiguration"]
    assert cors["allowOrigins"] == ["https://one.example.com", "https://two.example.com"]
    assert cors["allowMethods"] == ["GET", "POST"]
    assert cors["allowHeaders"] == [
        "authorization",
        "content-type",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-security-token",
        "x-correlation-id",
    ]
    assert cors["maxAge"] == 3600
    assert "allowCredentials" not in cors


def test_a_page_may_send_and_read_every_header_that_the_api_documents(tuned: ProgramRun) -> None:
    (api,) = tuned.all("aws:apigatewayv2/api:Api")
    cors = api.inputs["corsConfiguration"]
    components = yaml.safe_load((REPOSITORY / "openapi.yaml").read_text("utf-8"))["components"]
    sent = {each["name"].lower() for each in components["parameters"].values() if each["in"] == "header"}
    read = {name.lower() for each in components["responses"].values() for name in each.get("headers", {})}
    assert sent == {"x-correlation-id"}
    assert sent <= set(cors["allowHeaders"])
    assert read == {"location", "retry-after"} == set(cors["exposeHeaders"])


def test_the_api_may_invoke_each_function_from_its_own_routes_alone(dev: ProgramRun) -> None:
    found = {
        (each.inputs["function"], each.inputs["sourceArn"]): each.inputs
        for each in dev.all("aws:lambda/permission:Permission")
    }
    api = f"arn:aws:execute-api:{PLACE}:taskguard-dev"
    assert set(found) == {
        (f"taskguard-dev-{function}", f"{api}/*/{key.replace(' ', '')}") for key, function in ROUTES.items()
    }
    for inputs in found.values():
        assert inputs["principal"] == "apigateway.amazonaws.com"
        assert inputs["action"] == "lambda:InvokeFunction"
    assert len({inputs["statementId"] for inputs in found.values()}) == len(ROUTES)


def test_the_endpoint_is_the_api_itself_without_a_stage_in_its_path(dev: ProgramRun) -> None:
    assert dev.exports["apiEndpoint"] == f"https://taskguard-dev.execute-api.{REGION}.amazonaws.com"
