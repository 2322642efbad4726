"""Ironic's nodes: what is there, what is wanted, and the steps between.

Pure: nothing here talks to Ironic. A node that Armature enrolled says so in its ``extra``, with the site's name; others
are left alone. A node with a tenant's server keeps what the server depends on until the server is deleted.

Source: ironic 35.0.1, ``conductor/manager.py`` (``update_node``, ``update_volume_connector``), ``common/states.py``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

OWNER = "armature"
"""Key of ``extra`` that holds what Armature must remember of a node."""

FREE = frozenset({"enroll", "manageable", "available", "inspect failed", "clean failed"})
"""Provision states in which a node has no tenant and waits for a request."""

_IN_USE = ("driver_info", "extra")
"""What may be changed under a server: the way to the BMC."""

_SECRETS = {"redfish": ("redfish_username", "redfish_password"), "ipmi": ("ipmi_username", "ipmi_password")}
"""Keys of a driver's user and password."""


@dataclass(frozen=True)
class Step:
    """One request on a node: ``words`` end the sentence "could not ...", ``call`` is a method of the API's adapter.

    ``arguments`` may hold a BMC's password, and are never shown.
    """

    node: str
    words: str
    call: str
    arguments: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Plan:
    """Steps by node, in order; and sentences on what has to wait."""

    steps: dict[str, list[Step]]
    waiting: list[str]


def driver_info(wanted: dict[str, Any], credentials: dict[str, str]) -> dict[str, Any]:
    """Return a node's ``driver_info`` with its BMC's user and password."""
    user, password = _SECRETS[wanted["driver"]]
    return {**wanted["driver_info"], user: credentials["username"], password: credentials["password"]}


def fingerprint(name: str, credentials: dict[str, str]) -> str:
    """Return what tells whether a BMC's user or password changed. Ironic tells nobody a password.

    It stands where administrators can read it, so it is expensive to try passwords against it. Source: RFC 7914.
    """
    text = f"{credentials['username']}\0{credentials['password']}".encode()
    return hashlib.scrypt(text, salt=name.encode(), n=1 << 14, r=8, p=1, dklen=16).hex()


def extra(wanted: dict[str, Any], site: str, mark: str) -> dict[str, Any]:
    """Return what Armature remembers in a node."""
    return {
        "site": site,
        "rack": wanted["rack"],
        "credentials": mark,
        "capabilities": sorted(capabilities(wanted["properties"]["capabilities"])),
    }


def capabilities(text: str | None) -> dict[str, str]:
    """Return capabilities by name.

    >>> capabilities("boot_mode:uefi,iscsi_boot:True")
    {'boot_mode': 'uefi', 'iscsi_boot': 'True'}
    """
    pairs = (part.partition(":") for part in (text or "").split(",") if part)
    return {name.strip(): value.strip() for name, _, value in pairs}


def strangers(present: Iterable[dict[str, Any]], names: set[str], site: str) -> list[str]:
    """Return problems of nodes that have a wanted name and are not this site's."""
    return [
        f"{node['name']}: Ironic has a node of this name that Armature did not enrol. Rename or delete that one."
        for node in present
        if node["name"] in names and _owned(node).get("site") != site
    ]


def plan(
    wanted: list[dict[str, Any]], present: list[dict[str, Any]], credentials: dict[str, dict[str, str]], site: str
) -> Plan:
    """Return what leads from ``present`` to ``wanted``. ``credentials``: node -> ``username`` and ``password``."""
    here = {node["name"]: node for node in present if _owned(node).get("site") == site}
    steps: dict[str, list[Step]] = {}
    waiting: list[str] = []
    for node in wanted:
        name = node["name"]
        found, waits = _node(node, here.get(name), credentials[name], site)
        steps[name], waiting = found, waiting + waits
    names = {node["name"] for node in wanted}
    for name in sorted(here.keys() - names):
        found, waits = _removal(here[name])
        steps[name], waiting = found, waiting + waits
    return Plan({name: found for name, found in steps.items() if found}, waiting)


def _node(
    wanted: dict[str, Any], here: dict[str, Any] | None, credentials: dict[str, str], site: str
) -> tuple[list[Step], list[str]]:
    mark = fingerprint(wanted["name"], credentials)
    info, remembered = driver_info(wanted, credentials), extra(wanted, site, mark)
    if here is None:
        return list(_enrolment(wanted, info, remembered)), []
    name = wanted["name"]
    if not _is_free(here):
        # The properties wait, and so does what is remembered of them.
        remembered["capabilities"] = _owned(here).get("capabilities", [])
    changes = list(_changes(wanted, here, info, remembered))
    if here["maintenance"]:
        return [], [f"{name}: is in maintenance ({here['maintenance_reason'] or 'no reason'}), and stays as it is."]
    if not _is_free(here):
        now = [step for what, step in changes if what in _IN_USE]
        later = [step.words for what, step in changes if what not in _IN_USE]
        return now, [f"{name}: {_occupant(here)}. What waits for its end: {', '.join(later)}."] if later else []
    return list(_transition(wanted, here, changes)), []


