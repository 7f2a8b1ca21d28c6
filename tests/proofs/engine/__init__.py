"""The real engine: the Pulumi CLI and the AWS provider against the emulator: `make engine`."""
