#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: an OSD whose disk is to be swapped."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_osd_replacement
short_description: An OSD whose disk is to be swapped
description:
  - Runs on a host that has a monitor. Begins to move the OSD's data elsewhere and returns at once; call it again to see
    how far it is. When it is V(ready) the disk may be swapped, and the managers make a new OSD on the new one.
  - The new OSD gets the same number. An OSD made by ceph-volume's method V(lvm) is destroyed and keeps its number; one
    made by V(raw) is removed, for C(ceph-volume raw prepare) takes no number, and the lowest free one is given out.
  - Where no other place is left for the copies, as on three hosts with one OSD each, a dead OSD is given up as soon as
    all data is available without it; a running one only with O(accept_degraded).
extends_documentation_fragment: [ceph_cluster]
options:
  osd:
    description: Number of the OSD.
    type: int
    required: true
  accept_degraded:
    description:
      - Whether a running OSD may be given up although its data has no other place, and so one copy fewer for a time.
    type: bool
    default: false
  zap:
    description:
      - Whether the old disk is wiped, too. It must still answer. The managers then make a new OSD on it at once, if it
        is one that they shall take.
    type: bool
    default: false
  missing_ok:
    description: Whether it is no failure that there is no such OSD, as when one made by V(raw) is removed.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Move the data away
  ceph_osd_replacement:
    fsid: 3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11
    image: quay.io/ceph/ceph:v18.2.7
    osd: 3
"""

RETURN = r"""
state:
  description: V(up), V(down), V(removing), V(destroyed) or V(absent).
  type: str
  returned: always
ready:
  description: Whether the disk may be swapped.
  type: bool
  returned: always
host:
  description: Name of the OSD's host, empty when it is not known.
  type: str
  returned: always
devices:
  description: Lasting paths of the disks with the OSD's data, as far as Ceph knows them.
  type: list
  elements: str
  returned: always
progress:
  description: How far it is, in words.
  type: str
  returned: always
plan:
  description: What is changed, in words.
  type: list
  elements: str
  returned: always
"""

from dataclasses import dataclass
from typing import Any

from ansible.module_utils.armature_ceph import CephError, Step, difference
from ansible.module_utils.armature_ceph_gates import CarefulCeph
from ansible.module_utils.armature_ceph_module import run
from ansible.module_utils.armature_ceph_osds import devices
from ansible.module_utils.armature_ceph_room import lack, parent, shortages

COMMANDS = ("osd tree", "osd dump", "osd crush rule dump", "osd metadata", "health")
LOSSES = ("OBJECT_UNFOUND", "PG_AVAILABILITY", "PG_DAMAGED")
"""Checks under which a copy may be the last one."""


@dataclass(frozen=True)
class Seen:
    """An OSD. ``node`` is its own in ``osd tree``, None when there is none; ``daemon`` is its own in ``orch ps``."""

    number: int
    node: dict[str, Any] | None
    host: str
    devices: tuple[str, ...]
    raw: bool
    daemon: dict[str, Any] | None
    removal: dict[str, Any] | None
    tree: dict[str, Any]
    dump: dict[str, Any]
    rules: list[dict[str, Any]]
    checks: tuple[str, ...]

    @property
    def state(self) -> str:
        """``up``, ``down``, ``removing``, ``destroyed`` or ``absent``."""
        if self.node is None:
            return "absent"
        if self.removal is not None and self.node["status"] != "destroyed":
            return "removing"
        return str(self.node["status"])


def observe(ceph: CarefulCeph, number: int) -> Seen:
    """Look at the cluster. Raises CephError."""
    ceph.found(lenient=False)
    tree, dump, rules, metadata, health = ceph.with_manager(*COMMANDS)
    daemons, specs = ceph.json_all("orch ps --daemon_type osd", "orch ls --service_type osd --export")
    facts: dict[str, Any] = next((entry for entry in metadata if entry["id"] == number), {})
    daemon = next((entry for entry in daemons if entry["daemon_id"] == str(number)), None)
    return Seen(
        number=number,
        node=next((node for node in tree["nodes"] if node["id"] == number), None),
        host=(daemon or {}).get("hostname") or parent(tree, number) or facts.get("hostname", ""),
        devices=devices(facts),
        raw=is_raw(facts, daemon or {}, specs),
        daemon=daemon,
        removal=next((entry for entry in ceph.removals() if entry["osd_id"] == number), None),
        tree=tree,
        dump=dump,
        rules=rules,
        checks=tuple(sorted(health["checks"])),
    )


def is_raw(facts: dict[str, Any], daemon: dict[str, Any], specs: list[dict[str, Any]]) -> bool:
    """Return whether an OSD was made by ceph-volume's method raw: as its service says, else as its device looks."""
    service = daemon.get("service_name") or f"osd.{daemon.get('osdspec_affinity')}"
    for spec in specs:
        if spec.get("service_name", f"osd.{spec.get('service_id')}") == service:
            return bool({**spec, **(spec.get("spec") or {})}.get("method") == "raw")
    node = facts.get("bluestore_bdev_dev_node", "")
    return bool(node) and not node.startswith("/dev/dm-")