def _enrolment(wanted: dict[str, Any], info: dict[str, Any], remembered: dict[str, Any]) -> Iterator[Step]:
    name = wanted["name"]
    attributes = {
        "name": name,
        "driver": wanted["driver"],
        "driver_info": info,
        "properties": wanted["properties"],
        "resource_class": wanted["resource_class"],
        "extra": {OWNER: remembered},
        **wanted["interfaces"],
    }
    yield Step(name, "enrol it", "create_node", {"attributes": attributes})
    yield Step(name, f"give it the port {wanted['mac']}", "create_port", {"address": wanted["mac"]})
    yield _connector(wanted)
    if wanted["traits"]:
        yield _traits(wanted)
    yield from _offer(wanted, "enroll")


def _offer(wanted: dict[str, Any], state: str) -> Iterator[Step]:
    """Yield the steps from ``state`` to ``available``: Ironic tries the BMC, looks into the machine, offers it."""
    name = wanted["name"]
    if state != "manageable":
        yield Step(name, "reach its BMC", "set_state", {"target": "manage"})
    if wanted["inspect"] and state in ("enroll", "inspect failed"):
        yield Step(name, "inspect it", "set_state", {"target": "inspect"})
    yield Step(name, "offer it to Nova", "set_state", {"target": "provide"})


def _transition(wanted: dict[str, Any], here: dict[str, Any], changes: list[tuple[str, Step]]) -> Iterator[Step]:
    """Yield the steps of a node without a tenant. While it changes, Nova must not give it to one."""
    name, state = wanted["name"], here["provision_state"]
    moved = state == "available" and any(what not in _IN_USE for what, _ in changes)
    if moved:
        yield Step(name, "take it back from Nova", "set_state", {"target": "manage"})
    for what, step in changes:
        if what == "connector" and here["power_state"] != "power off":
            yield Step(name, "switch it off", "power_off")
        yield step
    if moved or state != "available":
        yield from _offer(wanted, "manageable" if moved else state)


def _changes(
    wanted: dict[str, Any], here: dict[str, Any], info: dict[str, Any], remembered: dict[str, Any]
) -> Iterator[tuple[str, Step]]:
    """Yield (what changes, its step)."""
    name, owned = wanted["name"], _owned(here)
    if wanted["driver"] != here["driver"]:
        patch = [_put("/driver", wanted["driver"]), _put("/driver_info", info)]
        patch += [_put(f"/{key}", value) for key, value in wanted["interfaces"].items()]
        yield "driver", Step(name, f"give it the driver {wanted['driver']}", "patch", {"patch": patch, "reset": True})
    else:
        if owned.get("credentials") != remembered["credentials"] or _shown(info) != _shown(here["driver_info"]):
            yield "driver_info", _patch(name, "change the way to its BMC", [_put("/driver_info", info)])
        changed = {key: value for key, value in wanted["interfaces"].items() if here["interfaces"].get(key) != value}
        if changed:
            patch = [_put(f"/{key}", value) for key, value in changed.items()]
            yield "interfaces", _patch(name, f"change its {', '.join(changed)}", patch)
    properties = _properties(wanted, here, owned)
    if properties:
        yield "properties", _patch(name, "change its properties", properties)
    if wanted["resource_class"] != here["resource_class"]:
        words = f"give it the resource class {wanted['resource_class']}"
        yield "resource_class", _patch(name, words, [_put("/resource_class", wanted["resource_class"])])
    if wanted["traits"] != sorted(here["traits"]):
        yield "traits", _traits(wanted)
    yield from _ports(wanted, here)
    yield from _connectors(wanted, here)
    # Last: what is remembered must be done.
    if owned != remembered:
        yield "extra", _patch(name, "remember what it has", [_put(f"/extra/{OWNER}", remembered)])


