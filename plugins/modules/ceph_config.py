#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: options in a Ceph cluster's own configuration."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_config
short_description: Options in a Ceph cluster's own configuration
description:
  - Sets options with C(ceph config set), on a host that has a monitor. Options that nobody names stay as they are.
  - Ceph keeps sizes in bytes, times in seconds and truths as V(true) or V(false); V(2G) and V(2147483648) are the same
    here. A value that Ceph rewrites in another way (names of RBD's features) is set again in every run, unless it is
    given as C(ceph config dump) shows it.
extends_documentation_fragment: [ceph_cluster]
options:
  options:
    description:
      - Section to option to value, all text. A section is V(global), a kind of daemon, a daemon, or one of them with a
        mask, as V(osd/class:ssd).
    type: dict
    default: {}
  absent:
    description: Section to the options that shall not be set there.
    type: dict
    default: {}
attributes:
  check_mode:
    support: full
    description: The change and the diff come from the same plan as in a real run. Without a cluster all is to be set.
  diff_mode:
    support: full
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Limit the memory of OSDs
  ceph_config:
    fsid: 3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11
    image: quay.io/ceph/ceph:v18.2.7
    options:
      osd: {osd_memory_target: 2G}
    absent:
      global: [osd_memory_target]
"""

RETURN = r"""
plan:
  description: What is changed, in words.
  type: list
  elements: str
  returned: always
"""

from typing import Any

from ansible.module_utils import armature_ceph_config as core
from ansible.module_utils.armature_ceph import Ceph, difference
from ansible.module_utils.armature_ceph_module import run


def problems(options: dict[str, Any], absent: dict[str, Any]) -> list[str]:
    """Return what is wrong with the module's arguments, in house form."""
    found = []
    for section, values in options.items():
        if not isinstance(values, dict):
            found.append(f"options.{section}: {values!r} is not a dictionary. Give option and value.")
            continue
        for name, value in values.items():
            if not isinstance(value, str):
                found.append(f"options.{section}.{name}: {value!r} is not text. Quote it.")
            if name in (absent.get(section) or ()):
                found.append(f"absent.{section}: '{name}' is also in options. Remove it from one of them.")
    found += [
        f"absent.{section}: {names!r} is not a list. Give the options' names."
        for section, names in absent.items()
        if not isinstance(names, list)
    ]
    return found


def change(ceph: Ceph, options: dict[str, dict[str, str]], absent: dict[str, list[str]], check: bool) -> dict[str, Any]:
    """Observe, plan, and unless ``check`` apply. Return the module's result. Raises CephError."""
    dump = ceph.json("config", "dump") if ceph.found(check) else []
    wanted = {(section, name): value for section, values in options.items() for name, value in values.items()}
    unwanted = [(section, name) for section, names in absent.items() for name in names]
    todo = core.plan(core.present(dump), wanted, unwanted)
    steps = todo.steps()
    if not check:
        ceph.carry_out(steps)
    return {
        "changed": bool(steps),
        "diff": difference("ceph config", _nested(todo.before), _nested(todo.sets)),
        "plan": [step.sentence for step in steps],
    }


def _nested(options: core.Options) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for (section, name), value in sorted(options.items()):
        found.setdefault(section, {})[name] = value
    return found


def main() -> None:
    """Run the module."""
    run(
        {"options": {"type": "dict", "default": {}}, "absent": {"type": "dict", "default": {}}},
        lambda ceph, params, check: change(ceph, params["options"], params["absent"], check),
        lambda params: problems(params["options"], params["absent"]),
    )


if __name__ == "__main__":
    main()
