#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: whether a host serves a Ceph cluster, rests, is emptied, or is gone from it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_host_state
short_description: Whether a host serves a Ceph cluster
description:
  - Runs on a host that has a monitor. Nothing is forced; what would take data or the service away is refused before
    anything is changed.
  - V(maintenance) stops the host's daemons and keeps its data from moving; when the active manager is there, another
    one takes over first.
  - V(available) ends maintenance and a draining that is not over.
  - V(drained) begins to move the daemons and all data away, and returns at once; call it again to see how far it is.
  - V(absent) takes a drained host out of the cluster, with its bucket in the CRUSH map.
extends_documentation_fragment: [ceph_cluster]
options:
  name:
    description: Name of the host.
    type: str
    required: true
  state:
    description: What the host shall be.
    type: str
    choices: [available, maintenance, drained, absent]
    default: available
attributes:
  check_mode:
    support: full
    description: The same questions are asked. What a manager would say that takes over first is not known before.
  diff_mode:
    support: full
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Send a host into maintenance
  ceph_host_state:
    fsid: 3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11
    image: quay.io/ceph/ceph:v18.2.7
    name: sto-1
    state: maintenance
"""

RETURN = r"""
plan:
  description: What is changed, in words.
  type: list
  elements: str
  returned: always
drained:
  description: Whether nothing of Ceph's runs on the host, and none of its OSDs is being removed.
  type: bool
  returned: always
remaining:
  description: What is still there, as V(osd.3) with how many placement groups it holds, or V(mon.sto-1).
  type: list
  elements: str
  returned: always
"""

from dataclasses import dataclass
from typing import Any

from ansible.module_utils.armature_ceph import CephError, Step, difference, reason
from ansible.module_utils.armature_ceph_gates import CarefulCeph
from ansible.module_utils.armature_ceph_module import run
from ansible.module_utils.armature_ceph_room import lack, shortages

COMMANDS = ("mgr dump", "osd tree", "osd dump", "osd crush rule dump")
RUNNING = 1
"""A daemon's status. Source: python-common, orchestrator: DaemonDescriptionStatus."""
DRAINING = ("_no_schedule", "_no_conf_keyring")
"""Labels that ``orch host drain`` gives."""


@dataclass(frozen=True)
class Seen:
    """The cluster around one host. ``host`` is None for one that the managers do not know.

    ``daemons`` are its own; ``active`` is the active manager when it is there, else "", and ``standby`` whether another
    host has one; ``gateway`` is whether an object gateway runs on another host; ``osds`` is number -> node in CRUSH
    below its bucket, None without a bucket; ``removals`` are its own.
    """

    name: str
    host: dict[str, Any] | None
    others: tuple[str, ...]
    daemons: tuple[dict[str, Any], ...]
    active: str
    standby: bool
    gateway: bool
    osds: dict[int, dict[str, Any]] | None
    noout: bool
    removals: tuple[dict[str, Any], ...]
    tree: dict[str, Any]
    dump: dict[str, Any]
    rules: list[dict[str, Any]]

    @property
    def status(self) -> str:
        """``maintenance``, ``offline`` or ""."""
        return self.host["status"].lower() if self.host else ""

    @property
    def draining(self) -> list[str]:
        """The labels of a drained host that it has."""
        return [label for label in DRAINING if self.host and label in self.host["labels"]]

    def names(self, kind: str) -> list[str]:
        """Return the ids of its daemons of a kind."""
        return sorted(daemon["daemon_id"] for daemon in self.daemons if daemon["daemon_type"] == kind)

    def shown(self) -> dict[str, Any] | None:
        """Return the host for a diff."""
        if self.host is None:
            return None
        return {"status": self.status or "available", "drain": bool(self.draining), "noout": self.noout}


def observe(ceph: CarefulCeph, name: str) -> Seen:
    """Look at the cluster. Raises CephError."""
    ceph.found(lenient=False)
    mgrs, tree, dump, rules = ceph.with_manager(*COMMANDS)
    hosts, daemons = ceph.json_all("orch host ls", "orch ps")
    places = {daemon["daemon_id"]: daemon["hostname"] for daemon in daemons if daemon["daemon_type"] == "mgr"}
    nodes = {node["id"]: node for node in tree["nodes"]}
    bucket = next((node for node in tree["nodes"] if node["type"] == "host" and node["name"] == name), None)
    return Seen(
        name=name,
        host=next((host for host in hosts if host["hostname"] == name), None),
        others=tuple(sorted(host["hostname"] for host in hosts if host["hostname"] != name)),
        daemons=tuple(daemon for daemon in daemons if daemon["hostname"] == name),
        active=mgrs["active_name"] if places.get(mgrs["active_name"]) == name else "",
        standby=any(places.get(standby["name"], name) != name for standby in mgrs["standbys"]),
        gateway=any(
            (daemon["daemon_type"], daemon["status"]) == ("rgw", RUNNING) and daemon["hostname"] != name
            for daemon in daemons
        ),
        osds=None if bucket is None else {child: nodes[child] for child in bucket.get("children", ())},
        noout="noout" in dump.get("crush_node_flags", {}).get(name, ()),
        removals=tuple(entry for entry in ceph.removals() if entry["hostname"] == name),
        tree=tree,
        dump=dump,
        rules=rules,
    )