def plan(ceph: CarefulCeph, seen: Seen, accept_degraded: bool, zap: bool) -> list[Step]:
    """Return what begins the replacement. Raises CephError for what may not be done."""
    name = f"osd.{seen.number}"
    if seen.state in ("absent", "destroyed"):
        return []
    if seen.removal is not None:
        if seen.removal["replace"] or seen.raw:
            return []
        raise CephError(
            f"{name}: is being removed for good, not replaced. Wait until it is gone, or end that with "
            f"'cephadm shell --fsid {ceph.fsid} -- ceph orch osd rm stop {seen.number}', and run again."
        )
    if zap and (seen.raw or seen.state != "up"):
        why = "its method is raw" if seen.raw else "it is down, so its disk may not answer"
        raise CephError(
            f"{name}: its disk cannot be wiped by the managers: {why}. Leave out zap; to take the same disk again, "
            f"list it in site.yml, ceph: {{wipe: {{{seen.host}: [{', '.join(seen.devices)}]}}}}."
        )
    refusal = ceph.refusal("osd", "ok-to-stop", str(seen.number)) if seen.state == "up" else ""
    if refusal:
        raise CephError(
            f"{name}: may not be stopped now: {refusal}. Wait until the cluster's data is whole "
            f"('cephadm shell --fsid {ceph.fsid} -- ceph -s'), and run again."
        )
    short = shortages(seen.dump, seen.rules, seen.tree, {seen.number})
    if short or seen.daemon is None:
        return _at_once(seen, "; ".join(found.sentence(name) for found in short), accept_degraded)
    why = lack(ceph.json("osd", "df"), seen.dump["nearfull_ratio"], {seen.number}) if seen.state == "up" else ""
    if why:
        raise CephError(f"{name}: its data has no room elsewhere: {why}. Add disks or delete data, and run again.")
    words = ["orch", "osd", "rm", str(seen.number), *([] if seen.raw else ["--replace"]), *(["--zap"] if zap else [])]
    what = "move its data away" if seen.state == "up" else "make the copies elsewhere that are lost with it"
    return [Step(f"{name}: {what}, then {_end(seen)}", tuple(words))]


def _end(seen: Seen) -> str:
    return "remove it" if seen.raw else "keep only its number"


def _at_once(seen: Seen, short: str, accept_degraded: bool) -> list[Step]:
    """Return the steps that give up an OSD whose copies cannot be made elsewhere first."""
    name = f"osd.{seen.number}"
    if seen.state == "up" and not accept_degraded:
        raise CephError(
            f"{name}: runs, and its data has no other place: {short or 'the managers do not know its daemon'}. Its "
            "data would have one copy fewer until the new disk is filled. To accept that: -e accept_degraded=true."
        )
    losses = [code for code in seen.checks if code in LOSSES]
    if losses:
        raise CephError(
            f"{name}: some data is not available ({', '.join(losses)}), and this OSD may have the last copy. Bring "
            "back the other OSDs that are down, and run again; docs/ceph-health.md has the rest."
        )
    number = str(seen.number)
    verb = "purge" if seen.raw else "destroy"
    return [
        *([Step(f"{name}: remove its daemon", ("orch", "daemon", "rm", name, "--force"))] if seen.daemon else []),
        *([Step(f"{name}: call it down", ("osd", "down", number))] if seen.state == "up" else []),
        Step(f"{name}: {_end(seen)}, its data has one copy fewer", ("osd", verb, number, "--force")),
    ]


def progress(ceph: CarefulCeph, seen: Seen) -> str:
    """Return how far the replacement is, in words. Raises CephError."""
    name = f"osd.{seen.number}"
    if seen.state in ("destroyed", "absent"):
        return f"{name} is {seen.state}: its disk may be swapped"
    safe = ceph.refusal("osd", "safe-to-destroy", str(seen.number))
    if seen.state != "removing":
        if seen.state == "up":
            return f"{name} runs"
        return f"{name} is dead, and its data is whole elsewhere" if not safe else f"{name} is dead: {safe}"
    return f"{name} is still needed: {safe}" if safe else f"{name} is empty, and about to go"


def change(ceph: CarefulCeph, wanted: dict[str, Any], check: bool) -> dict[str, Any]:
    """Observe, plan, and unless ``check`` apply. Return the module's result. Raises CephError."""
    seen = observe(ceph, wanted["osd"])
    if seen.node is None and not wanted["missing_ok"]:
        numbers = sorted(node["id"] for node in seen.tree["nodes"] if node["type"] == "osd")
        raise CephError(
            f"osd.{seen.number}: the Ceph cluster {ceph.fsid} has no such OSD. Use one of "
            f"{', '.join(map(str, numbers))}."
        )
    steps = plan(ceph, seen, wanted["accept_degraded"], wanted["zap"])
    after = seen
    if steps and not check:
        ceph.carry_out(steps)
        after = observe(ceph, seen.number)
        if after.state not in ("removing", "destroyed", "absent"):
            raise CephError(
                f"osd.{seen.number}: is {after.state} after all; the managers did not take it over. Look at 'cephadm "
                f"shell --fsid {ceph.fsid} -- ceph orch osd rm status', and run again."
            )
    ends = {"state": "absent" if seen.raw else "destroyed"}
    return {
        "changed": bool(steps),
        "diff": difference(f"osd.{seen.number}", {"state": seen.state}, ends) if steps else [],
        "plan": [step.sentence for step in steps],
        "state": after.state,
        "ready": after.state in ("destroyed", "absent"),
        "host": seen.host,
        "devices": list(seen.devices),
        "progress": progress(ceph, after),
    }


def main() -> None:
    """Run the module."""
    run(
        {
            "osd": {"type": "int", "required": True},
            "accept_degraded": {"type": "bool", "default": False},
            "zap": {"type": "bool", "default": False},
            "missing_ok": {"type": "bool", "default": False},
        },
        change,
        cluster=CarefulCeph,
    )


if __name__ == "__main__":
    main()
