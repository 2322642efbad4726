#!/usr/bin/python
"""Make or remove the bridges that stand for the lab's switches, on this machine."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_network
short_description: Bridges and routes of the lab on this machine
description:
  - One bridge a network, with this machine's address on it, and static routes to tenant networks.
  - What is changed comes from a comparison with C(ip -json); check mode changes nothing and tells the same.
options:
  bridges:
    description: C(name), C(address) (with prefix length) and C(mtu) of each bridge.
    type: list
    elements: dict
    required: true
  forwarding:
    description:
      - Whether this machine routes IPv6 between its networks. It is switched on and not off again, since other things
        on this machine may need it. Interfaces that take addresses from routers go on doing so.
    type: bool
    default: false
  routes: {description: C(to) and C(via) of each route., type: list, elements: dict, default: []}
  state: {description: Whether they exist., type: str, choices: [present, absent], default: present}
"""

import ipaddress
import json
import subprocess
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule


def ip(*arguments: str) -> Any:
    """Run ip(8) and return its JSON, or None when it says nothing."""
    result = subprocess.run(["ip", "-json", *arguments], check=True, capture_output=True, text=True)
    return json.loads(result.stdout) if result.stdout.strip() else None


def observe(name: str) -> dict[str, Any]:
    """Return the bridge as it is: empty when there is none."""
    if not Path("/sys/class/net", name).exists():
        return {}
    link = ip("address", "show", "dev", name)[0]
    ours = [item for item in link["addr_info"] if item["family"] == "inet6" and item["scope"] == "global"]
    addresses = [f"{item['local']}/{item['prefixlen']}" for item in ours]
    return {"mtu": link["mtu"], "up": "UP" in link["flags"], "addresses": addresses}


def bridge_steps(bridge: dict[str, Any], present: dict[str, Any]) -> list[list[str]]:
    """Return the ip commands that bring one bridge to what is wanted."""
    name, address = bridge["name"], str(ipaddress.IPv6Interface(bridge["address"]))
    steps = []
    if not present:
        # Snooping would drop neighbour discovery: no querier lives on a lab's switch.
        steps.append(
            ["link", "add", name, "type", "bridge", "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0"]
        )
    if present.get("mtu") != int(bridge["mtu"]):
        steps.append(["link", "set", name, "mtu", str(bridge["mtu"])])
    if address not in present.get("addresses", []):
        steps.append(["address", "add", address, "dev", name, "nodad"])
    if not present.get("up"):
        steps.append(["link", "set", name, "up"])
    return steps


def collisions(bridges: list[dict[str, Any]], links: list[dict[str, Any]]) -> list[str]:
    """Return a sentence for each wanted network that another link of this machine is on.

    ``links`` is what ``ip -json address show`` says. Two labs on one network would answer for each other.
    """
    wanted = {bridge["name"]: ipaddress.IPv6Interface(bridge["address"]).network for bridge in bridges}
    return [
        f"{link['ifname']} has {item['local']}, which is in {network}, the network of {name}. Give it another prefix."
        for link in links
        for item in link["addr_info"]
        for name, network in wanted.items()
        if item["family"] == "inet6" and link["ifname"] not in wanted
        if ipaddress.IPv6Address(item["local"]) in network
    ]


def route_steps(routes: list[dict[str, str]]) -> list[list[str]]:
    """Return the ip commands for routes that are not there."""
    steps = []
    for route in routes:
        present = ip("-6", "route", "show", "exact", route["to"]) or []
        if not any(item.get("gateway") == str(ipaddress.IPv6Address(route["via"])) for item in present):
            steps.append(["-6", "route", "replace", route["to"], "via", route["via"]])
    return steps


SETTINGS = Path("/proc/sys/net/ipv6/conf")


def forwarding_settings(settings: Path) -> dict[Path, str]:
    """Return file -> text of what makes this machine a router: nothing when it is one.

    A router takes no advertisements on interfaces with accept_ra 1. Source: the kernel's ip-sysctl.rst.
    """
    if (settings / "all/forwarding").read_text().strip() != "0":
        return {}
    listening = [file for file in sorted(settings.glob("*/accept_ra")) if file.read_text().strip() == "1"]
    return {**dict.fromkeys(listening, "2"), settings / "all/forwarding": "1"}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "bridges": {"type": "list", "elements": "dict", "required": True},
            "routes": {"type": "list", "elements": "dict", "default": []},
            "forwarding": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    bridges, routes = module.params["bridges"], module.params["routes"]
    steps: list[list[str]] = []
    settings: dict[Path, str] = {}
    if module.params["state"] == "absent":
        # Addresses and routes go with their bridge.
        steps = [["link", "delete", bridge["name"]] for bridge in bridges if observe(bridge["name"])]
    else:
        if found := collisions(bridges, ip("address", "show") or []):
            module.fail_json(msg="\n".join(found))
        for bridge in bridges:
            steps += bridge_steps(bridge, observe(bridge["name"]))
        steps += route_steps(routes)
        settings = forwarding_settings(SETTINGS) if module.params["forwarding"] else {}
    for step in [] if module.check_mode else steps:
        try:
            ip(*step)
        except subprocess.CalledProcessError as error:
            command = " ".join(["ip", *step])
            module.fail_json(msg=f"{command} ended with status {error.returncode}: {error.stderr.strip()}")
    for file, text in () if module.check_mode else settings.items():
        file.write_text(text)
    module.exit_json(changed=bool(steps or settings), commands=[" ".join(["ip", *step]) for step in steps])


if __name__ == "__main__":
    main()
