# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Hosts of a Ceph cluster: what cephadm's managers and CRUSH know of them against what is wanted.

The managers keep a host's location to themselves and use it only when the host is added, so CRUSH is asked and told
where a host is, before the managers know the host: an OSD then finds its host's place.

Source: Ceph 18.2.7, mgr/cephadm/inventory.py (Inventory), mgr/orchestrator/module.py (orch host), OSDMonitor.cc
(osd crush add-bucket, osd crush move), CrushWrapper::check_item_loc.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.armature_ceph import Step

LABELS = ("mon", "mgr", "osd", "_admin")
"""Those that are given and taken unless told otherwise; ``_no_schedule`` and others are people's and cephadm's own."""


@dataclass(frozen=True)
class Host:
    """A host: ``address`` without brackets; ``location`` is a type of bucket -> name, {} when it has no place."""

    name: str
    address: str
    labels: tuple[str, ...]
    location: dict[str, str] = field(default_factory=dict)


def wanted(hosts: Iterable[dict[str, Any]]) -> list[Host]:
    """Return the hosts of the module's options."""
    return [
        Host(host["name"], _address(host["address"]), tuple(host.get("labels") or ()), dict(host.get("location") or {}))
        for host in hosts
    ]


def present(listing: Iterable[dict[str, Any]]) -> dict[str, Host]:
    """Return name -> host of ``ceph orch host ls``, which does not say where the hosts are."""
    return {host["hostname"]: Host(host["hostname"], _address(host["addr"]), tuple(host["labels"])) for host in listing}


def locations(tree: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return name of a host in CRUSH -> type -> name of the buckets above it, of ``ceph osd tree``."""
    parents = {child: node for node in tree["nodes"] for child in node.get("children", ())}
    found = {}
    for node in tree["nodes"]:
        if node["type"] == "host":
            place, above = {}, parents.get(node["id"])
            while above is not None:
                place[above["type"]] = above["name"]
                above = parents.get(above["id"])
            found[node["name"]] = place
    return found


def steps(
    wanted: Host, present: Host | None, places: dict[str, dict[str, str]], owned: Iterable[str] = LABELS
) -> list[Step]:
    """Return what makes one host so; ``places`` are all ``locations``, also of hosts that the managers do not know.

    Of labels, those that are ``owned`` are also taken.
    """
    name = wanted.name
    found = _place(wanted, places.get(name))
    if present is None:
        labels = (f"--labels={','.join(wanted.labels)}",) if wanted.labels else ()
        sentence = f"host {name}: add it with address {wanted.address} and labels {', '.join(wanted.labels) or 'none'}"
        return [*found, Step(sentence, ("orch", "host", "add", name, wanted.address, *labels))]
    if present.address != wanted.address:
        sentence = f"host {name}: change its address from {present.address} to {wanted.address}"
        found.append(Step(sentence, ("orch", "host", "set-addr", name, wanted.address)))
    found += [
        Step(f"host {name}: add the label {label}", ("orch", "host", "label", "add", name, label))
        for label in wanted.labels
        if label not in present.labels
    ]
    found += [
        Step(f"host {name}: remove the label {label}", ("orch", "host", "label", "rm", name, label))
        for label in present.labels
        if label in owned and label not in wanted.labels
    ]
    return found


def shown(
    wanted: Host, present: Host | None, places: dict[str, dict[str, str]], owned: Iterable[str] = LABELS
) -> tuple[Any, Any]:
    """Return a host before, None when it is not there, and after, for a diff."""
    kept = [label for label in (present.labels if present else ()) if label not in owned]
    after = _shown(wanted.address, {*wanted.labels, *kept}, wanted.location)
    if present is None:
        return None, after
    place = places.get(wanted.name, {})
    location = {kind: place[kind] for kind in wanted.location if kind in place}
    return _shown(present.address, {*present.labels}, location), after


def _shown(address: str, labels: set[str], location: dict[str, str]) -> dict[str, Any]:
    return {"address": address, "labels": sorted(labels), **({"location": location} if location else {})}


def _place(wanted: Host, present: dict[str, str] | None) -> list[Step]:
    if not wanted.location:
        return []
    # The monitors look at the nearest bucket only; a rack outside its root is not moved with the host.
    kinds = [kind for kind in wanted.location if kind != "root"] or ["root"]
    place = ", ".join(f"{kind} {wanted.location[kind]}" for kind in kinds)
    words = tuple(f"{kind}={name}" for kind, name in {"root": "default", **wanted.location}.items())
    if present is None:
        sentence = f"host {wanted.name}: place it in {place}"
        return [Step(sentence, ("osd", "crush", "add-bucket", wanted.name, "host", *words))]
    if all(present.get(kind) == wanted.location[kind] for kind in kinds):
        return []
    sentence = f"host {wanted.name}: move it to {place}, and its data with it"
    return [Step(sentence, ("osd", "crush", "move", wanted.name, *words))]


def _address(text: str) -> str:
    """Return an address in its usual form, a name as it is.

    >>> _address("[FD00:0::1]"), _address("sto-1.example.org")
    ('fd00::1', 'sto-1.example.org')
    """
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        return text
