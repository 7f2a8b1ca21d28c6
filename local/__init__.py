"""The local cloud: the same Pulumi program in an AWS emulator on this machine.

No account, no Docker, no Pulumi CLI. It proves the program, its wiring and its code. It proves neither the
AWS provider nor update, refresh and destroy: there is no state, and everything is created anew each time.

`local.cloud.local_cloud` is the way in.
"""
