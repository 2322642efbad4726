# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""The upgrade of a Ceph cluster that cephadm's managers carry out, daemon by daemon: how far it is, and what stops it.

Source: Ceph 18.2.7: mgr/cephadm/upgrade.py (upgrade_start, upgrade_resume, upgrade_status, _fail_upgrade), and
upgrade_check of mgr/cephadm/module.py, which fetches the image on one host.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.armature_ceph import CephError, Step
from ansible.module_utils.armature_ceph_gates import CarefulCeph

COMMANDS = ("versions", "health detail")
LONGEST_LEAP = 2
"""Major releases that an upgrade may go up at once."""

Version = tuple[int, int, int]


@dataclass(frozen=True)
class Seen:
    """A cluster and its upgrade.

    ``outdated`` is a daemon's name -> its version, of those that do not run the target yet; empty also while an upgrade
    runs, which is not asked then. ``target`` is the image's version, (0, 0, 0) while it is not asked.
    """

    status: dict[str, Any]
    versions: dict[str, dict[str, int]]
    health: dict[str, Any]
    outdated: dict[str, str]
    target: Version
    managers: int

    @property
    def state(self) -> str:
        """``paused``, ``running``, ``outdated`` (nothing is under way) or ``done``."""
        if self.status["in_progress"]:
            return "paused" if self.status["is_paused"] else "running"
        return "outdated" if self.outdated else "done"

    def running(self) -> list[Version]:
        """Return the versions of all daemons, sorted."""
        return sorted({version(text) for text in self.versions.get("overall", {})})

    def reason(self) -> str:
        """Return why an upgrade is paused, with what the health says of it."""
        checks = self.health["checks"].items()
        details = [
            line["message"] for code, check in checks if code.startswith("UPGRADE_") for line in check.get("detail", ())
        ]
        return "; ".join([self.status["message"].rstrip("."), *details]) or "it gives no reason"


def version(text: str) -> Version:
    """Return a version as numbers. Raises CephError for a text that has none.

    >>> version("ceph version 18.2.7 (6b0e988052ec84cf2d4a54ff9bbbc5e720b621ad) reef (stable)")
    (18, 2, 7)
    """
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    if found is None:
        raise CephError(f"'{text}': is no version of Ceph. See that 'ceph.image' in site.yml is an image of Ceph.")
    return int(found[1]), int(found[2]), int(found[3])


def written(found: Version) -> str:
    """Return a version as text."""
    return ".".join(map(str, found))


def observe(ceph: CarefulCeph) -> Seen:
    """Look at the cluster; its target is the image that commands run in. Raises CephError."""
    ceph.found(lenient=False)
    versions, health = ceph.with_manager(*COMMANDS)
    status = ceph.text_json("orch", "upgrade", "status")
    daemons = ceph.json("orch", "ps", "--daemon_type", "mgr")
    managers = sum(daemon.get("status") == 1 for daemon in daemons)
    if status["in_progress"]:
        return Seen(status, versions, health, {}, (0, 0, 0), managers)
    found = ceph.text_json("orch", "upgrade", "check", "--image", ceph.image)
    outdated = {name: daemon["current_version"] or "" for name, daemon in sorted(found["needs_update"].items())}
    return Seen(status, versions, health, outdated, version(found["target_version"]), managers)


def plan(ceph: CarefulCeph, seen: Seen, accept: list[str]) -> list[Step]:
    """Return what begins or resumes the upgrade. Raises CephError for what may not be done."""
    image = ceph.image
    if seen.state == "done":
        return []
    present = seen.status["target_image"] or ""
    if seen.status["in_progress"] and "@" not in present and present != image:
        raise CephError(
            f"{image}: an upgrade to {present} is under way. Let it end with -e image={present}, or end it with "
            f"'cephadm shell --fsid {ceph.fsid} -- ceph orch upgrade stop', and run again."
        )
    if seen.state == "running":
        return []
    _require_health(ceph, seen, accept)
    if seen.state == "paused":
        return [Step(f"upgrade to {image}: go on with it", ("orch", "upgrade", "resume"))]
    _require_way_up(seen, image)
    if seen.managers < 2:
        raise CephError(
            f"{image}: an upgrade needs two managers that run, for they upgrade each other, and there is "
            f"{seen.managers or 'none'}. Give the role of 'ceph.mgr' in site.yml to another host, run "
            "playbooks/deploy_ceph.yml, and run again."
        )
    sentence = f"upgrade to {image}: {len(seen.outdated)} daemons to {written(seen.target)}"
    return [Step(sentence, ("orch", "upgrade", "start", "--image", image))]


def _require_way_up(seen: Seen, image: str) -> None:
    running = seen.running()
    major = seen.target[0]
    if running and major < running[-1][0]:
        raise CephError(
            f"{image}: is Ceph {written(seen.target)}, and the cluster runs {written(running[-1])}: there is no way "
            f"back to an earlier release. Use an image of {running[-1][0]} or later."
        )
    if running and major - running[0][0] > LONGEST_LEAP:
        raise CephError(
            f"{image}: is Ceph {written(seen.target)}, and the cluster runs {written(running[0])}: an upgrade goes up "
            f"{LONGEST_LEAP} releases at most. Upgrade to {running[0][0] + LONGEST_LEAP} first."
        )


def _require_health(ceph: CarefulCeph, seen: Seen, accept: list[str]) -> None:
    """Raise CephError on checks that are neither muted nor accepted. What an upgrade says of itself does not count."""
    left = {
        code: check["summary"]["message"]
        for code, check in sorted(seen.health["checks"].items())
        if not check.get("muted") and code not in accept and not code.startswith("UPGRADE_")
    }
    if left:
        lines = [f"{ceph.image}: the cluster's health is {seen.health['status']}, so it is not upgraded:"]
        lines += [f"  {code}: {message}." for code, message in left.items()]
        lines.append("  docs/ceph-health.md says what to do about each. To upgrade all the same, accept them:")
        lines.append(f"  -e '{json.dumps({'accept': list(left)})}'")
        raise CephError("\n".join(lines))


def report(seen: Seen) -> dict[str, Any]:
    """Return what the modules say of an upgrade."""
    paused = seen.state == "paused"
    said = [seen.status["progress"] or "", "" if paused else seen.status["message"]]
    left = [f"{len(seen.outdated)} daemons run another version"] if seen.outdated else []
    return {
        "state": seen.state,
        "progress": "; ".join(filter(None, [*said, *left])) or seen.state,
        "reason": seen.reason() if paused else "",
        "versions": seen.versions,
    }
