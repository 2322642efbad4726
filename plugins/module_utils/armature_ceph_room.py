# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a cluster has room for its data without some OSDs: enough failure domains for a pool's copies, enough bytes.

Without room, copies that leave an OSD have nowhere to go: the OSD never gets empty.

Source: Ceph 18.2.7: OSDMap::dump, CrushWrapper::dump_rule (``take`` names ``<root>~<class>`` for a device class),
CrushTreeDumper; docs/rados/operations/crush-map.rst.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

Node = dict[str, Any]


@dataclass(frozen=True)
class Shortage:
    """A pool whose ``size`` copies would have only ``left`` of ``now`` failure domains of a ``kind``."""

    pool: str
    size: int
    kind: str
    now: int
    left: int

    def sentence(self, without: str) -> str:
        """Return it in words; ``without`` is what goes."""
        there = f"there {'is' if self.left == 1 else 'are'} {self.left} without {without}"
        return f"pool '{self.pool}' keeps its {self.size} copies on {self.size} different {self.kind}s, and {there}"


def shortages(
    dump: dict[str, Any], rules: Iterable[dict[str, Any]], tree: dict[str, Any], without: Collection[int]
) -> list[Shortage]:
    """Return the pools that would lack failure domains without some OSDs, of those that lose one.

    Of ``ceph osd dump``, ``osd crush rule dump`` and ``osd tree``. A rule that chooses in several steps is not judged.
    """
    by_id = {rule["rule_id"]: rule for rule in rules}
    found = []
    for pool in dump["pools"]:
        taken = _taken(by_id.get(pool["crush_rule"]))
        if taken is None:
            continue
        root, device_class, kind = taken
        serving = {node["id"] for node in tree["nodes"] if node["type"] == "osd" and _takes_data(node)}
        now = len(_domains(tree, root, device_class, kind, serving | set(without)))
        left = len(_domains(tree, root, device_class, kind, serving - set(without)))
        if left < now and left < pool["size"]:
            found.append(Shortage(pool["pool_name"], pool["size"], kind, now, left))
    return found


def _taken(rule: dict[str, Any] | None) -> tuple[str, str, str] | None:
    """Return root, device class ("" for any) and kind of bucket of a rule that chooses once, else None."""
    steps = rule["steps"] if rule else []
    takes = [step for step in steps if step["op"] == "take"]
    chooses = [step for step in steps if step["op"].startswith("choose")]
    if len(takes) != 1 or len(chooses) != 1:
        return None
    root, _tilde, device_class = takes[0]["item_name"].partition("~")
    return root, device_class, chooses[0]["type"]


def _takes_data(osd: Node) -> bool:
    return bool(osd["status"] == "up" and osd["crush_weight"] > 0 and osd["reweight"] > 0)


def _domains(tree: dict[str, Any], root: str, device_class: str, kind: str, osds: Collection[int]) -> set[str]:
    """Return the names of the buckets of a kind below a root that have one of ``osds``, of a class if one is given."""
    nodes = {node["id"]: node for node in tree["nodes"]}
    found: set[str] = set()

    def walk(node: Node, domain: str) -> None:
        domain = node["name"] if node["type"] == kind else domain
        if node["type"] == "osd":
            if domain and node["id"] in osds and device_class in ("", node.get("device_class")):
                found.add(domain)
            return
        for child in node.get("children", ()):
            if child in nodes:
                walk(nodes[child], domain)

    for node in tree["nodes"]:
        if node["name"] == root:
            walk(node, "")
    return found


def lack(usage: dict[str, Any], nearly_full: float, without: Collection[int]) -> str:
    """Return why the data does not fit on the OSDs that remain, "" when it does. Of ``ceph osd df``, in KiB.

    ``nearly_full`` is the share of an OSD from which on Ceph warns.
    """
    used = sum(node["kb_used"] for node in usage["nodes"])
    room = sum(node["kb"] for node in usage["nodes"] if node["id"] not in without and node["reweight"] > 0)
    if used <= room * nearly_full:
        return ""
    return (
        f"{used / 2**20:.1f} GiB are in use, and the OSDs that remain take {room * nearly_full / 2**20:.1f} GiB "
        f"({nearly_full:.0%} of {room / 2**20:.1f})"
    )


def parent(tree: dict[str, Any], identity: int) -> str:
    """Return the name of the bucket that an OSD is in, "" when it is in none."""
    return next((node["name"] for node in tree["nodes"] if identity in node.get("children", ())), "")
