#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: whether the disks that a host's OSDs shall have are there and may be taken."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_osd_info
short_description: Whether the disks that a host's OSDs shall have are there and may be taken
description:
  - Reads, and changes nothing; the same in check mode.
  - Compares the disks that site.yml wants for OSDs with what lsblk, wipefs and ceph-volume find.
  - Without the program of M(ceph_cephadm), as in check mode on a new host, it cannot tell which OSD a disk holds. Such
    a disk is V(unknown), and no problem.
options:
  host:
    description: Name of the host in the site, for messages.
    type: str
    required: true
  fsid:
    description: UUID that names the site's cluster.
    type: str
    required: true
  image:
    description: Name of Ceph's image, which must be on the host.
    type: str
    required: true
  engine:
    description: The container engine.
    type: str
    choices: [docker, podman]
    default: docker
  wanted:
    description:
      - "V(groups): a list of V({group, data, db, wal, per_device}), where each use is null or V({paths, model, vendor,
        size, rotational, limit}); without V(paths) the filters choose, as Ceph's managers do. V(per_device) is how many
        OSDs a disk gets, by default 1."
      - "V(wipe): paths of disks that may be taken although they hold data."
    type: dict
    required: true
  known_osds:
    description:
      - UUIDs of the OSDs that the cluster has (V(ceph osd dump)).
      - Empty only where the cluster is not made yet. When it cannot be asked, do not call this module.
    type: list
    elements: str
    required: true
attributes:
  check_mode:
    support: full
"""

EXAMPLES = r"""
- name: Look at the disks
  ceph_osd_info:
    host: "{{ inventory_hostname }}"
    fsid: 3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11
    image: quay.io/ceph/ceph:v18.2.7
    wanted:
      groups:
        - group: nvme
          data: {paths: [/dev/disk/by-path/pci-0000:01:00.0-nvme-1]}
          db: null
          wal: null
      wipe: []
    known_osds: []
"""

RETURN = r"""
devices:
  description:
    - What becomes of each wanted disk, as V({group, use, path, device, size, state, holds}).
    - V(path) as it is wanted; of a disk that a filter chose, its lasting name. V(size) in bytes.
    - V(state) is V(free), V(osd) (it has an OSD of this cluster), V(wipe), V(data), V(refused), V(missing) or
      V(unknown). V(data), V(refused) and V(missing) are problems. V(holds) says what is on it.
  type: list
  elements: dict
  returned: always
osds:
  description: All OSDs on this host's disks, as V({uuid, number, fsid, devices, known}); V(number) is -1 if unknown.
  type: list
  elements: dict
  returned: always
problems:
  description: What stops a deployment, in whole sentences that name host and disk and say what to do.
  type: list
  elements: str
  returned: always
to_wipe:
  description: Paths of the disks that M(ceph_device_wipe) may wipe.
  type: list
  elements: str
  returned: always
expected:
  description: How many OSDs the host has when every disk for data that may be taken was taken.
  type: int
  returned: always
inspected:
  description: Whether ceph-volume was asked.
  type: bool
  returned: always
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.armature_ceph_cephadm import CephadmError, Runner, runner
from ansible.module_utils.armature_ceph_claims import judge
from ansible.module_utils.armature_ceph_devices import observe
from ansible.module_utils.basic import AnsibleModule

FIELDS = ("group", "use", "path", "device", "size", "state", "holds")


def report(run: Runner, wanted: dict[str, Any], root: Path = Path("/")) -> dict[str, Any]:
    """Return the module's result; ``wanted`` are its options. Raises CephadmError."""
    host, engine, fsid, image = (wanted[name] for name in ("host", "engine", "fsid", "image"))
    seen = observe(run, host, engine, fsid, image, wanted["wanted"], root)
    verdict = judge(host, fsid, wanted["wanted"], wanted["known_osds"], seen)
    return {
        "changed": False,
        "devices": [{name: getattr(claim, name) for name in FIELDS} for claim in verdict.claims],
        "osds": [
            {
                "uuid": osd.uuid,
                "number": osd.number,
                "fsid": osd.fsid,
                "devices": list(osd.devices),
                "known": osd.uuid in wanted["known_osds"],
            }
            for osd in seen.osds
        ],
        "problems": list(verdict.problems),
        "to_wipe": list(verdict.wipe),
        "expected": verdict.expected,
        "inspected": seen.inventory is not None,
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "host": {"type": "str", "required": True},
            "fsid": {"type": "str", "required": True},
            "image": {"type": "str", "required": True},
            "engine": {"type": "str", "default": "docker", "choices": ["docker", "podman"]},
            "wanted": {"type": "dict", "required": True},
            "known_osds": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    try:
        result = report(runner(module.run_command), module.params)
    except CephadmError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
