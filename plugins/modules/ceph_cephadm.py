#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: Ceph's image and the program ``cephadm`` out of it on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_cephadm
short_description: Ceph's image and the program cephadm out of it on a host
description:
  - Fetches the image when the host does not have it, and copies its V(/usr/sbin/cephadm) to
    V(/usr/local/sbin/cephadm), so that program and cluster are of one version.
  - The id of the image that the program is from is kept in V(/var/lib/armature/cephadm.json). A program that was
    changed by somebody else is replaced.
  - An image that is there already is not fetched again when its name moves in the registry.
options:
  host:
    description: Name of the host in the site, for messages. By default what the machine calls itself.
    type: str
  image:
    description: Name of Ceph's image.
    type: str
    required: true
  engine:
    description: The container engine.
    type: str
    choices: [docker, podman]
    default: docker
attributes:
  check_mode:
    support: full
    description: What an image that must be fetched holds is not known before; the program then counts as changed.
  diff_mode:
    support: full
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Have cephadm
  ceph_cephadm:
    host: "{{ inventory_hostname }}"
    image: quay.io/ceph/ceph:v18.2.7
    engine: docker
"""

RETURN = r"""
image_id:
  description: Id of the image on this host; empty in check mode when it must be fetched first.
  type: str
  returned: always
pulled:
  description: Whether the image was fetched.
  type: bool
  returned: always
installed:
  description: Whether the program was replaced.
  type: bool
  returned: always
clusters:
  description: The fsids of the clusters of which this host has a part, the site's own among them.
  type: list
  elements: str
  returned: always
"""

import platform
from pathlib import Path
from typing import Any

from ansible.module_utils import armature_ceph_cephadm as core
from ansible.module_utils.basic import AnsibleModule


def change(run: core.Runner, host: str, image: str, engine: str, check: bool, root: Path = Path("/")) -> dict[str, Any]:
    """Observe, plan, and unless ``check`` apply. Return the module's result. Raises CephadmError."""
    # Before the engine is installed, check mode plans from nothing.
    fresh = check and run([engine, "--version"])[0] == core.MISSING
    identity = "" if fresh else core.image_id(run, host, engine, image)
    before = core.installed(root).image_id
    pulled = not identity
    if pulled and not check:
        core.pull(run, host, engine, image)
        identity = core.image_id(run, host, engine, image)
    replaced = not identity or identity != before
    if replaced and not check:
        core.install(run, host, engine, image, identity, root)
    after = identity or f"{image}, not fetched yet"
    return {
        "changed": pulled or replaced,
        "diff": _diff(before, after) if replaced else [],
        "image_id": identity,
        "pulled": pulled,
        "installed": replaced,
        "clusters": core.clusters(root),
    }


def _diff(before: str, after: str) -> list[dict[str, str]]:
    return [
        {
            "before_header": core.PROGRAM,
            "after_header": core.PROGRAM,
            "before": f"from image {before}\n" if before else "",
            "after": f"from image {after}\n",
        }
    ]


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "host": {"type": "str", "default": platform.node()},
            "image": {"type": "str", "required": True},
            "engine": {"type": "str", "default": "docker", "choices": ["docker", "podman"]},
        },
        supports_check_mode=True,
    )
    host, image, engine = (module.params[name] for name in ("host", "image", "engine"))
    try:
        result = change(core.runner(module.run_command), host, image, engine, module.check_mode)
    except core.CephadmError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"{error.filename}: {error.strerror}. Make the path writable for root and run again.")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
