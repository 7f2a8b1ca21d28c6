"""TaskGuard: settings, components, outputs. The docstring of each component says what it creates."""

import pulumi

from infra.components.api import ApiAuth, HttpApi, HttpApiArgs
from infra.components.function import DependencyLayer, DependencyLayerArgs
from infra.components.queue import Redrive, TaskQueue, TaskQueueArgs
from infra.components.scope import Place, Scope
from infra.components.table import TaskTable, TaskTableArgs
from infra.monitoring.alarms import Alarms, AlarmsArgs
from infra.monitoring.catalogue import catalogue
from infra.monitoring.dashboard import Dashboard, DashboardArgs
from infra.monitoring.topic import AlarmTopic, AlarmTopicArgs
from infra.needs import TASKS_BY_ROUTE
from infra.packaging.layer import program_layer
from infra.settings.emulator import configured_emulator
from infra.settings.stack import read_settings
from infra.wiring import (
    Running,
    Stores,
    make_consumers,
    make_functions,
    make_schedules,
    targets,
    visibility_timeout_seconds,
    watched_things,
)

settings = read_settings(pulumi.get_stack())
scope = Scope(settings.stack, settings.tags, settings.environment, settings.global_name_suffix)

table = TaskTable(
    "tasks",
    TaskTableArgs(
        scope, settings.protect_data, settings.table_max_write_units, settings.table_max_read_units
    ),
)
dead_letter_queue = TaskQueue(
    "dead-letters",
    TaskQueueArgs(
        scope,
        visibility_timeout_seconds=visibility_timeout_seconds("dead_letter_queue", settings),
        retention_days=settings.dead_letter_retention_days,
        protect_data=settings.protect_data,
    ),
)
task_queue = TaskQueue(
    "tasks",
    TaskQueueArgs(
        scope,
        visibility_timeout_seconds=visibility_timeout_seconds("task_queue", settings),
        retention_days=settings.task_retention_days,
        redrive=Redrive(dead_letter_queue, settings.max_receive_count),
        protect_data=settings.protect_data,
    ),
)
stores = Stores(table, task_queue, dead_letter_queue)

layer = DependencyLayer(
    "dependencies",
    DependencyLayerArgs(
        scope,
        program_layer(settings.function_runtime, bytecode=settings.layer_bytecode),
        settings.function_runtime,
    ),
)
functions = make_functions(settings, scope, stores, layer.arn)
consumers = make_consumers(settings, scope, stores, functions)
make_schedules(settings, scope, functions)
api = HttpApi(
    "api",
    HttpApiArgs(
        scope,
        targets=targets(settings, functions),
        auth=ApiAuth(
            settings.api_auth, settings.api_jwt_issuer, settings.api_jwt_audience, settings.api_jwt_scopes
        ),
        rate_limit=settings.api_rate_limit,
        burst_limit=settings.api_burst_limit,
        tasks_by_route=TASKS_BY_ROUTE,
        cors_origins=settings.cors_origins,
        log_retention_days=settings.log_retention_days,
    ),
)

place = table.arn.apply(Place.of)
topic = AlarmTopic("alarms", AlarmTopicArgs(scope, place, settings.alarm_email))
watched = watched_things(settings, scope, stores, Running(functions, consumers, api))
alarms = Alarms("alarms", AlarmsArgs(scope, catalogue(watched), topic.arn, watched))
log_groups = {key: function.log_group_name for key, function in functions.items()}
dashboard = Dashboard("dashboard", DashboardArgs(scope, place, watched, alarms.arns, log_groups))

emulator = configured_emulator()
pulumi.export("apiEndpoint", emulator.api_endpoint(api.id) if emulator else api.endpoint)
pulumi.export("taskQueueUrl", task_queue.url)
pulumi.export("deadLetterQueueUrl", dead_letter_queue.url)
pulumi.export("tasksTableName", table.name)
pulumi.export("functionNames", {key: function.name for key, function in functions.items()})
pulumi.export("logGroupNames", log_groups)
pulumi.export("alarmTopicArn", topic.arn)
pulumi.export("dashboardUrl", dashboard.url)
if emulator:
    pulumi.export("awsEndpointUrl", emulator.url)
