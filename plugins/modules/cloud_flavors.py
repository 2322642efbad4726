#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: Nova has these flavors."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloud_flavors
short_description: Have flavors in Nova
description:
  - Makes the given flavors and changes those that differ. Flavors that are not given, and extra specs other than
    C(resources:...) and C(trait:...), are left alone.
  - Nova changes nothing of a flavor but its description and extra specs. A flavor that differs otherwise is deleted and
    made again, with the same projects; servers keep what they were made with.
  - In check mode it tells what it would do. A cloud that is not there yet has no flavors.
  - The module of openstack.cloud 2.5.0 does not find a private flavor by its name, and makes every flavor anew whose
    description is empty.
options:
  cloud: {description: Name of the cloud in clouds.yaml., type: str, required: true}
  flavors:
    description: What there must be.
    type: list
    elements: dict
    required: true
    suboptions:
      name: {description: Name of the flavor., type: str, required: true}
      description: {description: What people read., type: str, default: ""}
      is_public: {description: Whether all projects may use it., type: bool, default: true}
      vcpus: {description: Processors., type: int, required: true}
      ram: {description: Memory in MiB., type: int, required: true}
      disk: {description: Disk in GiB., type: int, required: true}
      extra_specs: {description: Its C(resources:...) and C(trait:...)., type: dict, default: {}}
requirements: [openstacksdk]
"""

EXAMPLES = r"""
- name: Have a flavor of whole machines
  cloud_flavors:
    cloud: kolla-admin
    flavors:
      - {name: metal, vcpus: 128, ram: 262144, disk: 0, extra_specs: {"resources:CUSTOM_METAL": "1"}}
"""

RETURN = r"""
steps: {description: What was done, one sentence each., type: list, elements: str, returned: success}
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.armature_cloud import answer
from ansible.module_utils.basic import AnsibleModule

FIXED = ("is_public", "vcpus", "ram", "disk")
OWN = ("resources:", "trait:")
MICROVERSION = "2.61"
"""With descriptions (2.55), and extra specs in the list (2.61)."""


