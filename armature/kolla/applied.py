"""Whether a site is still as the last successful kolla-ansible run left it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COMPARED = ("id", "image", "image_id", "wanted_image_id", "state")
"""What makes a container the same one. Health and start time pass: a host that restarted well needs no run."""


def differences(applied: Mapping[str, Any] | None, inputs: str, observed: Mapping[str, Any]) -> list[str]:
    """Why kolla-ansible has to run, a sentence each; empty when it need not.

    ``applied`` is the record of the last successful run, ``inputs`` the hash of everything that a run reads, and
    ``observed`` host -> what kolla_observed_info returns.
    """
    if applied is None:
        return ["No successful run is on record."]
    found = [] if applied["inputs"] == inputs else ["The configuration, the passwords or kolla-ansible changed."]
    before = applied["hosts"]
    found += [f"{host}: the last run did not know this host." for host in observed if host not in before]
    found += [f"{host}: the host left the site." for host in before if host not in observed]
    for host, state in observed.items():
        if host in before:
            found += [f"{host}: {text}" for text in _of_host(before[host], state)]
    return found


def _of_host(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    found = []
    for name, container in before["containers"].items():
        present = now["containers"].get(name)
        if present is None:
            found.append(f"container {name} is missing.")
            continue
        if present["health"] == "unhealthy":
            found.append(f"container {name} is unhealthy.")
        if present["state"] != container["state"]:
            found.append(f"container {name} is {present['state']}, not {container['state']}.")
        elif any(present[key] != container[key] for key in COMPARED):
            found.append(f"container {name} or its image is not the one that was started.")
    found += [f"container {name} was added." for name in now["containers"] if name not in before["containers"]]
    for name in sorted(before["files"].keys() | now["files"].keys()):
        if before["files"].get(name) != now["files"].get(name):
            found.append(f"{name} is not as it was written.")
    return found
