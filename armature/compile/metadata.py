"""The metadata service of bare-metal nodes: whom it knows, and whom it asks.

The service itself is ``roles/baremetal_metadata/files/baremetal_metadata.py``.

Source: kolla-ansible 20.6.0 and 22.2.0, ``group_vars/all`` (ports) and role ``nova`` (its metadata is behind HAProxy on
the internal VIP). Ironic 35.0.1, ``common/policy.py``, ``baremetal:node:get``: a reader of the whole system may see a
node. Nova 31.3.1 and 33.0.2, ``virt/ironic/patcher.py``: a node says whose its server is, so Nova's API, where only an
administrator sees servers of all projects, need not be asked.
"""

from __future__ import annotations

import json
from typing import Any

from armature.addresses import network_prefix
from armature.baremetal import conductors, has_ironic, network_of
from armature.compile.data import ports
from armature.compile.ironic_boot import FURTHER, address
from armature.compile.links import interface
from armature.metadata import PORT, metadata_urls
from armature.model import Site

FOLDER = "/etc/armature/baremetal-metadata"
"""The service's own, on conductors' hosts."""

USER, ROLE = "armature-metadata", "reader"
"""Who asks Ironic, and its role on the whole system."""

PASSWORD = "baremetal_metadata_password"  # noqa: S105
"""Name of the user's password among the site's secrets."""

NOVA_SECRET = "metadata_secret"  # noqa: S105
"""Name of what Nova and its proxies share, among kolla-ansible's passwords."""

_LENGTH = 32
_UPSTREAMS = {"keystone": "keystone_internal_port", "ironic": "ironic_api_port", "nova": "nova_metadata_port"}
"""Whom the service asks -> kolla-ansible's variable for the port on the internal VIP."""


def metadata_facts(site: Site) -> dict[str, Any]:
    """Return what plays need, {} for a site without Ironic.

    ``user`` and its ``role`` on the system; ``password``, its name among the site's secrets, and ``passwords`` (name ->
    length) that these must have; ``nova_secret``, a name among kolla's passwords; ``folder`` of the service on
    conductors' hosts; ``urls``, host -> where it serves.
    """
    if not has_ironic(site):
        return {}
    return {
        "user": USER,
        "role": ROLE,
        "password": PASSWORD,
        "passwords": {PASSWORD: _LENGTH},
        "nova_secret": NOVA_SECRET,
        "folder": FOLDER,
        "urls": metadata_urls(site),
    }


def metadata_files(site: Site, host: str) -> dict[str, str]:
    """Return path -> text of the service's configuration on ``host``, {} for a host without Ironic.

    Raises KeyError for an unknown host.
    """
    network = network_of(site)
    _ = site.hosts[host]
    if host not in conductors(site) or network is None:
        return {}
    nodes = {name: json.dumps({"number": node.number, "mac": node.mac}) for name, node in site.baremetal.items()}
    config = {
        "address": address(site, host),
        "port": PORT,
        "link": interface(site, host, network),
        "network": str(network_prefix(site, network)),
        "further": FURTHER,
        "user": USER,
        **{name: f"https://{site.vips.internal.name}:{_port(site, key)}" for name, key in _UPSTREAMS.items()},
    }
    texts = {key: json.dumps(value) for key, value in config.items()}
    return {f"{FOLDER}/config.json": _lines({**texts, "nodes": _lines(nodes)}) + "\n"}


def _lines(values: dict[str, str]) -> str:
    """Return a mapping of names to JSON as JSON, a line each."""
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {value}" for key, value in values.items()) + "\n}"


def _port(site: Site, variable: str) -> Any:
    return site.kolla_overrides.get(variable, ports(site.release)[variable])
