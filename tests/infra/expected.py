"""Names, URLs and ARNs of the development stack, as the mock monitor makes them."""

from tests.support.fake_outputs import ACCOUNT, REGION

PLACE = f"{REGION}:{ACCOUNT}"
FUNCTIONS = ("get-task", "monitor-dlq", "process-task", "submit-task", "wake-tasks")

TABLE_ARN = f"arn:aws:dynamodb:{PLACE}:table/taskguard-dev-tasks"
DEAD_LETTER_INDEX_ARN = f"{TABLE_ARN}/index/deadLetters"
DUE_INDEX_ARN = f"{TABLE_ARN}/index/due"
TASK_QUEUE_ARN = f"arn:aws:sqs:{PLACE}:taskguard-dev-tasks"
DEAD_LETTER_QUEUE_ARN = f"arn:aws:sqs:{PLACE}:taskguard-dev-dead-letters"
TASK_QUEUE_URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/taskguard-dev-tasks"
TASK_QUEUE_URLS = f'{{"default":"{TASK_QUEUE_URL}"}}'
DEAD_LETTER_QUEUE_URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/taskguard-dev-dead-letters"
TOPIC_ARN = f"arn:aws:sns:{PLACE}:taskguard-dev-alarms"


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:{PLACE}:function:taskguard-dev-{name}"


def log_group_arn(name: str) -> str:
    return f"arn:aws:logs:{PLACE}:log-group:/aws/lambda/taskguard-dev-{name}"
