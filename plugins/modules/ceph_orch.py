#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: hosts and services of a Ceph cluster that cephadm manages."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_orch
short_description: Hosts and services of a Ceph cluster
description:
  - Gives cephadm's managers the hosts and the service specifications that are wanted, on a host that has a monitor.
  - A specification replaces the present one of its name, also where keys are gone from it. Defaults and the order of
    hosts do not count.
  - A host that the cluster has and O(hosts) has not is named and never removed. Of labels, those in
    O(owned_labels) are added and removed, others only added.
  - A service of a type in O(owned) that is not wanted is removed with its daemons. OSDs stay in any case.
extends_documentation_fragment: [ceph_cluster]
options:
  hosts:
    description:
      - V(name), V(address) without brackets, V(labels), and V(location), a type of CRUSH's buckets to a name, of each
        host. A host without V(location) stays where it is; another one is moved there, and its data with it.
      - Without the option hosts are not looked at.
    type: list
    elements: dict
  services:
    description:
      - cephadm's service specifications, each with a V(placement). Without the option services are not looked at.
    type: list
    elements: dict
  secrets:
    description:
      - Name of a service in O(services) to keys and values that its specification has, too. They are in no output.
    type: dict
    default: {}
  owned:
    description: Types of services of which there shall be no others than O(services). V(mon) and V(mgr) cannot be.
    type: list
    elements: str
    default: []
  owned_labels:
    description: Labels that a host has when its V(labels) have them, and else not.
    type: list
    elements: str
    default: [mon, mgr, osd, _admin]
  refresh:
    description:
      - Whether the managers look at all disks anew. By themselves they do so every 30 minutes, and until then do
        not know that a disk was swapped or wiped.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: The change and the diff come from the same plan as in a real run. Without a cluster all is to be made.
  diff_mode:
    support: full
    description: Secrets of a service are not shown.
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: Have three hosts and their disks
  ceph_orch:
    fsid: 3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11
    image: quay.io/ceph/ceph:v18.2.7
    hosts:
      - {name: sto-0, address: "fd00::20", labels: [osd], location: {root: default, rack: r1}}
    services:
      - service_type: osd
        service_id: nvme
        placement: {hosts: [sto-0]}
        spec:
          data_devices: {rotational: false}
    owned: [osd]
"""

RETURN = r"""
plan:
  description: What is changed, in words.
  type: list
  elements: str
  returned: always
extra_hosts:
  description: Names of the cluster's hosts that O(hosts) has not.
  type: list
  elements: str
  returned: always
kept_osds:
  description: Name of a service of OSDs that is removed to its OSDs, which stay, as V(osd.3 on sto-0).
  type: dict
  returned: always
"""

from collections.abc import Sequence
from typing import Any

from ansible.module_utils import armature_ceph_hosts as host_core
from ansible.module_utils import armature_ceph_services as service_core
from ansible.module_utils.armature_ceph import Ceph, Step, difference
from ansible.module_utils.armature_ceph_module import run

Diff = list[dict[str, str]]


def problems(
    hosts: list[dict[str, Any]] | None, services: list[dict[str, Any]] | None, owned: list[str], refresh: bool = False
) -> list[str]:
    """Return what is wrong with the module's arguments, in house form."""
    found = []
    if hosts is None and services is None and not refresh:
        found.append("hosts, services: neither is given. Give one of them.")
    for number, host in enumerate(hosts or ()):
        found += [f"hosts[{number}]: has no '{key}'. Give one." for key in ("name", "address") if not host.get(key)]
    for number, spec in enumerate(services or ()):
        keys = ("service_type", "placement")
        found += [f"services[{number}]: has no '{key}'. Give one." for key in keys if not spec.get(key)]
        if spec.get("service_type") == "host":
            found.append(f"services[{number}]: is a host. Put it into hosts.")
    found += [f"owned: '{kind}' cannot be removed. Leave it out." for kind in owned if kind in service_core.KEPT]
    return found


