#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: Cinder has these volume types."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloud_volume_types
short_description: Have volume types in Cinder, encrypted ones among them
description:
  - Makes the given types and changes those that differ. Types that are not given, and properties of a type other than
    C(volume_backend_name), are left alone.
  - Cinder refuses to change the encryption or the backend of a type that volumes have. Then nothing of that change is
    done, and the message says so.
  - In check mode it tells what it would do. A cloud that is not there yet has no types.
  - The modules of openstack.cloud 2.5.0 do not find a private type by its name, send what Cinder refuses to make one
    public, and end in a traceback when they look at an encryption in check mode.
options:
  cloud: {description: Name of the cloud in clouds.yaml., type: str, required: true}
  types:
    description: What there must be.
    type: list
    elements: dict
    required: true
    suboptions:
      name: {description: Name of the type., type: str, required: true}
      description: {description: What people read., type: str, default: ""}
      public: {description: Whether all tenants may use it., type: bool, default: true}
      backend: {description: Its C(volume_backend_name); any backend without., type: str}
      encryption:
        description: How its volumes are encrypted; not at all without.
        type: dict
        suboptions:
          provider: {description: Format of the volume., type: str, required: true}
          cipher: {description: Cipher as dm-crypt writes it., type: str, required: true}
          key_size: {description: Bits of the key., type: int, required: true}
          control_location: {description: Who encrypts., type: str, required: true}
requirements: [openstacksdk]
"""

EXAMPLES = r"""
- name: Have a type of encrypted volumes
  cloud_volume_types:
    cloud: kolla-admin
    types:
      - name: luks
        encryption: {provider: luks, cipher: aes-xts-plain64, key_size: 256, control_location: front-end}
"""

RETURN = r"""
steps: {description: What was done, one sentence each., type: list, elements: str, returned: success}
refused: {description: Whether Cinder answered and said no., type: bool, returned: failure}
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.armature_cloud import answer
from ansible.module_utils.basic import AnsibleModule

BACKEND = "volume_backend_name"
ENCRYPTION = ("provider", "cipher", "key_size", "control_location")
IN_USE = " Volumes keep what they were made with: leave this type as it was, and add another one."


class RefusedError(Exception):
    """Cinder refused a step; the message names the type, the step and Cinder's reason."""


