# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Where OSDs are: hosts and disks, as the monitors know them.

Source: Ceph 18.2.7, ``ceph osd metadata``: OSD.cc, _collect_metadata; BlueStore.cc, collect_metadata.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

MOST = 5
"""OSDs that one line names."""


def devices(facts: dict[str, Any]) -> tuple[str, ...]:
    """Return the lasting paths of the data's disks, of an OSD in ``ceph osd metadata``.

    >>> devices({"bluestore_bdev_devices": "sdb", "device_paths": "sda=/dev/disk/by-path/x,sdb=/dev/disk/by-path/y"})
    ('/dev/disk/by-path/y',)
    >>> devices({"bluestore_bdev_devices": "loop1"})
    ('/dev/loop1',)
    """
    paths = dict(entry.partition("=")[::2] for entry in facts.get("device_paths", "").split(",") if entry)
    names = [name for name in facts.get("bluestore_bdev_devices", "").split(",") if name]
    return tuple(paths.get(name) or f"/dev/{name}" for name in names)


def places(lines: Iterable[str], metadata: list[dict[str, Any]]) -> str:
    """Return where the OSDs are that health's details speak of, "" when they speak of none that is known.

    >>> facts = {"id": 2, "hostname": "sto-1", "bluestore_bdev_devices": "sdb"}
    >>> places(["osd.2 is full", "osd.9 is full"], [facts])
    'osd.2 is on sto-1, /dev/sdb'
    """
    known = {facts["id"]: facts for facts in metadata}
    named = dict.fromkeys(int(number) for line in lines for number in re.findall(r"\bosd\.(\d+)\b", line))
    found = [known[number] for number in named if number in known]
    words = [
        f"osd.{facts['id']} is on {facts.get('hostname', 'an unknown host')}"
        + "".join(f", {device}" for device in devices(facts))
        for facts in found[:MOST]
    ]
    return "; ".join(words + ([f"and {len(found) - MOST} more"] if len(found) > MOST else []))
