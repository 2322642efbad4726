# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Keys of a Ceph cluster's clients: what the monitors know against what is wanted. A key itself is never changed.

Source: Ceph 18.2.7, AuthMonitor::prepare_command, KeyServerData::encode_formatted, KeyRing::print.
"""

from __future__ import annotations

from typing import Any

from ansible.module_utils.armature_ceph import Step

Caps = dict[str, str]
"""Kind of daemon -> what the client may do there."""


def present(listing: dict[str, Any]) -> dict[str, Caps]:
    """Return entity -> capabilities of ``ceph auth ls``."""
    return {entry["entity"]: dict(entry["caps"]) for entry in listing["auth_dump"]}


def keyrings(listing: dict[str, Any], entities: list[str]) -> dict[str, str]:
    """Return entity -> text of its keyring, of ``ceph auth ls``; an entity that is not there is left out."""
    keys = {entry["entity"]: entry["key"] for entry in listing["auth_dump"]}
    return {entity: f"[{entity}]\n\tkey = {keys[entity]}\n" for entity in entities if entity in keys}


def steps(wanted: dict[str, Caps], present: dict[str, Caps]) -> list[Step]:
    """Return what gives each entity a key with its capabilities."""
    found = []
    for entity, caps in wanted.items():
        words = tuple(word for kind in sorted(caps) for word in (kind, caps[kind]))
        if entity not in present:
            found.append(Step(f"key {entity}: create it", ("auth", "get-or-create", entity, *words)))
        elif present[entity] != caps:
            found.append(Step(f"key {entity}: change its capabilities", ("auth", "caps", entity, *words)))
    return found
