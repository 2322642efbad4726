#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: a host without its part of a Ceph cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_cluster_removal
short_description: A host without its part of a Ceph cluster
description:
  - Runs on each host of the cluster. Removes its daemons with V(cephadm rm-cluster), wipes the disks of its OSDs, and
    removes its folder, its containers, and its configuration and administrator's key from V(/etc/ceph).
  - All data on these disks is lost. Disks and files of other clusters stay.
  - Stop the managers on all hosts before; else they bring back what is removed.
options:
  host:
    description: Name of the host in the site, for messages.
    type: str
    required: true
  fsid:
    description: UUID that names the cluster.
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
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Remove the cluster from the host
  ceph_cluster_removal:
    host: "{{ inventory_hostname }}"
    fsid: 3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11
    image: quay.io/ceph/ceph:v18.2.7
"""

RETURN = r"""
removed:
  description: Files and folders, containers and disks that are removed or wiped.
  type: list
  elements: str
  returned: always
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.module_utils.armature_ceph_bootstrap import CEPHADM_LOG, CONF, KEYRING, PUBLIC_KEY, STATE
from ansible.module_utils.armature_ceph_cephadm import (
    DATA,
    MISSING,
    PROGRAM,
    CephadmError,
    Runner,
    ask,
    command,
    runner,
)
from ansible.module_utils.armature_ceph_devices import observe as observe_disks
from ansible.module_utils.armature_ceph_devices import remains
from ansible.module_utils.basic import AnsibleModule

NO_DISKS: dict[str, Any] = {"groups": [], "wipe": []}


@dataclass(frozen=True)
class Seen:
    """What a host has of a cluster. ``disks`` are those of its OSDs, by the names that ceph-volume gives them."""

    folder: bool
    mark: bool
    files: tuple[str, ...]
    containers: tuple[str, ...]
    disks: tuple[str, ...]

    def shown(self, fsid: str) -> list[str]:
        """Return it as a list of names."""
        folder = [f"{DATA}/{fsid}"] if self.folder else []
        mark = [f"{STATE}/{fsid}"] if self.mark else []
        return [*folder, *mark, *self.files, *(f"container {name}" for name in self.containers), *self.disks]


def observe(run: Runner, host: str, fsid: str, image: str, engine: str, root: Path = Path("/")) -> Seen:
    """Look at the host. Raises CephadmError."""
    conf = root / CONF.lstrip("/")
    named = (
        re.search(r"^\s*fsid\s*=\s*(\S+)", conf.read_text(errors="replace"), re.MULTILINE) if conf.is_file() else None
    )
    own = (CONF, KEYRING, PUBLIC_KEY) if named and named[1] == fsid else ()
    disks: tuple[str, ...] = ()
    if (root / PROGRAM.lstrip("/")).is_file():
        seen = observe_disks(run, host, engine, fsid, image, NO_DISKS, root)
        disks = tuple(sorted({device for osd in seen.osds if osd.fsid == fsid for device in osd.devices}))
    return Seen(
        folder=(root / DATA.lstrip("/") / fsid).is_dir(),
        mark=(root / STATE.lstrip("/") / fsid).is_file(),
        files=tuple(path for path in own if (root / path.lstrip("/")).exists()),
        containers=_containers(run, host, fsid, engine),
        disks=disks,
    )


def _containers(run: Runner, host: str, fsid: str, engine: str) -> tuple[str, ...]:
    """Return the names of the cluster's containers, running or not. Without an engine there are none."""
    if run([engine, "--version"])[0] == MISSING:
        return ()
    argv = [engine, "ps", "--all", "--filter", f"name=ceph-{fsid}", "--format", "{{.Names}}"]
    return tuple(sorted(ask(run, host, argv, f"Look at 'systemctl status {engine}' on {host}.").split()))


def change(run: Runner, wanted: dict[str, Any], check: bool, root: Path = Path("/")) -> dict[str, Any]:
    """Observe, plan, and unless ``check`` apply. Return the module's result. Raises CephadmError."""
    host, fsid = wanted["host"], wanted["fsid"]
    seen = observe(run, root=root, **wanted)
    found = seen.shown(fsid)
    if found and not check:
        _apply(run, wanted, seen, root)
        left = observe(run, root=root, **wanted).shown(fsid)
        if left:
            raise CephadmError(
                f"{host}: {', '.join(left)} of the Ceph cluster {fsid} are still there. A loop device is wiped only "
                "when the image sets CEPH_VOLUME_ALLOW_LOOP_DEVICES=1; otherwise look at the kernel's messages and at "
                f"{CEPHADM_LOG} on {host}, and run again."
            )
    text = "".join(f"{name}\n" for name in found)
    header = {"before_header": f"Ceph on {host}", "after_header": f"Ceph on {host}"}
    return {
        "changed": bool(found),
        "diff": [{**header, "before": text, "after": ""}] if found else [],
        "removed": found,
    }


def _apply(run: Runner, wanted: dict[str, Any], seen: Seen, root: Path) -> None:
    host, fsid, image, engine = (wanted[key] for key in ("host", "fsid", "image", "engine"))
    then = f"Look at {CEPHADM_LOG} on {host}, mend the cause and run again."
    if seen.folder or seen.files:
        remove = ("rm-cluster", "--force", "--zap-osds", "--fsid", fsid)
        ask(run, host, command(engine, *remove, image=image), then)
    rest = _containers(run, host, fsid, engine)
    if rest:
        ask(run, host, [engine, "rm", "--force", *rest], then)
    for disk in _still_labelled(run, wanted, seen, root):
        # cephadm wipes only what LVM has; an OSD that takes its disk raw keeps its label.
        ask(run, host, command(engine, "ceph-volume", "--", "lvm", "zap", "--destroy", disk, image=image), then)
    for path in (*seen.files, f"{STATE}/{fsid}"):
        (root / path.lstrip("/")).unlink(missing_ok=True)


def _still_labelled(run: Runner, wanted: dict[str, Any], seen: Seen, root: Path) -> list[str]:
    """Return the disks of the OSDs on which something is left."""
    if not seen.disks:
        return []
    host, fsid, image, engine = (wanted[key] for key in ("host", "fsid", "image", "engine"))
    blocks = {
        block.name: block
        for top in observe_disks(run, host, engine, fsid, image, NO_DISKS, root).blocks
        for block in top.walk()
    }
    return [disk for disk in seen.disks if disk in blocks and remains(run, host, blocks[disk])]


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "host": {"type": "str", "required": True},
            "fsid": {"type": "str", "required": True},
            "image": {"type": "str", "required": True},
            "engine": {"type": "str", "default": "docker", "choices": ["docker", "podman"]},
        },
        supports_check_mode=True,
    )
    wanted = {key: module.params[key] for key in ("host", "fsid", "image", "engine")}
    try:
        result = change(runner(module.run_command), wanted, module.check_mode)
    except CephadmError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"{error.filename}: {error.strerror}. Make the path writable for root and run again.")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
