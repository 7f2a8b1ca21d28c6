"""Pulumi's mock monitor, made to really create what the program registers."""

import threading
from collections.abc import Callable
from typing import Any, NoReturn

from botocore.exceptions import ClientError
from pulumi import get_project, get_stack
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks

from local.errors import ResourceError
from local.resources.inputs import plain

CreateResource = Callable[[str, str, dict[str, Any]], tuple[str, dict[str, Any]]]
"""Creates a resource from its type, logical name and inputs; returns its physical id and its state."""

_STACK = "pulumi:pulumi:Stack"


class _Creations(Mocks):
    """Passes the program's resources on, and refuses what needs a provider."""

    def __init__(self, create: CreateResource) -> None:
        self._create = create

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if not args.custom:
            return "", args.inputs
        return self._create(args.typ, args.name, args.inputs)

    def call(self, args: MockCallArgs) -> NoReturn:
        raise ResourceError(
            args.token, "(look-up)", "the local cloud has no provider to ask; use the configuration"
        )


class DeployingMonitor(MockMonitor):
    """Registers resources as the engine would, as far as one deployment into an empty account goes.

    Parameters
    ----------
    create
        Creates one custom resource. Called from several threads at once.

    Attributes
    ----------
    failures
        What went wrong with resources, in the order in which it happened.
    stack_outputs
        The stack's exports; None until the program has registered them.
    """

    def __init__(self, create: CreateResource) -> None:
        super().__init__(_Creations(create))
        self.failures: list[ResourceError] = []
        self.stack_outputs: dict[str, Any] | None = None
        self._urns: set[str] = set()
        self._lock = threading.Lock()

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """Return the URN that the engine would give: the types of all parents count, the stack's does not.

        See https://www.pulumi.com/docs/iac/concepts/resources/names/#urns.
        """
        parents = parent.split("::")[2] if parent else _STACK
        qualified_type = type_ if parents == _STACK else f"{parents}${type_}"
        return f"urn:pulumi:{get_stack()}::{get_project()}::{qualified_type}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name of the gRPC method
        """Create a resource, unless there is one with its URN, which the engine refuses too."""
        return self._guarded(request, lambda: self._register(request))

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 - the name of the gRPC method
        """Refuse: a resource that exists already would have to be looked up by a provider."""
        reason = "the local cloud has no provider to look an existing resource up"
        return self._guarded(request, lambda: _refuse(request, reason))

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the name of the gRPC method
        """Keep the stack's exports, which the mock monitor drops."""
        if request.urn.split("::")[2] == _STACK:
            self.stack_outputs = plain(rpc.deserialize_properties(request.outputs))
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]

    def _register(self, request: Any) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        with self._lock:
            if urn in self._urns:
                _refuse(request, f"there are two resources with the URN {urn}")
            self._urns.add(urn)
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def _guarded(self, request: Any, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except ResourceError as refusal:
            self.failures.append(refusal)
            raise
        except Exception as error:
            failure = ResourceError(request.type, request.name, _reason(error))
            self.failures.append(failure)
            raise failure from error


def _refuse(request: Any, reason: str) -> NoReturn:
    raise ResourceError(request.type, request.name, reason)


def _reason(error: Exception) -> str:
    if isinstance(error, ClientError):
        said = error.response["Error"]
        return f"{said['Code']}: {said['Message']}"
    return f"{type(error).__name__}: {error}"