@dataclass(frozen=True)
class Present:
    """A type as it is: its id, the id of its encryption, and the rest as the option ``types`` has it."""

    id: str
    encryption_id: str | None
    type: dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One call of Cinder's API on a type: ``{id}`` in the path is the type's. ``bound``: volumes may forbid it."""

    name: str
    words: str
    method: str
    path: str
    body: dict[str, Any] | None = field(default=None)
    bound: bool = False


def observe(api: Any, names: set[str]) -> dict[str, Present]:
    """Return name -> type of those of ``names`` that there are. ``is_public=None`` lists private types, too."""
    found = {}
    for item in answer(api.get("/types", params={"is_public": "None"}))["volume_types"]:
        if item["name"] not in names:
            continue
        # {} when the type is not encrypted.
        encryption = answer(api.get(f"/types/{item['id']}/encryption"))
        found[item["name"]] = Present(
            item["id"],
            encryption.get("encryption_id"),
            {
                "name": item["name"],
                "description": item["description"] or "",
                "public": item["is_public"],
                "backend": item["extra_specs"].get(BACKEND),
                "encryption": {key: encryption.get(key) for key in ENCRYPTION} if encryption else None,
            },
        )
    return found


def plan(wanted: list[dict[str, Any]], present: dict[str, Present]) -> list[Step]:
    """Return what leads from ``present`` to ``wanted``, in order."""
    steps: list[Step] = []
    for type_ in wanted:
        here = present.get(type_["name"])
        steps += _creation(type_) if here is None else _changes(type_, here)
    return steps


def _creation(type_: dict[str, Any]) -> Iterator[Step]:
    """Yield the steps to a new type. It is private until it is encrypted, so that nobody makes a volume before that."""
    name, waits = type_["name"], type_["encryption"] is not None
    body = {"name": name, "os-volume-type-access:is_public": type_["public"] and not waits}
    if type_["description"]:
        body["description"] = type_["description"]
    if type_["backend"]:
        body["extra_specs"] = {BACKEND: type_["backend"]}
    yield Step(name, "make it", "POST", "/types", {"volume_type": body})
    if waits:
        yield Step(name, "encrypt it", "POST", "/types/{id}/encryption", {"encryption": type_["encryption"]})
    if waits and type_["public"]:
        yield Step(name, "make it public", "PUT", "/types/{id}", {"volume_type": {"is_public": True}})


def _changes(wanted: dict[str, Any], here: Present) -> Iterator[Step]:
    """Yield the steps from a type that is there; again it becomes public last."""
    name, present = wanted["name"], here.type
    if wanted["backend"] != present["backend"]:
        path, spec = "/types/{id}/extra_specs", {"extra_specs": {BACKEND: wanted["backend"]}}
        if wanted["backend"] is None:
            yield Step(name, "take its backend away", "DELETE", f"{path}/{BACKEND}", bound=True)
        else:
            yield Step(name, f"give it the backend {wanted['backend']}", "POST", path, spec, bound=True)
    if wanted["encryption"] != present["encryption"]:
        path, body = "/types/{id}/encryption", {"encryption": wanted["encryption"]}
        if present["encryption"] is None:
            yield Step(name, "encrypt it", "POST", path, body, bound=True)
        elif wanted["encryption"] is None:
            yield Step(name, "end its encryption", "DELETE", f"{path}/{here.encryption_id}", bound=True)
        else:
            yield Step(name, "change its encryption", "PUT", f"{path}/{here.encryption_id}", body, bound=True)
    if wanted["description"] != present["description"]:
        body = {"volume_type": {"description": wanted["description"]}}
        yield Step(name, "change its description", "PUT", "/types/{id}", body)
    if wanted["public"] != present["public"]:
        words = "make it public" if wanted["public"] else "make it private"
        yield Step(name, words, "PUT", "/types/{id}", {"volume_type": {"is_public": wanted["public"]}})


def apply(api: Any, steps: list[Step], present: dict[str, Present]) -> None:
    """Do the steps. Raises RefusedError at the first one that Cinder refuses."""
    ids = {name: type_.id for name, type_ in present.items()}
    for step in steps:
        # A new type has its id from its first step.
        response = api.request(step.path.format(id=ids.get(step.name)), step.method, json=step.body)
        if 400 <= response.status_code < 500:
            advice = IN_USE if step.bound and response.status_code == 400 else ""
            raise RefusedError(f"volume type {step.name}: Cinder refuses to {step.words}: {_reason(response)}{advice}")
        reply = answer(response)
        if step.path == "/types":
            ids[step.name] = reply["volume_type"]["id"]


def _reason(response: Any) -> str:
    """Return what Cinder says, {"badRequest": {"message": ...}}, or what anything before it does."""
    try:
        (fault,) = response.json().values()
        return str(fault["message"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return f"status {response.status_code}."


def text(types: list[dict[str, Any]]) -> str:
    """Return types as text for a diff."""
    return "".join(f"{json.dumps(type_, sort_keys=True)}\n" for type_ in types)


def main() -> None:
    """Run the module."""
    encryption = {
        "provider": {"type": "str", "required": True},
        "cipher": {"type": "str", "required": True},
        # This is a number of bits.
        "key_size": {"type": "int", "required": True, "no_log": False},
        "control_location": {"type": "str", "required": True},
    }
    options = {
        "name": {"type": "str", "required": True},
        "description": {"type": "str", "default": ""},
        "public": {"type": "bool", "default": True},
        "backend": {"type": "str"},
        "encryption": {"type": "dict", "options": encryption},
    }
    module = AnsibleModule(
        argument_spec={
            "cloud": {"type": "str", "required": True},
            "types": {"type": "list", "elements": "dict", "required": True, "options": options},
        },
        supports_check_mode=True,
    )
    try:
        import openstack
        from keystoneauth1.exceptions import ClientException, EndpointNotFound
        from openstack.exceptions import ConfigException, SDKException
    except ImportError as error:
        module.fail_json(msg=f"{error}. Install Armature with its extra: pip install 'armature[ansible]'")
    wanted = module.params["types"]
    present: dict[str, Present] = {}
    try:
        api = openstack.connect(cloud=module.params["cloud"]).block_storage
        present = observe(api, {type_["name"] for type_ in wanted})
    except (ConfigException, EndpointNotFound) as error:
        if not module.check_mode:
            module.fail_json(msg=str(error), refused=False)
    except (ClientException, SDKException) as error:
        module.fail_json(msg=str(error), refused=False)
    steps = plan(wanted, present)
    if not module.check_mode:
        try:
            apply(api, steps, present)
        except RefusedError as error:
            module.fail_json(msg=str(error), refused=True)
        except (ClientException, SDKException) as error:
            module.fail_json(msg=str(error), refused=False)
    before = [present[type_["name"]].type for type_ in wanted if type_["name"] in present]
    sentences = [f"{step.name}: {step.words}" for step in steps]
    module.exit_json(changed=bool(steps), steps=sentences, diff={"before": text(before), "after": text(wanted)})


if __name__ == "__main__":
    main()
