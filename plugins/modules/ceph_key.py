#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: keys of a Ceph cluster's clients."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_key
short_description: Keys of a Ceph cluster's clients
description:
  - Makes keys for clients and gives them their capabilities, on a host that has a monitor, and returns them as
    keyrings. A key that is there is never changed or deleted.
  - The result is secret; a task must say C(no_log).
extends_documentation_fragment: [ceph_cluster]
options:
  keys:
    description: Entity, as V(client.glance), to V(caps), a kind of daemon to what the client may do there.
    type: dict
    required: true
attributes:
  check_mode:
    support: full
    description: The change and the diff come from the same plan as in a real run.
  diff_mode:
    support: full
    description: Shows capabilities, no keys.
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Have a key for Glance
  ceph_key:
    fsid: 3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11
    image: quay.io/ceph/ceph:v18.2.7
    keys:
      client.glance:
        caps: {mon: profile rbd, osd: profile rbd pool=images}
  no_log: true
"""

RETURN = r"""
plan:
  description: What is changed, in words.
  type: list
  elements: str
  returned: always
keyrings:
  description: Entity to the text of its keyring; in check mode without those that would be made.
  type: dict
  returned: always
"""

from typing import Any

from ansible.module_utils import armature_ceph_keys as core
from ansible.module_utils.armature_ceph import Ceph, difference
from ansible.module_utils.armature_ceph_module import run


def problems(keys: dict[str, Any]) -> list[str]:
    """Return what is wrong with the module's arguments, in house form."""
    found = []
    for entity, key in keys.items():
        if not entity.startswith("client.") or entity == "client.admin":
            found.append(f"keys: '{entity}' is Ceph's own. Use a name that begins with 'client.'.")
        caps = key.get("caps") if isinstance(key, dict) else None
        if not isinstance(caps, dict) or not caps:
            found.append(f"keys.{entity}: has no 'caps'. Say what it may do, as 'mon: profile rbd'.")
            continue
        found += [
            f"keys.{entity}.caps.{kind}: {cap!r} is not text. Quote it."
            for kind, cap in caps.items()
            if not isinstance(cap, str)
        ]
    return found


def change(ceph: Ceph, keys: dict[str, dict[str, core.Caps]], check: bool) -> dict[str, Any]:
    """Observe, plan, and unless ``check`` apply. Return the module's result. Raises CephError."""
    there = ceph.found(check)
    listing = ceph.json("auth", "ls") if there else {"auth_dump": []}
    wanted, present = {entity: key["caps"] for entity, key in keys.items()}, core.present(listing)
    steps = core.steps(wanted, present)
    if steps and not check:
        ceph.carry_out(steps)
        listing = ceph.json("auth", "ls")
    return {
        "changed": bool(steps),
        "diff": [
            entry for entity, caps in wanted.items() for entry in difference(f"key {entity}", present.get(entity), caps)
        ],
        "plan": [step.sentence for step in steps],
        "keyrings": core.keyrings(listing, list(wanted)),
    }


def main() -> None:
    """Run the module."""
    run(
        {"keys": {"type": "dict", "required": True, "no_log": False}},
        lambda ceph, params, check: change(ceph, params["keys"], check),
        lambda params: problems(params["keys"]),
    )


if __name__ == "__main__":
    main()
