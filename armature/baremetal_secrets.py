"""Users and passwords of nodes' BMCs, from the site's own encrypted file."""

from __future__ import annotations

from typing import Any

from armature.errors import choice, did_you_mean, where

FORM = (
    "Write, and encrypt with ansible-vault:\n"
    "  default: {username: <user>, password: <password>}\n"
    "  nodes: {<node>: {username: <user>, password: <password>}}"
)
_KEYS = ("username", "password")


def credentials(values: Any, nodes: list[str]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return node -> ``username`` and ``password``, and every problem of the file. No problem quotes a value.

    >>> credentials({"default": {"username": "a", "password": "b"}}, ["n1"])
    ({'n1': {'username': 'a', 'password': 'b'}}, [])
    """
    if not isinstance(values, dict) or not isinstance(values.get("nodes") or {}, dict):
        return {}, [f"the file holds no such mapping. {FORM}"]
    problems = [
        f"{key!s}: unknown key. {choice(['default', 'nodes'])}." for key in values if key not in ("default", "nodes")
    ]
    own = values.get("nodes") or {}
    problems += [
        f"{where('nodes', str(name))}: site.yml has no such node. {did_you_mean(str(name), nodes)}"
        for name in own
        if name not in nodes
    ]
    problems += _defects("default", values["default"]) if values.get("default") is not None else []
    found = {}
    for name in nodes:
        if name in own:
            problems += _defects(where("nodes", name), own[name])
        elif values.get("default") is None:
            problems.append(f"{where('nodes', name)}: missing, and there is no default. Add one of them.")
        chosen = own.get(name) or values.get("default")
        if isinstance(chosen, dict):
            found[name] = {key: str(chosen.get(key)) for key in _KEYS}
    return ({}, problems) if problems else (found, [])


def _defects(place: str, value: Any) -> list[str]:
    if not isinstance(value, dict):
        return [f"{place}: holds no user and password. Write {{username: <user>, password: <password>}}."]
    found = [f"{place}.{key}: unknown key. {choice(_KEYS)}." for key in value if key not in _KEYS]
    found += [
        f"{place}.{key}: is no text. Write text, in quotes when it looks like a number."
        for key in _KEYS
        if not isinstance(value.get(key), str) or not value[key]
    ]
    return found
