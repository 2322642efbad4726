#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: disks of a Ceph host, emptied for OSDs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_device_wipe
short_description: Disks of a Ceph host, emptied for OSDs
description:
  - Destroys everything on O(devices), with V(ceph-volume lvm zap --destroy).
  - Looks at the disks again before. One that M(ceph_osd_info) would not let it wipe now stops the module before
    anything is wiped; one that is empty already stays as it is.
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
    description: As in M(ceph_osd_info).
    type: dict
    required: true
  known_osds:
    description: As in M(ceph_osd_info); read anew, for this decides what is never wiped.
    type: list
    elements: str
    required: true
  devices:
    description: The V(to_wipe) of M(ceph_osd_info).
    type: list
    elements: str
    required: true
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Empty the disks that site.yml lists
  ceph_device_wipe:
    host: "{{ inventory_hostname }}"
    fsid: 3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11
    image: quay.io/ceph/ceph:v18.2.7
    wanted: "{{ devices_wanted }}"
    known_osds: []
    devices: "{{ disks.to_wipe }}"
"""

RETURN = r"""
wiped:
  description: Paths of the disks that were wiped.
  type: list
  elements: str
  returned: always
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.armature_ceph_cephadm import CephadmError, Runner, ask, command, runner
from ansible.module_utils.armature_ceph_claims import Claim, judge
from ansible.module_utils.armature_ceph_devices import Block, Observed, observe, remains
from ansible.module_utils.basic import AnsibleModule


def plan(host: str, devices: list[str], claims: tuple[Claim, ...], problems: tuple[str, ...]) -> list[Claim]:
    """Return the disks to wipe, in the order of ``devices``. Raises CephadmError for one that must not be."""
    by_path = {claim.path: claim for claim in claims}
    refused = [path for path in devices if path not in by_path or by_path[path].state not in ("wipe", "free", "osd")]
    if refused:
        reasons = [problem for problem in problems if any(path in problem for path in refused)]
        msg = (
            f"{host}: {', '.join(refused)} must not be wiped, so no disk was. Run again: the disks are looked at anew."
        )
        raise CephadmError("\n".join([msg, *reasons]))
    return [by_path[path] for path in devices if by_path[path].state == "wipe"]


def commands(blocks: list[Block], seen: Observed, engine: str, image: str) -> list[list[str]]:
    """Return the commands (argv) that empty disks.

    ceph-volume refuses a disk with partitions, and removes a volume group only where one disk has the whole of it. So
    the volume groups go first, then the partitions with their table, and ceph-volume finds a plain disk.

    Source: ceph-volume of Ceph 18.2.7: util/arg_validators.py, ValidDevice; devices/lvm/zap.py.
    """
    groups = dict.fromkeys(group for block in blocks for group in seen.groups_on(block))
    found = [["vgremove", "--force", "--yes", group] for group in groups]
    cluster = ("--fsid", seen.cluster) if seen.cluster else ()
    for block in blocks:
        parts = [part for part in block.children if part.kind == "part"]
        # From the last one: a logical partition comes before the extended one that it is in.
        found += [["wipefs", "--all", part.kname] for part in reversed(parts)]
        found += [["wipefs", "--all", block.kname]] if parts else []
        zap = ("ceph-volume", *cluster, "--", "lvm", "zap", "--destroy", block.name)
        found.append(command(engine, *zap, image=image))
    return found


def change(run: Runner, wanted: dict[str, Any], check: bool, root: Path = Path("/")) -> dict[str, Any]:
    """Observe, plan, and unless ``check`` apply. Return the module's result. Raises CephadmError."""
    host, engine, fsid, image = (wanted[name] for name in ("host", "engine", "fsid", "image"))
    if not wanted["devices"]:
        return {"changed": False, "diff": [], "wiped": []}
    seen = observe(run, host, engine, fsid, image, wanted["wanted"], root)
    verdict = judge(host, fsid, wanted["wanted"], wanted["known_osds"], seen)
    todo = plan(host, wanted["devices"], verdict.claims, verdict.problems)
    if not check:
        _wipe(run, host, engine, image, todo, seen)
    return {"changed": bool(todo), "diff": [_diff(claim) for claim in todo], "wiped": [claim.path for claim in todo]}


def _wipe(run: Runner, host: str, engine: str, image: str, todo: list[Claim], seen: Observed) -> None:
    blocks = {claim.path: block for claim in todo for block in [seen.block(claim.device)] if block}
    then = f"What {' and '.join(blocks)} held may be lost in part. Look at 'lsblk' on {host}, and run again."
    for argv in commands(list(blocks.values()), seen, engine, image):
        ask(run, host, argv, then)
        # For the names of partitions and volumes that are gone. A container without udev has nothing to wait for.
        run(["udevadm", "settle", "--timeout=30"])
    left = [
        (path, block.kname, kinds) for path, block in blocks.items() for kinds in [remains(run, host, block)] if kinds
    ]
    if left:
        raise CephadmError(
            "\n".join(
                f"{host}: {path} ({kname}) was wiped, and still holds {', '.join(kinds)}. ceph-volume passes over "
                "a loop device unless its image sets CEPH_VOLUME_ALLOW_LOOP_DEVICES=1; otherwise look at the kernel's "
                f"messages on {host}, for the disk may be failing."
                for path, kname, kinds in left
            )
        )


def _diff(claim: Claim) -> dict[str, str]:
    header = f"{claim.path} ({claim.device})"
    return {"before_header": header, "after_header": header, "before": f"{claim.holds}\n", "after": "empty\n"}


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
            "devices": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    try:
        result = change(runner(module.run_command), module.params, module.check_mode)
    except CephadmError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
