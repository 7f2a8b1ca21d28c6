"""Reads the stack's configuration once, into `Settings`, and reports everything that is wrong with it."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from infra.checks import CROSS_CHECKS, disagreements
from infra.problems import Problem, SettingsError, rules_of
from infra.rules import Rule
from infra.settings import Settings

PROJECT = "taskguard"


def setting_name(field: str) -> str:
    """Return the configuration key of a field of `Settings`: `max_attempts` is `maxAttempts`."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), field)


def read_settings(stack: str) -> Settings:
    """Return the settings of the stack that is being deployed.

    Parameters
    ----------
    stack
        The stack's name; every physical name is made from it.

    Raises
    ------
    SettingsError
        With every problem: missing, unreadable or out of range, misspelt, or at odds with another setting.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    config = pulumi.Config(PROJECT)
    rules = rules_of(Settings)
    for field, rule in rules.items():
        text = stack if field == "stack" else config.get(setting_name(field))
        value = _read(rule, text)
        if rule.admits(value):
            values[field] = value
        else:
            problems.append(_misfit(setting_name(field), rule, text))
    problems += _strangers(_configured_names(), [setting_name(field) for field in rules])
    problems += disagreements(CROSS_CHECKS, values)
    if problems:
        raise SettingsError(stack, problems)
    return Settings(**values)


def _read(rule: Rule, text: str | None) -> object:
    try:
        return None if text is None else rule.read(text)
    except ValueError:
        return None


def _misfit(name: str, rule: Rule, text: str | None) -> Problem:
    if name == "stack":
        return Problem("the stack's name", repr(text), str(rule))
    shown = "missing" if text is None else text or "empty"
    return Problem(name, shown, str(rule), f"{PROJECT}:{name}: {rule.suggest(text or '')}")


def _configured_names() -> list[str]:
    """Return the names that the stack sets, from where Pulumi's SDK itself looks for them.

    `pulumi.Config` answers only for names that one knows; misspelt ones have to be looked for.
    """
    keys: Mapping[str, Any] = {**get_config_env(), **CONFIG.get()}
    return [key.removeprefix(f"{PROJECT}:") for key in sorted(keys) if key.startswith(f"{PROJECT}:")]


def _strangers(names: Iterable[str], known: list[str]) -> list[Problem]:
    """Return a problem for each name that is no setting: a misspelt one would leave the default in force."""
    problems = []
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            line = f"{PROJECT}:{near[0]}: ..." if near else f"(remove {PROJECT}:{name})"
            problems.append(Problem(name, "unknown", "a setting of Pulumi.yaml", line))
    return problems
