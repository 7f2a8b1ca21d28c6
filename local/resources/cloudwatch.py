"""CloudWatch alarms and dashboards, and CloudWatch Logs' groups, metric filters and saved queries.

See https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html and
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html.
"""

import functools
import logging
import threading
import uuid
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from local.aws_clients import AwsClients
from local.resources.inputs import Created, Creator, Inputs, pascal_keys, present


def _metric_alarm(aws: AwsClients, inputs: Inputs) -> Created:
    name = inputs.name()
    aws.cloudwatch.put_metric_alarm(
        AlarmName=name,
        Tags=inputs.tag_list(),
        **inputs.parameters(
            "alarmDescription",
            "actionsEnabled",
            "alarmActions",
            "insufficientDataActions",
            "comparisonOperator",
            "datapointsToAlarm",
            "evaluationPeriods",
            "extendedStatistic",
            "metricName",
            "namespace",
            "period",
            "statistic",
            "threshold",
            "treatMissingData",
            "unit",
            OKActions="okActions",
            EvaluateLowSampleCountPercentile="evaluateLowSampleCountPercentiles",
        ),
        **present({"Dimensions": _dimensions(inputs.take("dimensions", {})), "Metrics": _metrics(inputs)}),
    )
    alarm = aws.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    return Created(name, {"name": name, "arn": alarm["AlarmArn"]})


def _dimensions(dimensions: Mapping[str, str]) -> list[Any]:
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]


def _metrics(inputs: Inputs) -> list[Any]:
    return [_metric_query(query) for query in inputs.take("metricQueries", [])]


def _metric_query(query: Mapping[str, Any]) -> dict[str, Any]:
    top = {key: value for key, value in query.items() if key != "metric"}
    metric = query.get("metric")
    return {**pascal_keys(top), **({"MetricStat": _metric_stat(metric)} if metric else {})}


def _metric_stat(metric: Mapping[str, Any]) -> dict[str, Any]:
    what = {key: metric[key] for key in ("namespace", "metricName") if key in metric}
    how = {key: metric[key] for key in ("period", "stat", "unit") if key in metric}
    dimensions = _dimensions(metric.get("dimensions", {}))
    return {"Metric": {**pascal_keys(what), **present({"Dimensions": dimensions})}, **pascal_keys(how)}


def _dashboard(aws: AwsClients, inputs: Inputs) -> Created:
    name = inputs.name("dashboardName")
    aws.cloudwatch.put_dashboard(DashboardName=name, DashboardBody=inputs.take("dashboardBody"))
    arn = aws.cloudwatch.get_dashboard(DashboardName=name)["DashboardArn"]
    return Created(name, {"dashboardName": name, "dashboardArn": arn})


def _log_group(aws: AwsClients, inputs: Inputs) -> Created:
    name, retention = inputs.name(), inputs.take("retentionInDays", 0)
    inputs.without_meaning_here("skipDestroy")
    aws.logs.create_log_group(
        logGroupName=name, tags=inputs.tags(), **_own_names(inputs, "kmsKeyId", "logGroupClass")
    )
    # With 0 the AWS provider means "never expires", which in AWS is the absence of a policy.
    if retention:
        aws.logs.put_retention_policy(logGroupName=name, retentionInDays=retention)
    return Created(name, {"name": name, "arn": _arn(aws, name)})


def _own_names(inputs: Inputs, *keys: str) -> dict[str, Any]:
    return {key: value for key in keys if (value := inputs.take(key)) is not None}


def _arn(aws: AwsClients, name: str) -> str:
    groups = aws.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    arn = next(group["arn"] for group in groups if group["logGroupName"] == name)
    # CloudWatch Logs ends it with ":*", the AWS provider does not.
    return arn.removesuffix(":*")


def _query_definition(aws: AwsClients, inputs: Inputs) -> Created:
    parameters = _own_names(inputs, "queryString", "logGroupNames")
    try:
        query = aws.logs.put_query_definition(name=inputs.name(), **parameters)["queryDefinitionId"]
    except ClientError as error:
        query = _unkept(error)
    return Created(query, {"queryDefinitionId": query})


def _metric_filter(aws: AwsClients, inputs: Inputs) -> Created:
    name = inputs.name()
    given = inputs.take("metricTransformation")
    transformation: Any = {f"metric{key.capitalize()}": given[key] for key in ("namespace", "name", "value")}
    transformation |= {key: given[key] for key in ("dimensions", "unit") if key in given}
    if default := given.get("defaultValue"):
        transformation["defaultValue"] = float(default)
    aws.logs.put_metric_filter(
        filterName=name,
        logGroupName=inputs.take("logGroupName"),
        filterPattern=inputs.take("pattern"),
        metricTransformations=[transformation],
    )
    return Created(name, {"name": name})


def _unkept(error: ClientError) -> str:
    # A saved query is only text for people: the rest can be deployed into an emulator that keeps none.
    if "Unknown action" not in error.response["Error"]["Message"]:
        raise error
    with _TELLING:
        _tell_once(
            "The emulator keeps no saved Logs Insights queries; their parameters were checked, no more."
        )
    return str(uuid.uuid4())


_TELLING = threading.Lock()


@functools.cache
def _tell_once(message: str) -> None:
    logging.getLogger(__name__).warning(message)


CREATORS: dict[str, Creator] = {
    "aws:cloudwatch/metricAlarm:MetricAlarm": _metric_alarm,
    "aws:cloudwatch/dashboard:Dashboard": _dashboard,
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:cloudwatch/queryDefinition:QueryDefinition": _query_definition,
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": _metric_filter,
}
