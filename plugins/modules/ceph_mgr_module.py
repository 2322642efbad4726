#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: modules that a Ceph cluster's managers run."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_mgr_module
short_description: Modules that a Ceph cluster's managers run
description:
  - Enables modules of the managers, on a host that has a monitor. None is ever disabled.
extends_documentation_fragment: [ceph_cluster]
options:
  names:
    description: Names of the modules, as V(prometheus).
    type: list
    elements: str
    required: true
attributes:
  check_mode:
    support: full
    description: The change and the diff come from the same plan as in a real run. Without a cluster all are new.
  diff_mode:
    support: full
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Let Prometheus read the managers
  ceph_mgr_module:
    fsid: 3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11
    image: quay.io/ceph/ceph:v18.2.7
    names: [prometheus]
"""

RETURN = r"""
plan:
  description: What is changed, in words.
  type: list
  elements: str
  returned: always
"""

from typing import Any

from ansible.module_utils.armature_ceph import Ceph, CephError, Step, difference
from ansible.module_utils.armature_ceph_module import run


def change(ceph: Ceph, names: list[str], check: bool) -> dict[str, Any]:
    """Observe, plan, and unless ``check`` apply. Return the module's result. Raises CephError."""
    listed = ceph.json("mgr", "module", "ls") if ceph.found(check) else {}
    present = {*listed.get("always_on_modules", ()), *listed.get("enabled_modules", ())}
    known = present | {module["name"] for module in listed.get("disabled_modules", ())}
    unknown = [name for name in names if listed and name not in known]
    if unknown:
        raise CephError(f"names: the managers have no module {unknown[0]!r}. Use one of {', '.join(sorted(known))}.")
    missing = [name for name in names if name not in present]
    steps = [Step(f"enable the managers' module {name}", ("mgr", "module", "enable", name)) for name in missing]
    if not check:
        ceph.carry_out(steps)
    before = {"enabled": sorted(set(names) & present)}
    return {
        "changed": bool(steps),
        "diff": difference("modules of the managers", before, {"enabled": sorted(names)}),
        "plan": [step.sentence for step in steps],
    }


def main() -> None:
    """Run the module."""
    run(
        {"names": {"type": "list", "elements": "str", "required": True}},
        lambda ceph, params, check: change(ceph, params["names"], check),
    )


if __name__ == "__main__":
    main()