def _properties(wanted: dict[str, Any], here: dict[str, Any], owned: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what changes of the properties. An inspection adds others, also capabilities; those stay."""
    patch = []
    if here["properties"].get("cpu_arch") != wanted["properties"]["cpu_arch"]:
        patch.append(_put("/properties/cpu_arch", wanted["properties"]["cpu_arch"]))
    present = capabilities(here["properties"].get("capabilities"))
    ours = capabilities(wanted["properties"]["capabilities"])
    theirs = {name: value for name, value in present.items() if name not in owned.get("capabilities", ())}
    merged = theirs | ours
    if merged != present:
        text = ",".join(f"{name}:{value}" for name, value in sorted(merged.items()))
        patch.append(_put("/properties/capabilities", text))
    return patch


def _ports(wanted: dict[str, Any], here: dict[str, Any]) -> Iterator[tuple[str, Step]]:
    """Yield the steps to the one port that is wanted. Ports that an inspection found stay."""
    name = wanted["name"]
    for port in here["ports"]:
        if port["owned"] and port["address"] != wanted["mac"]:
            yield "port", Step(name, f"take away its port {port['address']}", "delete_port", {"id": port["id"]})
    if wanted["mac"] not in [port["address"] for port in here["ports"]]:
        yield "port", Step(name, f"give it the port {wanted['mac']}", "create_port", {"address": wanted["mac"]})


def _connectors(wanted: dict[str, Any], here: dict[str, Any]) -> Iterator[tuple[str, Step]]:
    """Yield the steps to the one connector that is wanted: of several, Ironic uses any."""
    name, found = wanted["name"], False
    for connector in here["connectors"]:
        if not found and (connector["type"], connector["connector_id"]) == ("iqn", wanted["initiator"]):
            found = True
            continue
        words = f"take away its volume connector {connector['connector_id']}"
        yield "connector", Step(name, words, "delete_connector", {"id": connector["id"]})
    if not found:
        yield "connector", _connector(wanted)


def _removal(here: dict[str, Any]) -> tuple[list[Step], list[str]]:
    name, state = here["name"], here["provision_state"]
    if not _is_free(here):
        return [], [f"{name}: is no longer in site.yml and stays: {_occupant(here)}."]
    steps = []
    if state not in ("enroll", "manageable"):
        steps.append(Step(name, "take it back from Nova", "set_state", {"target": "manage"}))
    return [*steps, Step(name, "delete it", "delete_node")], []


def _is_free(here: dict[str, Any]) -> bool:
    return here["provision_state"] in FREE and not here["instance"]


def _occupant(here: dict[str, Any]) -> str:
    what = f"it has the server {here['instance']}" if here["instance"] else "Ironic works on it"
    return f"{what} (state: {here['provision_state']})"


def _owned(node: dict[str, Any]) -> dict[str, Any]:
    owned = (node["extra"] or {}).get(OWNER)
    return owned if isinstance(owned, dict) else {}


def _shown(info: dict[str, Any]) -> dict[str, str]:
    """Return ``driver_info`` without passwords, as texts: Ironic keeps what it was given, as text or not."""
    return {key: str(value) for key, value in info.items() if not key.endswith("_password")}


def _connector(wanted: dict[str, Any]) -> Step:
    words = f"give it the volume connector {wanted['initiator']}"
    return Step(wanted["name"], words, "create_connector", {"iqn": wanted["initiator"]})


def _traits(wanted: dict[str, Any]) -> Step:
    words = f"give it the traits {', '.join(wanted['traits']) or 'of none'}"
    return Step(wanted["name"], words, "set_traits", {"traits": wanted["traits"]})


def _patch(name: str, words: str, patch: list[dict[str, Any]]) -> Step:
    return Step(name, words, "patch", {"patch": patch, "reset": False})


def _put(path: str, value: Any) -> dict[str, Any]:
    """Return an operation that sets a value, there before or not. Source: RFC 6902, section 4.1."""
    return {"op": "add", "path": path, "value": value}


def text(planned: Plan) -> str:
    """Return the steps of a plan as lines, for people and diffs; nothing in them is secret."""
    return "".join(f"{step.node}: {step.words}\n" for steps in planned.steps.values() for step in steps)


def described(nodes: Iterable[dict[str, Any]]) -> str:
    """Return nodes as lines for a diff, without what only Ironic adds."""
    return "".join(f"{json.dumps(node, sort_keys=True)}\n" for node in nodes)


def as_wanted(here: dict[str, Any]) -> dict[str, Any]:
    """Return a present node in the words of the wanted ones, as far as they say anything."""
    owned = _owned(here)
    shown = {key: value for key, value in here["driver_info"].items() if not key.endswith(("_password", "_username"))}
    return {
        "name": here["name"],
        "driver": here["driver"],
        "driver_info": shown,
        "interfaces": here["interfaces"],
        "properties": {key: here["properties"].get(key) for key in ("cpu_arch", "capabilities")},
        "resource_class": here["resource_class"],
        "traits": sorted(here["traits"]),
        "mac": next((port["address"] for port in here["ports"] if port["owned"]), None),
        "initiator": next((item["connector_id"] for item in here["connectors"] if item["type"] == "iqn"), None),
        "rack": owned.get("rack", ""),
    }