@dataclass(frozen=True)
class Present:
    """A flavor as it is: its id, the projects that may use it when it is private, foreign extra specs, and the rest."""

    id: str
    projects: tuple[str, ...]
    foreign: dict[str, str]
    flavor: dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One call of Nova's API on a flavor: ``{id}`` in the path is the flavor's."""

    name: str
    words: str
    method: str
    path: str
    body: dict[str, Any] | None = field(default=None)


def observe(api: Any, names: set[str]) -> dict[str, Present]:
    """Return name -> flavor of those of ``names`` that there are. ``is_public=None`` lists private flavors, too."""
    found = {}
    for item in answer(_request(api, "GET", "/flavors/detail?is_public=None"))["flavors"]:
        if item["name"] not in names:
            continue
        public, specs = item["os-flavor-access:is_public"], item["extra_specs"]
        projects: tuple[str, ...] = ()
        if not public:
            access = answer(_request(api, "GET", f"/flavors/{item['id']}/os-flavor-access"))["flavor_access"]
            projects = tuple(entry["tenant_id"] for entry in access)
        flavor = {
            "name": item["name"],
            "description": item["description"] or "",
            "is_public": public,
            "vcpus": item["vcpus"],
            "ram": item["ram"],
            "disk": item["disk"],
            "extra_specs": {key: value for key, value in specs.items() if key.startswith(OWN)},
        }
        foreign = {key: value for key, value in specs.items() if not key.startswith(OWN)}
        found[item["name"]] = Present(item["id"], projects, foreign, flavor)
    return found


def plan(wanted: list[dict[str, Any]], present: dict[str, Present]) -> list[Step]:
    """Return what leads from ``present`` to ``wanted``, in order."""
    steps: list[Step] = []
    for flavor in wanted:
        here = present.get(flavor["name"])
        steps += _creation(flavor, {}, ()) if here is None else _changes(flavor, here)
    return steps


def _creation(flavor: dict[str, Any], foreign: dict[str, str], projects: tuple[str, ...]) -> Iterator[Step]:
    name = flavor["name"]
    body = {key: flavor[key] for key in ("name", "vcpus", "ram", "disk")}
    body |= {"os-flavor-access:is_public": flavor["is_public"], "description": flavor["description"] or None}
    yield Step(name, "make it", "POST", "/flavors", {"flavor": body})
    if specs := foreign | flavor["extra_specs"]:
        yield Step(name, "say what it asks for", "POST", "/flavors/{id}/os-extra_specs", {"extra_specs": specs})
    if not flavor["is_public"]:
        for project in projects:
            body = {"addTenantAccess": {"tenant": project}}
            yield Step(name, f"give it to the project {project}", "POST", "/flavors/{id}/action", body)


def _changes(wanted: dict[str, Any], here: Present) -> Iterator[Step]:
    name, present = wanted["name"], here.flavor
    if any(wanted[key] != present[key] for key in FIXED):
        yield Step(name, "delete it, for it is made anew", "DELETE", "/flavors/{id}")
        yield from _creation(wanted, here.foreign, here.projects)
        return
    if wanted["description"] != present["description"]:
        body = {"flavor": {"description": wanted["description"] or None}}
        yield Step(name, "change its description", "PUT", "/flavors/{id}", body)
    for key in present["extra_specs"].keys() - wanted["extra_specs"].keys():
        yield Step(name, f"take {key} away", "DELETE", f"/flavors/{{id}}/os-extra_specs/{key}")
    if changed := dict(wanted["extra_specs"].items() - present["extra_specs"].items()):
        body = {"extra_specs": changed}
        yield Step(name, "say what it asks for", "POST", "/flavors/{id}/os-extra_specs", body)


def apply(api: Any, steps: list[Step], present: dict[str, Present]) -> None:
    """Do the steps; raises what openstacksdk has for a failure."""
    ids = {name: flavor.id for name, flavor in present.items()}
    for step in steps:
        # A new flavor has its id from its first step.
        reply = answer(_request(api, step.method, step.path.format(id=ids.get(step.name)), step.body))
        if step.path == "/flavors":
            ids[step.name] = reply["flavor"]["id"]


def _request(api: Any, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    return api.request(path, method, json=body, microversion=MICROVERSION)


def text(flavors: list[dict[str, Any]]) -> str:
    """Return flavors as text for a diff."""
    return "".join(f"{json.dumps(flavor, sort_keys=True)}\n" for flavor in flavors)


def main() -> None:
    """Run the module."""
    options = {
        "name": {"type": "str", "required": True},
        "description": {"type": "str", "default": ""},
        "is_public": {"type": "bool", "default": True},
        "vcpus": {"type": "int", "required": True},
        "ram": {"type": "int", "required": True},
        "disk": {"type": "int", "required": True},
        "extra_specs": {"type": "dict", "default": {}},
    }
    module = AnsibleModule(
        argument_spec={
            "cloud": {"type": "str", "required": True},
            "flavors": {"type": "list", "elements": "dict", "required": True, "options": options},
        },
        supports_check_mode=True,
    )
    try:
        import openstack
        from keystoneauth1.exceptions import ClientException, EndpointNotFound
        from openstack.exceptions import ConfigException, SDKException
    except ImportError as error:
        module.fail_json(msg=f"{error}. Install Armature with its extra: pip install 'armature[ansible]'")
    wanted = module.params["flavors"]
    present: dict[str, Present] = {}
    api = None
    try:
        api = openstack.connect(cloud=module.params["cloud"]).compute
        present = observe(api, {flavor["name"] for flavor in wanted})
    except (ConfigException, EndpointNotFound) as error:
        if not module.check_mode:
            module.fail_json(msg=str(error))
    except (ClientException, SDKException) as error:
        module.fail_json(msg=str(error))
    steps = plan(wanted, present)
    if not module.check_mode:
        try:
            apply(api, steps, present)
        except (ClientException, SDKException) as error:
            module.fail_json(msg=str(error))
    before = [present[flavor["name"]].flavor for flavor in wanted if flavor["name"] in present]
    sentences = [f"{step.name}: {step.words}" for step in steps]
    module.exit_json(changed=bool(steps), steps=sentences, diff={"before": text(before), "after": text(wanted)})


if __name__ == "__main__":
    main()