def plan(ceph: CarefulCeph, seen: Seen, state: str) -> list[Step]:
    """Return what makes the host so, the manager's move first. Raises CephError for what may not be done."""
    if seen.host is None and state != "absent" and not (state == "drained" and seen.osds is not None):
        raise CephError(
            f"{seen.name}: the Ceph cluster {ceph.fsid} has no such host. Use one of {', '.join(seen.others)}."
        )
    if state == "absent":
        return _absent(seen)
    if seen.status == "offline":
        raise CephError(
            f"{seen.name}: does not answer to Ceph's managers. Start it and see that sshd runs on it, then run again."
        )
    if state == "maintenance":
        return _maintenance(ceph, seen)
    return _available(seen) if state == "available" else _drained(ceph, seen)


def _manager(seen: Seen) -> list[Step]:
    if not seen.active:
        return []
    if not seen.standby:
        raise CephError(
            f"{seen.name}: has the active manager, and no other host has one that could take over. Give the role of "
            "'ceph.mgr' in site.yml to another host, run playbooks/deploy_ceph.yml, and run again."
        )
    return [Step(f"manager {seen.active}: let another one take over", ("mgr", "fail", seen.active))]


def _noout(name: str, verb: str) -> Step:
    word = "keep its data where it is" if verb == "set" else "let its data move again"
    return Step(f"host {name}: {word}", ("osd", f"{verb}-group", "noout", name))


def _maintenance(ceph: CarefulCeph, seen: Seen) -> list[Step]:
    flag = [_noout(seen.name, "set")] if seen.osds and not seen.noout else []
    if seen.status == "maintenance":
        return flag
    if not seen.others:
        raise CephError(f"{seen.name}: is the cluster's only host, and Ceph would stop. Stop the host itself instead.")
    move = _manager(seen)
    for kind in ("osd", "mon"):
        refusal = ceph.refusal(kind, "ok-to-stop", *seen.names(kind)) if seen.names(kind) else ""
        if refusal:
            raise CephError(
                f"{seen.name}: may not be stopped now: {refusal}. Wait until the cluster's data is whole and its "
                f"monitors are in the quorum ('cephadm shell --fsid {ceph.fsid} -- ceph -s'), and run again."
            )
    force = _past_gateways(seen)
    if not move and not force:
        ceph.require_stoppable(seen.name)
    enter = Step(f"host {seen.name}: stop its daemons", ("orch", "host", "maintenance", "enter", seen.name, *force))
    return [*move, *flag, enter]


def _past_gateways(seen: Seen) -> tuple[str, ...]:
    """Return what makes the managers stop an object gateway. Raises CephError for the last one.

    They always warn of that, as long as no load balancer of their own stands before the gateways, and HAProxy is
    OpenStack's. They still refuse to stop what else is in use.
    Source: ceph 18.2.7, mgr/cephadm/services/cephadmservice.py, RgwService.ok_to_stop.
    """
    if not seen.names("rgw"):
        return ()
    if not seen.gateway:
        raise CephError(
            f"{seen.name}: has the only object gateway that runs. Give the role of 'ceph.rgw' in site.yml to another "
            "host, run playbooks/deploy.yml, and run again."
        )
    return ("--force",)


def _available(seen: Seen) -> list[Step]:
    name = seen.name
    stays = [str(entry["osd_id"]) for entry in seen.removals if not entry["replace"]]
    start = Step(f"host {name}: start its daemons", ("orch", "host", "maintenance", "exit", name))
    return [
        *([start] if seen.status == "maintenance" else []),
        *([_noout(name, "unset")] if seen.noout else []),
        *(Step(f"osd.{number}: keep it", ("orch", "osd", "rm", "stop", number)) for number in stays),
        *(
            Step(f"host {name}: remove the label {label}", ("orch", "host", "label", "rm", name, label))
            for label in seen.draining
        ),
    ]


def _drained(ceph: CarefulCeph, seen: Seen) -> list[Step]:
    queued = {entry["osd_id"] for entry in seen.removals}
    left = {int(number) for number in seen.names("osd")} - queued
    if seen.host is None or ("_no_schedule" in seen.draining and not left):
        return []
    if seen.status == "maintenance":
        raise CephError(
            f"{seen.name}: is in maintenance. Run playbooks/leave_maintenance.yml first: its data must move."
        )
    numbers = set(seen.osds or ())
    short = shortages(seen.dump, seen.rules, seen.tree, numbers)
    if short:
        raise CephError(
            "\n".join(
                f"{seen.name}: cannot be emptied: {found.sentence(seen.name)}. Add one, or give the pool fewer "
                "copies or another failure domain in site.yml, and run again."
                for found in short
            )
        )
    why = lack(ceph.json("osd", "df"), seen.dump["nearfull_ratio"], numbers) if numbers else ""
    if why:
        raise CephError(f"{seen.name}: cannot be emptied: {why}. Add disks or delete data, and run again.")
    drain = Step(f"host {seen.name}: move its daemons and data away", ("orch", "host", "drain", seen.name))
    return [*_manager(seen), drain]


