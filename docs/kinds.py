"""What `openapi.yaml` says of the kinds in `functions/work/kinds.py`: their names, and their payloads."""

import re
import textwrap
from typing import Any

import yaml

from taskguard.kinds import Kind, Kinds
from taskguard.model.payload import schema_of

_BLOCK = re.compile(r"( *)# generated: kinds\n.*?# end\n", re.DOTALL)


def with_kinds(document: str, kinds: Kinds) -> str:
    """Return the text of an OpenAPI document with the block about kinds made anew."""
    written = yaml.safe_dump(kind_schemas(kinds), sort_keys=False, width=110, allow_unicode=True)

    def block(found: re.Match[str]) -> str:
        return textwrap.indent(f"# generated: kinds\n{written}# end\n", found[1])

    return _BLOCK.sub(block, document)


def kind_schemas(kinds: Kinds) -> dict[str, Any]:
    """Return the schemas that follow from kinds: of their names, and of their payloads."""
    checked = {name: kind for name, kind in kinds.all.items() if kind.payload}
    return {
        "Kind": {
            "description": f"What kind of task it is; {kinds.canonical(None)} if left out",
            "type": "string",
            "enum": sorted([*kinds.all, *(alias for kind in kinds.all.values() for alias in kind.aliases)]),
        },
        "PayloadByKind": _payload_by_kind(checked, kinds.canonical(None)),
        **{
            _name(name): schema_of(kind.payload, _reference(name))
            for name, kind in checked.items()
            if kind.payload
        },
    }


def _payload_by_kind(checked: dict[str, Kind], default: str) -> dict[str, Any]:
    said = {"description": "What a payload must fit if its kind declares one"}
    if not checked:
        return said
    return said | {"allOf": [_condition(name, kind, default) for name, kind in checked.items()]}


def _condition(name: str, kind: Kind, default: str) -> dict[str, Any]:
    # Where the kind is left out, `properties` says nothing about it: only the default kind may be.
    named = {"properties": {"kind": {"enum": [name, *kind.aliases]}}}
    return {
        "if": named if name == default else named | {"required": ["kind"]},
        "then": {"properties": {"payload": {"$ref": _reference(name)}}},
    }


def _name(kind: str) -> str:
    return f"payload.{kind}"


def _reference(kind: str) -> str:
    return f"#/components/schemas/{_name(kind)}"
