"""The API's fixed data: its stage, what its access log tells, what browsers may send."""

import json

STAGE = "$default"

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
# Latencies are in milliseconds.
ACCESS_LOG_FORMAT = json.dumps(
    {
        "requestId": "$context.requestId",
        "requestTime": "$context.requestTime",
        "sourceIp": "$context.identity.sourceIp",
        "routeKey": "$context.routeKey",
        "method": "$context.httpMethod",
        "path": "$context.path",
        "status": "$context.status",
        "responseLength": "$context.responseLength",
        "latency": "$context.responseLatency",
        "integrationLatency": "$context.integrationLatency",
        "integrationStatus": "$context.integration.status",
        "integrationError": "$context.integrationErrorMessage",
        "authorizerError": "$context.authorizer.error",
    }
)

# What a browser must send: a JSON body, and a token or a SigV4 signature.
CORS_HEADERS = ("authorization", "content-type", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token")
CORS_MAX_AGE_SECONDS = 3600
