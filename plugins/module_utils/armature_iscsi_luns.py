# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""LUNs of the iSCSI gateways: who has them, and how one is taken away without the image behind it.

Source: ceph-iscsi 3.9: rbd-target-api (clientlun, targetlun, disk, clientinfo); lun.py, unmap_lun and remove_lun.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.armature_iscsi import Gateway, Step, path

Config = Mapping[str, Any]


def luns(config: Config) -> dict[str, list[str]]:
    """Return every LUN, ``pool/image``, -> the initiators that have it, sorted."""
    found: dict[str, list[str]] = {disk: [] for disk in config["disks"]}
    for target in config["targets"].values():
        for initiator, client in target["clients"].items():
            for disk in client["luns"]:
                found.setdefault(disk, []).append(initiator)
    return {disk: sorted(set(who)) for disk, who in sorted(found.items())}


def holders(config: Config, disks: Iterable[str]) -> list[tuple[str, str]]:
    """Return (target, initiator) of those that have any of the LUNs."""
    wanted = set(disks)
    return [
        (iqn, initiator)
        for iqn, target in config["targets"].items()
        for initiator, client in target["clients"].items()
        if wanted & set(client["luns"])
    ]


def removal(config: Config, disk: str, via: Gateway) -> list[Step]:
    """Return the steps that take a LUN from its initiators, from its target and from the gateways; none without it."""
    form = (("disk", disk),)
    found = []
    for iqn, target in config["targets"].items():
        for initiator, client in target["clients"].items():
            if disk in client["luns"]:
                sentence = f"LUN {disk}: take it from {initiator}"
                found.append(Step(sentence, via, "DELETE", path("clientlun", iqn, initiator), form))
        if disk in target["disks"]:
            found.append(
                Step(f"LUN {disk}: take it from the target {iqn}", via, "DELETE", path("targetlun", iqn), form)
            )
    if disk in config["disks"]:
        keep = (("preserve_image", "true"),)
        sentence = f"LUN {disk}: have the gateways forget it; its image stays"
        found.append(Step(sentence, via, "DELETE", path("disk", *disk.split("/", 1)), keep))
    return found
