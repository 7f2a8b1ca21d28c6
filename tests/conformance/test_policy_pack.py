"""The policy pack as the Pulumi CLI runs it: a program in `policy/` that serves the engine's analyzer protocol."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
import yaml
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi.runtime.rpc import serialize_properties

from policy.pack import RULES
from tests.conformance.breaches import ROLE_POLICY, allowing
from tests.conformance.engine_args import policy_resources
from tests.support.program import REPOSITORY, run_program

PACK = REPOSITORY / "policy"
