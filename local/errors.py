"""What can go wrong in the local cloud; every text is fit to be shown to a user."""


class LocalCloudError(Exception):
    """The local cloud cannot be built or used."""


class StackConfigError(LocalCloudError):
    """`Pulumi.yaml`, `Pulumi.<stack>.yaml` or an override does not hold together."""


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
        Why, in AWS's words where AWS refused it.
    """

    def __init__(self, resource_type: str, name: str, reason: str) -> None:
        super().__init__(f"{resource_type} '{name}': {reason}")
        self.resource_type = resource_type
        self.name = name
        self.reason = reason
