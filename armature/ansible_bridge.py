"""Where the core meets Ansible: values in and out, and problems as Ansible's errors.

The variable ``site`` is a mapping: ``path`` (of site.yml), ``name``, ``release``, ``model`` (the model as JSON-able
values) and ``digest`` (of the model). The inventory plugin makes it, the filters make a :class:`Site` of it.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError, AnsibleParserError
from ansible.template import trust_as_template

from armature.compile.inventory import ansible_inventory
from armature.errors import Problem, SiteError
from armature.load import load_site
from armature.model import Site
from armature.plan_table import site_summary
from armature.release import release
from armature.shape import site_from_tree

_sites: dict[str, Site] = {}
"""Digest of a model -> its Site. Ansible forks its workers after the inventory plugin filled this, so that a task of
one host need not read a model of a thousand again."""


def inventory_of(path: str) -> dict[str, Any]:
    """Return the inventory of the site file ``path``, as ``ansible-inventory --list`` has it, with ``site`` on ``all``.

    Every text is trusted as a template: site.yml forbids templates, so none is one. Raises AnsibleParserError with all
    problems of the file.
    """
    try:
        site = load_site(Path(path))
    except SiteError as error:
        raise AnsibleParserError(str(error)) from None
    inventory = ansible_inventory(site)
    inventory["all"] = {**inventory.get("all", {}), "vars": {"site": site_variable(site, path)}}
    trusted: dict[str, Any] = _trusted(inventory)
    return trusted


def site_variable(site: Site, path: str) -> dict[str, Any]:
    """Return the variable ``site``, of builtin types."""
    model = site.model_dump(mode="json")
    digest = hashlib.sha256(json.dumps(model).encode()).hexdigest()
    _sites[digest] = site
    return {"path": str(path), "name": site.name, "release": site.release, "digest": digest, "model": model}


def as_filter(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``function``, which takes a Site first, as an Ansible filter on the variable ``site``.

    Arguments and result are copied to builtin types: from 2.19 on ansible-core hands over lazy containers, which break
    pydantic, and refuses objects of other types. Problems become AnsibleFilterError.
    """

    @functools.wraps(function)
    def filtered(site: Any, *arguments: Any) -> Any:
        try:
            return builtin(function(_site(site), *map(builtin, arguments)))
        except SiteError as error:
            raise AnsibleFilterError(str(error)) from None
        except (KeyError, ValueError) as error:
            known = f"{error.args[0]!r} is unknown to this site" if isinstance(error, KeyError) else str(error)
            raise AnsibleFilterError(f"{known}. Use a name that site.yml has.") from None

    return filtered


def builtin(value: Any) -> Any:
    """Return a copy of ``value`` in dict, list, str, int, float, bool and None; anything else becomes text."""
    if isinstance(value, Enum):
        return builtin(value.value)
    if isinstance(value, str):
        return str.__str__(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Mapping):
        return {builtin(key): builtin(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(map(builtin, value))
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [builtin(item) for item in value]
    return str(value)


def release_answers(site: Site) -> dict[str, Any]:
    """Return what :class:`armature.release.Release` says of the site's release, field by field."""
    return dataclasses.asdict(release(site.release))


def summary(site: Site) -> str:
    """Return one line about a sound site."""
    return f"{site.name}: no problems ({site_summary(site)})"


def _site(variable: Any) -> Site:
    """Return the Site of the variable ``site``; its relations were checked when the inventory was read."""
    if not isinstance(variable, Mapping) or "model" not in variable:
        message = "this is not the variable site. Run with -i inventories/<site>/site.yml."
        raise SiteError("site", [Problem("", message)])
    digest = str(variable.get("digest", ""))
    if digest in _sites:
        return _sites[digest]
    site, problems = site_from_tree(builtin(variable["model"]))
    if site is None:
        raise SiteError(str(variable.get("path", "site")), problems)
    if digest:
        _sites[digest] = site
    return site


def _trusted(value: Any) -> Any:
    if isinstance(value, str):
        return trust_as_template(value)
    if isinstance(value, dict):
        return {key: _trusted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_trusted(item) for item in value]
    return value
