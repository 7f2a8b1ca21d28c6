"""Alarms and dashboards. See https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html."""

from collections.abc import Mapping
from typing import Any

from local.deployer.aws_clients import AwsClients
from local.resources.creator import Created, Creator
from local.resources.inputs import Inputs, pascal_keys, present


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


CREATORS: dict[str, Creator] = {
    "aws:cloudwatch/metricAlarm:MetricAlarm": _metric_alarm,
    "aws:cloudwatch/dashboard:Dashboard": _dashboard,
}
