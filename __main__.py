"""TaskGuard: settings, components, outputs. The docstring of each component says what it creates."""

import pulumi

from infra import FUNCTIONS
from infra.components.api import ApiAuth, HttpApi, HttpApiArgs
from infra.components.function import DependencyLayer, DependencyLayerArgs
from infra.components.scope import Place, Scope
from infra.components.table import TaskTable, TaskTableArgs
from infra.monitoring.alarms import Alarms, AlarmsArgs
from infra.monitoring.catalogue import catalogue
from infra.monitoring.dashboard import Dashboard, DashboardArgs
from infra.monitoring.topic import AlarmTopic, AlarmTopicArgs
from infra.needs import TASKS_BY_ROUTE
from infra.packaging.layer import program_layer
from infra.settings.emulator import configured_emulator
from infra.settings.kinds import read_kinds
from infra.settings.stack import read_settings
from infra.wiring import (
    Plan,
    Running,
    Stores,
    make_consumers,
    make_functions,
    make_queues,
    make_schedules,
    targets,
    told_kinds,
    told_lanes,
    watched_things,
)
from taskguard.kinds import DEFAULT_LANE

emulator = configured_emulator()
kinds = read_kinds(FUNCTIONS)
settings = read_settings(pulumi.get_stack(), kinds)
scope = Scope(settings.stack, settings.tags, settings.environment, settings.global_name_suffix)
plan = Plan(settings, kinds, scope)

table = TaskTable(
    "tasks",
    TaskTableArgs(
        scope, settings.protect_data, settings.table_max_write_units, settings.table_max_read_units
    ),
)
task_queues, dead_letter_queue = make_queues(plan)
stores = Stores(table, task_queues, dead_letter_queue)

layer = DependencyLayer(
    "dependencies",
    DependencyLayerArgs(
        scope,
        program_layer(settings.function_runtime, bytecode=settings.layer_bytecode, here=bool(emulator)),
        settings.function_runtime,
    ),
)
functions = make_functions(plan, stores, layer.arn)
consumers = make_consumers(plan, stores, functions)
make_schedules(plan, functions)
api = HttpApi(
    "api",
    HttpApiArgs(
        scope,
        targets=targets(plan, functions),
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
watched = watched_things(plan, stores, Running(functions, consumers, api))
alarms = Alarms("alarms", AlarmsArgs(scope, catalogue(watched), topic.arn, watched))
log_groups = {key: function.log_group_name for key, function in functions.items()}
dashboard = Dashboard("dashboard", DashboardArgs(scope, place, watched, alarms.arns, log_groups))

pulumi.export("apiEndpoint", emulator.api_endpoint(api.id) if emulator else api.endpoint)
pulumi.export("taskQueueUrl", task_queues[DEFAULT_LANE].url)
pulumi.export("taskQueueUrls", {lane: queue.url for lane, queue in task_queues.items()})
pulumi.export("deadLetterQueueUrl", dead_letter_queue.url)
pulumi.export("tasksTableName", table.name)
pulumi.export("functionNames", {key: function.name for key, function in functions.items()})
pulumi.export("logGroupNames", log_groups)
pulumi.export("lanes", told_lanes(plan))
pulumi.export("kinds", told_kinds(plan))
pulumi.export("defaultKind", kinds.default)
pulumi.export("alarmTopicArn", topic.arn)
pulumi.export("dashboardUrl", dashboard.url)
if emulator:
    pulumi.export("awsEndpointUrl", emulator.url)