def _absent(seen: Seen) -> list[Step]:
    name = seen.name
    if seen.daemons or seen.removals:
        raise CephError(
            f"{name}: is not empty: {', '.join(_remaining(seen, {}))}. Run playbooks/drain_ceph_host.yml, which waits."
        )
    held = [node["name"] for node in (seen.osds or {}).values() if node["status"] != "destroyed"]
    if held:
        raise CephError(
            f"{name}: {', '.join(held)} still count in CRUSH as its own, and have no daemon there. Look at 'ceph osd "
            "tree'; remove each with 'ceph osd purge <number>' when 'ceph osd safe-to-destroy <number>' allows it."
        )
    gone = [Step(f"osd.{number}: forget it", ("osd", "purge", str(number), "--force")) for number in seen.osds or ()]
    leave = Step(f"host {name}: take it out of the cluster", ("orch", "host", "rm", name))
    bucket = Step(f"host {name}: take it out of the CRUSH map", ("osd", "crush", "rm", name))
    return [
        *gone,
        *([_noout(name, "unset")] if seen.noout else []),
        *([leave] if seen.host else []),
        *([bucket] if seen.osds is not None else []),
    ]


def _remaining(seen: Seen, groups: dict[int, int]) -> list[str]:
    """Return what is still there; ``groups`` is an OSD's number -> how many placement groups it holds."""
    names = {daemon["daemon_name"] for daemon in seen.daemons} | {f"osd.{entry['osd_id']}" for entry in seen.removals}
    held = {f"osd.{number}": count for number, count in groups.items()}
    return [f"{name} ({held[name]} placement groups)" if held.get(name) else name for name in sorted(names)]


def change(ceph: CarefulCeph, name: str, state: str, check: bool) -> dict[str, Any]:
    """Observe, plan, and unless ``check`` apply. Return the module's result. Raises CephError."""
    seen = observe(ceph, name)
    steps = plan(ceph, seen, state)
    after = seen
    if steps and not check:
        _apply(ceph, seen, state, steps)
        after = observe(ceph, name)
    usage = ceph.json("osd", "df")["nodes"] if state == "drained" and after.osds else []
    groups = {node["id"]: node["pgs"] for node in usage}
    wanted = {
        "available": {"status": "available", "drain": False, "noout": False},
        "maintenance": {"status": "maintenance", "drain": bool(seen.draining), "noout": bool(seen.osds) or seen.noout},
        "drained": {"status": "available", "drain": True, "noout": seen.noout},
        "absent": None,
    }[state]
    before = seen.shown() or ({"status": "only in the CRUSH map"} if seen.osds is not None else None)
    return {
        "changed": bool(steps),
        "diff": difference(f"host {name}", before, wanted) if steps else [],
        "plan": [step.sentence for step in steps],
        "drained": not after.daemons and not after.removals,
        "remaining": _remaining(after, groups),
    }


def _apply(ceph: CarefulCeph, seen: Seen, state: str, steps: list[Step]) -> None:
    heard = []
    for step in steps:
        if step.args[:2] == ("mgr", "fail"):
            ceph.move_manager(seen.active)
            if state == "maintenance" and not seen.names("rgw"):
                ceph.require_stoppable(seen.name)
        else:
            heard.append(reason("\n".join(ceph.said(*step.args)[::-1])))
    hosts = {host["hostname"]: host for host in ceph.json("orch", "host", "ls")}
    present = hosts.get(seen.name)
    status = present["status"].lower() if present else "absent"
    reached = {
        "available": status == "",
        "maintenance": status == "maintenance",
        "drained": present is None or "_no_schedule" in present["labels"],
        "absent": present is None,
    }[state]
    if not reached:
        raise CephError(
            f"{seen.name}: is {status or 'available'} after all, not {state}; Ceph said: {'; '.join(heard)}. Mend the "
            "cause and run again; playbooks/leave_maintenance.yml brings the host back to what it was."
        )


def main() -> None:
    """Run the module."""
    run(
        {
            "name": {"type": "str", "required": True},
            "state": {
                "type": "str",
                "default": "available",
                "choices": ["available", "maintenance", "drained", "absent"],
            },
        },
        lambda ceph, params, check: change(ceph, params["name"], params["state"], check),
        cluster=CarefulCeph,
    )


if __name__ == "__main__":
    main()
