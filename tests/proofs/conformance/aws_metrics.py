"""The metrics that AWS's services publish, with the sets of dimensions that each comes with.

Only those of services that this system uses. An alarm on any other name or dimension would wait for ever.
"""

from collections.abc import Mapping

Dimensions = frozenset[str]


def _sets(*names: str) -> frozenset[Dimensions]:
    return frozenset(frozenset(filter(None, each.split(" "))) for each in names)


def _each(metrics: str, *dimensions: str) -> dict[str, frozenset[Dimensions]]:
    return dict.fromkeys(metrics.split(), _sets(*dimensions))


METRICS: Mapping[str, Mapping[str, frozenset[Dimensions]]] = {
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    "AWS/Lambda": _each(
        "Invocations Errors Throttles Duration ConcurrentExecutions",
        "",
        "FunctionName",
        "FunctionName Resource",
        "FunctionName Resource ExecutedVersion",
    ),
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    "AWS/SQS": _each(
        "ApproximateAgeOfOldestMessage ApproximateNumberOfMessagesDelayed "
        "ApproximateNumberOfMessagesNotVisible ApproximateNumberOfMessagesVisible "
        "NumberOfEmptyReceives NumberOfMessagesDeleted "
        "NumberOfMessagesReceived NumberOfMessagesSent SentMessageSize",
        "QueueName",
    ),
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
    "AWS/ApiGateway": _each(
        "4xx 5xx Count DataProcessed IntegrationLatency Latency",
        "ApiId",
        "ApiId Stage",
        "ApiId Stage Method Resource",
    ),
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
    "AWS/DynamoDB": {
        **_each(
            "ConsumedReadCapacityUnits ConsumedWriteCapacityUnits ReadThrottleEvents WriteThrottleEvents",
            "TableName",
            "TableName GlobalSecondaryIndexName",
        ),
        **_each("ThrottledRequests SystemErrors SuccessfulRequestLatency", "TableName Operation"),
        **_each("ConditionalCheckFailedRequests TimeToLiveDeletedItemCount", "TableName"),
    },
}
