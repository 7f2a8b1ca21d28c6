"""Work that tests make up, and tasks to try it on."""

from taskguard.model.json_text import Json
from taskguard.work import Perform, Task, WorkContext
from tests.support.aws_in_process import System


def raising(error: BaseException) -> Perform:
    def perform(task: Task, context: WorkContext) -> Json:
        raise error

    return perform


def submit(system: System, task_id: str = "a") -> None:
    system.submit({"taskId": task_id, "payload": {"n": task_id}})
