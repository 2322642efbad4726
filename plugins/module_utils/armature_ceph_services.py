# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Services of a Ceph cluster: cephadm's specifications as ``ceph orch ls --export`` shows them against what is wanted.

A specification that is applied replaces the one of the same name, so a key that it no longer has is gone. The managers
add a service's name, move what is special to a type below ``spec``, leave out what is empty or false, and show defaults
of some types. Daemons without a specification are listed, too, as unmanaged services that have no placement.

Source: Ceph 18.2.7, python-common: ServiceSpec, PlacementSpec, DriveGroupSpec and DeviceSelection with their to_json;
mgr/cephadm/module.py: describe_service, _apply_service_spec, remove_service.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from ansible.module_utils.armature_ceph import Step

Spec = dict[str, Any]

KEPT = ("mon", "mgr")
"""Types that cephadm never removes."""

DEFAULTS: dict[str, Spec] = {
    "osd": {"filter_logic": "AND", "method": "lvm", "objectstore": "bluestore", "osds_per_device": 1},
    "ceph-exporter": {"prio_limit": 5, "stats_period": 5},
    "grafana": {"anonymous_access": True, "protocol": "https"},
    "ingress": {"first_virtual_router_id": 50},
    "iscsi": {"api_password": "admin", "api_port": 5000, "api_user": "admin"},
    "rgw": {"rgw_exit_timeout_secs": 120},
}
"""Type -> keys that the managers show, or take, when a specification does not have them. Of 18.2.7; rgw's: 19.2."""


SECRET = re.compile(r"password|secret|token|_key$")
"""What keys are called whose values nobody may read in a diff."""


def name(spec: Spec) -> str:
    """Return a service's name.

    >>> name({"service_type": "osd", "service_id": "nvme"}), name({"service_type": "mon"})
    ('osd.nvme', 'mon')
    """
    return ".".join(filter(None, (spec["service_type"], spec.get("service_id"))))


def present(export: Iterable[Spec]) -> dict[str, Spec]:
    """Return name -> normal form of the services that have a specification, of ``ceph orch ls --export``."""
    return {name(spec): normal_form(spec) for spec in export if spec.get("placement")}


def normal_form(spec: Spec) -> Spec:
    """Return a specification so that those that mean the same are equal: flat, hosts sorted, no name, no defaults."""
    flat = {key: value for key, value in spec.items() if key not in ("spec", "service_name")}
    flat.update(spec.get("spec") or {})
    if isinstance(flat.get("networks"), str):
        flat["networks"] = [flat["networks"]]
    if flat.get("config"):
        flat["config"] = {key.replace(" ", "_"): value for key, value in flat["config"].items()}
    if flat.get("placement"):
        flat["placement"] = _placement(flat["placement"])
    flat.update({key: _selection(value) for key, value in flat.items() if key.endswith("_devices") and value})
    defaults = DEFAULTS.get(spec["service_type"], {})
    return {key: value for key, value in sorted(flat.items()) if value and value != defaults.get(key)}


def _placement(placement: dict[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in placement.items() if value}
    if "hosts" in found:
        found["hosts"] = sorted(found["hosts"])
    return found


def _selection(devices: dict[str, Any]) -> dict[str, Any]:
    """Return a filter of disks; ``rotational: false`` is one of its conditions."""
    return {key: value for key, value in devices.items() if value or (key == "rotational" and value is not None)}


def shown(spec: Spec | None) -> Spec | None:
    """Return the normal form of a specification without secrets, for a diff.

    >>> shown({"service_type": "iscsi", "api_user": "ada", "api_password": "x"})
    {'service_type': 'iscsi', 'api_user': 'ada', 'api_password': '(secret)'}
    """
    return None if spec is None else {key: "(secret)" if SECRET.search(key) else spec[key] for key in spec}


def step(spec: Spec, present: dict[str, Spec]) -> Step | None:
    """Return the step that makes one wanted service so, None when it is. JSON is YAML, too."""
    before, after = present.get(name(spec)), normal_form(spec)
    if before == after:
        return None
    keys = sorted(key for key in {*(before or ()), *after} if (before or {}).get(key) != after.get(key))
    todo = "create it" if before is None else f"change {', '.join(keys)}"
    data = json.dumps(spec, sort_keys=True)
    return Step(f"service {name(spec)}: {todo}", ("orch", "apply", "-i", "-"), data=f"{data}\n")


def unwanted(present: dict[str, Spec], wanted: Iterable[Spec], owned: Iterable[str]) -> list[str]:
    """Return the names of services of ``owned`` types that nobody wants, sorted."""
    names = {name(spec) for spec in wanted}
    types = set(owned) - set(KEPT)
    return sorted(found for found, spec in present.items() if spec["service_type"] in types and found not in names)


def osds(daemons: Iterable[dict[str, Any]], service: str) -> list[str]:
    """Return the OSDs of a service as ``osd.3 on sto-1``, of ``ceph orch ps``."""
    return [
        f"{daemon['daemon_name']} on {daemon['hostname']}"
        for daemon in daemons
        if service == (daemon.get("service_name") or f"osd.{daemon.get('osdspec_affinity')}")
    ]


def removal(service: str, osds: list[str]) -> Step:
    """Return the step that removes a service; the OSDs of one that makes OSDs stay."""
    if not service.startswith("osd."):
        return Step(f"service {service}: remove it and its daemons", ("orch", "rm", service))
    stays = f"its OSDs stay and keep their data: {', '.join(osds)}" if osds else "it has no OSDs"
    return Step(f"service {service}: remove it; {stays}", ("orch", "rm", service, "--force"))
