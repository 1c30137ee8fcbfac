"""What does the setting `beatkit_policies` say of an entry written plainly?

Its keys are entry names or globs. A name counts before any glob, and of several globs the
first that matches.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

from beatkit.entry import Policy
from beatkit.registry.policy import FIELDS, read_policy
from beatkit.registry.problem import Problem, render

_WHERE = "beatkit_policies"


def read_policies(setting: Any, messages: list[str]) -> dict[str, Policy]:
    """Return the policies by name or glob, in the setting's order."""
    if not setting:
        return {}
    if not isinstance(setting, Mapping):
        messages.append(
            f"Setting beatkit_policies is {setting!r}, expected a mapping of entry names or globs\n"
            '  write beatkit_policies = {"shop.*": {"catch_up": "all"}}'
        )
        return {}
    return {key: _read(key, value, messages) for key, value in setting.items()}


def policy_for(name: str, policies: Mapping[str, Policy]) -> Policy | None:
    """Return the policy of an entry written plainly; None for Celery's own meaning."""
    if name in policies:
        return policies[name]
    return next((policy for glob, policy in policies.items() if fnmatchcase(name, glob)), None)


def unused_names(
    policies: Collection[str], plain: Collection[str], declared: Collection[str]
) -> list[str]:
    """Return a message for each name, not glob, that no plain entry has."""
    exact = [name for name in policies if not set("*?[") & set(name) and name not in plain]
    return [_unused(name, plain, name in declared) for name in exact]


def _unused(name: str, plain: Collection[str], declared: bool) -> str:
    if declared:
        problem = Problem(
            "has a policy in the settings and is declared by a decorator",
            "write the policy in the decorator",
        )
    else:
        near = get_close_matches(name, plain, n=1)
        remedy = f"write {near[0]!r}" if near else "take it out, or write an entry's name or a glob"
        problem = Problem("has a policy, and there is no entry of that name", remedy)
    return render(problem, entry=name, source=None, where=_WHERE)


def _read(key: str, value: Any, messages: list[str]) -> Policy:
    problems: list[Problem] = []
    fields: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
    if not isinstance(value, Mapping):
        problems.append(
            Problem(f"policy is {value!r}, expected a mapping", 'write {"catch_up": "all"}')
        )
    problems += [_unknown(field) for field in fields if field not in FIELDS]
    policy = read_policy({name: fields[name] for name in fields if name in FIELDS}, problems)
    messages += [render(each, entry=key, source=None, where=_WHERE) for each in problems]
    return policy


def _unknown(field: object) -> Problem:
    near = get_close_matches(str(field), FIELDS, n=1)
    remedy = f"write {near[0]!r}" if near else f"a policy has the fields {', '.join(FIELDS)}"
    return Problem(f"policy field {field!r} is unknown", remedy)
