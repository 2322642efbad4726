# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""The one target of all iSCSI gateways: what the gateways know of it against what is wanted.

Source: ceph-iscsi 3.9: the configuration of version 11 (common.py, target.py) as ``/api/config`` shows it;
rbd-target-api (target, gateway, discoveryauth, targetauth); gateway.py, remove_from_config.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.armature_iscsi import Gateway, IscsiError, Step, path

Config = Mapping[str, Any]

EMPTY: dict[str, Any] = {"disks": {}, "gateways": {}, "targets": {}, "discovery_auth": {"username": "", "password": ""}}
"""What gateways know that nobody has told anything."""


@dataclass(frozen=True)
class Wanted:
    """The target's name, its gateways in the order of their portals, and the discovery's user and password or ""."""

    target: str
    gateways: tuple[Gateway, ...]
    user: str = ""
    password: str = ""


def portals(config: Config, target: str) -> dict[str, list[str]]:
    """Return gateway's name -> addresses of its portal, of a target; {} when it is not there."""
    found = config["targets"].get(target, {}).get("portals", {})
    return {name: list(portal["portal_ip_addresses"]) for name, portal in found.items()}


def problems(config: Config, wanted: Wanted, leaving: Iterable[Gateway] = ()) -> list[str]:
    """Return what of the target is so that it cannot be changed to what is wanted, in house form."""
    found = []
    present = portals(config, wanted.target)
    known = {gateway.name: gateway for gateway in wanted.gateways}
    going = {gateway.name for gateway in leaving}
    for name, addresses in present.items():
        if name in going:
            continue
        if name not in known:
            found.append(
                f"{name}: is a gateway of the target and not of the site. Take it out with "
                f"playbooks/drain_iscsi_gateway.yml -e gateway={name.partition('.')[0]}, or give it back its role."
            )
        elif addresses != [known[name].address]:
            found.append(
                f"{known[name].host}: its portal is at {', '.join(addresses)}, in site.yml at {known[name].address}. "
                "Give it its old number back, or take it out of the target and add it again."
            )
    if going and not set(present) - going:
        names = ", ".join(sorted(going & set(present)))
        if names:
            found.append(
                f"{names}: is the last gateway of the target, and with it all LUNs would go. "
                "Add another gateway first (playbooks/deploy_iscsi.yml)."
            )
    return found


def steps(config: Config, wanted: Wanted) -> list[Step]:
    """Return the steps that make the target so: itself, its gateways, whom it lets in, who may discover it.

    The first gateway is added by its own API, any other by that of one that is there.
    """
    target, present = wanted.target, portals(config, wanted.target)
    there = [gateway for gateway in wanted.gateways if gateway.name in present]
    via = (there or list(wanted.gateways))[0]
    found = []
    if target not in config["targets"]:
        found.append(Step(f"target {target}: create it", via, "PUT", path("target", target)))
    for gateway in wanted.gateways:
        if gateway.name not in present:
            # The checks that are skipped ask for the container's distribution; the portal's address was looked for.
            form = (("ip_address", gateway.address), ("skipchecks", "true"))
            sentence = f"gateway {gateway.host}: add its portal [{gateway.address}]:3260"
            found.append(Step(sentence, via, "PUT", path("gateway", target, gateway.name), form))
    if not config["targets"].get(target, {}).get("acl_enabled", True):
        form = (("action", "enable_acl"),)
        found.append(
            Step(f"target {target}: let in known initiators alone", via, "PUT", path("targetauth", target), form)
        )
    if (todo := _discovery(config, wanted)) is not None:
        auth = config["discovery_auth"]
        form, before = _auth(wanted.user, wanted.password), _auth(auth["username"], auth["password"])
        # Gateways note who may discover also when one of them could not be told: the next run would find nothing to do.
        found.append(Step(f"discovery: {todo}", via, "PUT", path("discoveryauth"), form, before))
    return found


def _auth(user: str, password: str) -> tuple[tuple[str, str], ...]:
    return (("username", user), ("password", password)) if user else ()


def _discovery(config: Config, wanted: Wanted) -> str | None:
    auth = config["discovery_auth"]
    if (auth["username"], auth["password"]) == (wanted.user, wanted.password):
        return None
    if not wanted.user:
        return "ask for no password any more"
    return "ask for another password" if auth["username"] else "ask for a password"


def removals(
    config: Config, wanted: Wanted, leaving: Iterable[Gateway], sessions: Mapping[str, int | None], accept: bool
) -> list[Step]:
    """Return the steps that take gateways out of the target, by a gateway that stays. Raises IscsiError.

    ``sessions`` has host -> initiators that are logged in there, None for a gateway that does not answer: it is
    forgotten without its help. Unless ``accept``, no gateway with sessions is taken out, and no silent one.
    """
    present = portals(config, wanted.target)
    via = next((gateway for gateway in wanted.gateways if gateway.name in present), None)
    found = []
    for gateway in leaving:
        if gateway.name not in present:
            continue
        if via is None:
            raise IscsiError(f"{gateway.host}: is the last gateway of the target. Add another one first.")
        count = sessions[gateway.host]
        if count != 0 and not accept:
            state = "does not answer" if count is None else f"has {count} session{'' if count == 1 else 's'}"
            raise IscsiError(
                f"{gateway.host}: {state}. Initiators with several ways go on by another gateway, others lose their "
                "disks. If that is all right, run again with -e accept_sessions=true. Nothing was changed."
            )
        silent = count is None
        how = ", without its help" if silent else f" and its {count} sessions" if count else ""
        form = (("force", "true"),) if silent else ()
        sentence = f"gateway {gateway.host}: take it out of the target{how}"
        found.append(Step(sentence, via, "DELETE", path("gateway", wanted.target, gateway.name), form))
    return found


def shown(config: Config, target: str) -> dict[str, Any] | None:
    """Return what a diff shows of a target, without secrets; None when it is not there."""
    if target not in config["targets"]:
        return None
    return {
        "target": target,
        "portals": {name: ", ".join(addresses) for name, addresses in sorted(portals(config, target).items())},
        "known_initiators_alone": config["targets"][target].get("acl_enabled", True),
        "discovery": _shown_user(config["discovery_auth"]["username"]),
    }


def shown_after(config: Config, wanted: Wanted, gone: Iterable[Gateway] = ()) -> dict[str, Any]:
    """Return what a diff shows of the target when it is as wanted."""
    left = {gateway.name for gateway in gone}
    present = {name: ", ".join(found) for name, found in portals(config, wanted.target).items() if name not in left}
    other = _discovery(config, wanted) == "ask for another password"
    return {
        "target": wanted.target,
        "portals": dict(sorted({**present, **{item.name: item.address for item in wanted.gateways}}.items())),
        "known_initiators_alone": True,
        "discovery": _shown_user(wanted.user) + (", changed" if other else ""),
    }


def _shown_user(user: str) -> str:
    return f"by {user} with a password (secret)" if user else "by anybody"


def wrong_names(gateways: Iterable[Gateway], names: Mapping[str, str]) -> list[str]:
    """Return which gateways call themselves otherwise than the site does, of host -> name, in house form.

    A gateway that another one cannot find by its name gets no changes from it.
    """
    return [
        f"{gateway.host}: the gateway calls itself {names[gateway.host]!r} and not {gateway.name!r}. Its host's name "
        "must stand in /etc/hosts, with the domain after it: run playbooks/deploy_hosts.yml, and start its daemon anew."
        for gateway in gateways
        if names.get(gateway.host, gateway.name) != gateway.name
    ]
