#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: replicated pools of a Ceph cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_pool
short_description: Replicated pools of a Ceph cluster
description:
  - Makes pools and their CRUSH rules, and sets what differs, on a host that has a monitor. Nothing is ever deleted, and
    pools that are not named stay as they are.
  - A pool for V(rbd) is prepared with C(rbd pool init) when it is new, which needs OSDs that serve it; the module fails
    when there are none within two minutes.
  - Refuses an erasure-coded pool, a pool of another application, and a CRUSH rule that does something else than its
    name says.
extends_documentation_fragment: [ceph_cluster]
options:
  pools:
    description:
      - Name to V(size), V(min_size), V(application), V(autoscale) (V(on), V(off), V(warn)), V(pg_num),
        V(target_size_ratio), V(bulk), V(rule), V(failure_domain) and V(device_class).
      - A V(min_size), V(autoscale) or V(pg_num) that is empty is left to Ceph. While the autoscaler is on, V(pg_num) is
        only what a new pool begins with. An empty V(target_size_ratio) or V(bulk) is taken back.
      - V(rule) is the name of the CRUSH rule that spreads copies over V(failure_domain) on disks of V(device_class).
    type: dict
    required: true
attributes:
  check_mode:
    support: full
    description: The change and the diff come from the same plan as in a real run. Without a cluster all is to be made.
  diff_mode:
    support: full
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Have a pool for images
  ceph_pool:
    fsid: 3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11
    image: quay.io/ceph/ceph:v18.2.7
    pools:
      images:
        size: 3
        min_size: 2
        application: rbd
        autoscale: "on"
        rule: armature-host
        failure_domain: host
"""

RETURN = r"""
plan:
  description: What is changed, in words.
  type: list
  elements: str
  returned: always
"""

from typing import Any

from ansible.module_utils import armature_ceph_pools as core
from ansible.module_utils.armature_ceph import Ceph, CephError, Step, difference
from ansible.module_utils.armature_ceph_module import run

REQUIRED = ("size", "application", "rule", "failure_domain")


def problems(pools: dict[str, Any]) -> list[str]:
    """Return what is wrong with the module's arguments, in house form."""
    found = [
        f"pools.{name}: has no '{key}'. Give one."
        for name, pool in pools.items()
        for key in REQUIRED
        if not pool.get(key)
    ]
    modes = (None, "on", "off", "warn")
    found += [
        f"pools.{name}.autoscale: {pool['autoscale']!r} is not a mode. Use 'on', 'off' or 'warn', quoted."
        for name, pool in pools.items()
        if pool.get("autoscale") not in modes
    ]
    return found


def change(ceph: Ceph, pools: dict[str, dict[str, Any]], check: bool) -> dict[str, Any]:
    """Observe, plan, and unless ``check`` apply. Return the module's result. Raises CephError."""
    listing, rules = ceph.json_all("osd pool ls detail", "osd crush rule dump") if ceph.found(check) else ([], [])
    present = core.present(listing, rules)
    steps: list[Step] = []
    diff: list[dict[str, str]] = []
    errors = []
    try:
        steps += core.rule_steps(pools, rules)
    except CephError as error:
        errors.append(str(error))
    for name, pool in pools.items():
        try:
            todo = core.steps(name, pool, present.get(name))
        except CephError as error:
            errors.append(str(error))
            continue
        if todo:
            diff += difference(f"pool {name}", *core.shown(pool, present.get(name)))
        steps += todo
    if errors:
        raise CephError("\n".join(errors))
    if not check:
        ceph.carry_out(steps)
    return {"changed": bool(steps), "diff": diff, "plan": [step.sentence for step in steps]}


def main() -> None:
    """Run the module."""
    run(
        {"pools": {"type": "dict", "required": True}},
        lambda ceph, params, check: change(ceph, params["pools"], check),
        lambda params: problems(params["pools"]),
    )


if __name__ == "__main__":
    main()
