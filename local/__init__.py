"""The local cloud: the same Pulumi program, deployed into an AWS emulator on this machine.

It needs no account, no Docker and no Pulumi CLI. It tests the program, its wiring and the functions' code. It
tests neither the AWS provider nor updates, refreshes and destroys: it keeps no state, and creates everything
anew each time.

Start with `local.cloud.local_cloud`.
"""
