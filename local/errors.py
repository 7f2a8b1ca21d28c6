"""What can go wrong in the local cloud; every text is fit to be shown to a user."""


class LocalCloudError(Exception):
    """The local cloud cannot be built or used."""


class StackConfigError(LocalCloudError):
    """`Pulumi.yaml`, `Pulumi.<stack>.yaml` or an override does not hold together."""
