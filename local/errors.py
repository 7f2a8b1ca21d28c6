"""What can go wrong in the local cloud. Every text is meant for the user."""


class LocalCloudError(Exception):
    """Base of every error of the local cloud."""


class StackConfigError(LocalCloudError):
    """`Pulumi.yaml`, `Pulumi.<stack>.yaml` or an override is missing something, or contradicts itself."""


class EmulatorError(LocalCloudError):
    """The AWS emulator cannot be installed or started."""


class DeployError(LocalCloudError):
    """The Pulumi program, or one of its resources, failed; nothing was published."""


class ResourceError(DeployError):
    """One resource of the program cannot be created.

    Parameters
    ----------
    resource_type
        Its Pulumi type token, e.g. `aws:sqs/queue:Queue`.
    name
        Its logical name in the program.
    reason
        Why; in AWS's own words if AWS refused it.
    """

    def __init__(self, resource_type: str, name: str, reason: str) -> None:
        super().__init__(f"{resource_type} '{name}': {reason}")
        self.resource_type = resource_type
        self.name = name
        self.reason = reason