def change(
    ceph: Ceph,
    hosts: list[dict[str, Any]] | None,
    services: list[dict[str, Any]] | None,
    owned: list[str],
    check: bool,
    owned_labels: Sequence[str] = host_core.LABELS,
    refresh: bool = False,
) -> dict[str, Any]:
    """Observe, plan, and unless ``check`` apply. Return the module's result. Raises CephError."""
    there = ceph.found(check)
    steps: list[Step] = []
    diff: Diff = []
    extra: list[str] = []
    kept: dict[str, list[str]] = {}
    trees = ceph.with_manager(*(["osd tree"] if hosts is not None else [])) if there else [{"nodes": []}]
    if hosts is not None:
        listing = ceph.json("orch", "host", "ls") if there else []
        places = host_core.locations(trees[0])
        host_steps, host_diff, extra = _hosts(hosts, host_core.present(listing), places, owned_labels)
        steps, diff = [*steps, *host_steps], [*diff, *host_diff]
    if services is not None:
        present = service_core.present(ceph.json("orch", "ls", "--export") if there else [])
        unwanted = service_core.unwanted(present, services, owned)
        if any(name.startswith("osd.") for name in unwanted):
            daemons = ceph.json("orch", "ps", "--daemon_type", "osd")
            kept = {name: service_core.osds(daemons, name) for name in unwanted if name.startswith("osd.")}
        service_steps, service_diff = _services(services, present, unwanted, kept)
        steps, diff = [*steps, *service_steps], [*diff, *service_diff]
    if not check:
        ceph.carry_out(steps)
        if refresh:
            ceph.call("orch", "device", "ls", "--refresh")
    return {
        "changed": bool(steps),
        "diff": diff,
        "plan": [step.sentence for step in steps],
        "extra_hosts": extra,
        "kept_osds": kept,
    }


def _hosts(
    hosts: list[dict[str, Any]],
    present: dict[str, host_core.Host],
    places: dict[str, dict[str, str]],
    owned_labels: Sequence[str],
) -> tuple[list[Step], Diff, list[str]]:
    steps: list[Step] = []
    diff: Diff = []
    wanted = host_core.wanted(hosts)
    for host in wanted:
        todo = host_core.steps(host, present.get(host.name), places, owned_labels)
        if todo:
            diff += difference(
                f"host {host.name}", *host_core.shown(host, present.get(host.name), places, owned_labels)
            )
        steps += todo
    return steps, diff, sorted(set(present) - {host.name for host in wanted})


def _services(
    services: list[dict[str, Any]], present: dict[str, dict[str, Any]], unwanted: list[str], kept: dict[str, list[str]]
) -> tuple[list[Step], Diff]:
    steps: list[Step] = []
    diff: Diff = []
    for spec in services:
        name, todo = service_core.name(spec), service_core.step(spec, present)
        if todo is not None:
            steps.append(todo)
            before, after = present.get(name), service_core.normal_form(spec)
            diff += difference(f"service {name}", service_core.shown(before), service_core.shown(after))
    for name in unwanted:
        steps.append(service_core.removal(name, kept.get(name, [])))
        diff += difference(f"service {name}", service_core.shown(present[name]), None)
    return steps, diff


def with_secrets(
    services: list[dict[str, Any]] | None, secrets: dict[str, dict[str, str]]
) -> list[dict[str, Any]] | None:
    """Return the specifications with their secrets, by the services' names."""
    if services is None:
        return None
    return [
        {**spec, "spec": {**spec.get("spec", {}), **secrets[service_core.name(spec)]}}
        if service_core.name(spec) in secrets
        else spec
        for spec in services
    ]


def main() -> None:
    """Run the module."""
    names = ("hosts", "services", "owned")
    run(
        {
            "hosts": {"type": "list", "elements": "dict"},
            "services": {"type": "list", "elements": "dict"},
            "secrets": {"type": "dict", "default": {}, "no_log": True},
            "owned": {"type": "list", "elements": "str", "default": []},
            "owned_labels": {"type": "list", "elements": "str", "default": list(host_core.LABELS)},
            "refresh": {"type": "bool", "default": False},
        },
        lambda ceph, params, check: change(
            ceph,
            params["hosts"],
            with_secrets(params["services"], params["secrets"]),
            params["owned"],
            check,
            params["owned_labels"],
            params["refresh"],
        ),
        lambda params: problems(*(params[name] for name in names), params["refresh"]),
    )


if __name__ == "__main__":
    main()
