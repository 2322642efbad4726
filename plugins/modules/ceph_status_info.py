#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: how a Ceph cluster is."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_status_info
short_description: How a Ceph cluster is
description:
  - Asks the monitors for health, members, placement groups and versions, on a host that has a monitor, in one call.
extends_documentation_fragment: [ceph_cluster]
options:
  missing_ok:
    description:
      - Whether it is no failure that there is no cluster; in check mode it never is one. A cluster whose bootstrap was
        cut off, so that it does not answer, counts as none.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Wait until the data is in its places
  ceph_status_info:
    fsid: 3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11
    image: quay.io/ceph/ceph:v18.2.7
  register: ceph
  until: ceph.health.status == 'HEALTH_OK'
"""

RETURN = r"""
present:
  description: Whether there is a cluster. Without one all lists are empty and all numbers 0.
  type: bool
  returned: always
health:
  description:
    - V(status) (V(HEALTH_OK), V(HEALTH_WARN), V(HEALTH_ERR), or empty without a cluster) and V(checks), a code to
      V({severity, summary, detail, muted}).
  type: dict
  returned: always
mons:
  description: V(names) of the monitors, and those in the V(quorum).
  type: dict
  returned: always
mgr:
  description: The V(active) manager, empty when there is none, V(standbys), and whether one is V(available).
  type: dict
  returned: always
osds:
  description: How many OSDs there are (V(num)), and how many are V(up) and V(in).
  type: dict
  returned: always
osd_uuids:
  description: UUIDs of all OSDs that the cluster knows.
  type: list
  elements: str
  returned: always
pgs:
  description: How many placement groups there are (V(total)), are V(active_clean), and by state (V(states)).
  type: dict
  returned: always
versions:
  description: Kind of daemon, or V(overall), to version to how many run it.
  type: dict
  returned: always
summary:
  description:
    - All of it in one line for people, and a line for each check that is not muted, with the places of its OSDs.
  type: list
  elements: str
  returned: always
"""

from typing import Any

from ansible.module_utils.armature_ceph import Ceph
from ansible.module_utils.armature_ceph_module import run
from ansible.module_utils.armature_ceph_osds import places

COMMANDS = ("status", "health detail", "mon dump", "mgr dump", "osd dump", "versions", "osd metadata")


def observe(ceph: Ceph, lenient: bool) -> dict[str, Any]:
    """Return the module's result; without a cluster an empty one, if ``lenient``. Raises CephError."""
    if not ceph.found(lenient):
        return {
            **report({}, {}, {}, {}, {}, {}, []),
            "present": False,
            "summary": [f"There is no Ceph cluster {ceph.fsid}."],
        }
    return report(*ceph.json_all(*COMMANDS))


def report(
    status: dict[str, Any],
    health: dict[str, Any],
    mons: dict[str, Any],
    mgrs: dict[str, Any],
    osds: dict[str, Any],
    versions: dict[str, Any],
    metadata: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return the module's result from the answers to ``COMMANDS``, which may be empty."""
    placement = status.get("pgmap", {})
    states = {entry["state_name"]: entry["count"] for entry in placement.get("pgs_by_state", ())}
    found = {
        "changed": False,
        "present": True,
        "health": {
            "status": health.get("status", ""),
            "checks": {code: _check(check) for code, check in health.get("checks", {}).items()},
        },
        "mons": {"names": [mon["name"] for mon in mons.get("mons", ())], "quorum": status.get("quorum_names", [])},
        "mgr": {
            "active": mgrs.get("active_name", ""),
            "standbys": [standby["name"] for standby in mgrs.get("standbys", ())],
            "available": mgrs.get("available", False),
        },
        "osds": {
            "num": len(osds.get("osds", ())),
            "up": sum(osd["up"] for osd in osds.get("osds", ())),
            "in": sum(osd["in"] for osd in osds.get("osds", ())),
        },
        "osd_uuids": [osd["uuid"] for osd in osds.get("osds", ())],
        "pgs": {
            "total": placement.get("num_pgs", 0),
            "active_clean": sum(count for state, count in states.items() if {"active", "clean"} <= {*state.split("+")}),
            "states": states,
        },
        "versions": versions,
    }
    return {**found, "summary": _summary(found, metadata)}


def _check(check: dict[str, Any]) -> dict[str, Any]:
    return {
        "severity": check["severity"],
        "summary": check["summary"]["message"],
        "detail": [line["message"] for line in check.get("detail", ())],
        "muted": check.get("muted", False),
    }


def _summary(found: dict[str, Any], metadata: list[dict[str, Any]]) -> list[str]:
    mons, mgr, osds, pgs = (found[key] for key in ("mons", "mgr", "osds", "pgs"))
    first = [
        found["health"]["status"],
        f"monitors {len(mons['quorum'])} of {len(mons['names'])}",
        f"active manager {mgr['active'] or 'none'}, standbys {len(mgr['standbys'])}",
        f"OSDs {osds['up']} up and {osds['in']} in of {osds['num']}",
        f"placement groups {pgs['active_clean']} clean of {pgs['total']}",
    ]
    checks = found["health"]["checks"]
    return [
        "; ".join(first),
        *(_line(code, check, metadata) for code, check in checks.items() if not check["muted"]),
    ]


def _line(code: str, check: dict[str, Any], metadata: list[dict[str, Any]]) -> str:
    where = places(check["detail"], metadata)
    return f"{code}: {check['summary']}{f' ({where})' if where else ''}"


def main() -> None:
    """Run the module."""
    run(
        {"missing_ok": {"type": "bool", "default": False}},
        lambda ceph, params, check: observe(ceph, params["missing_ok"] or check),
    )


if __name__ == "__main__":
    main()
