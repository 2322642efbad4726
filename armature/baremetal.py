"""What follows from the bare-metal nodes of a site and is asked in several places."""

from __future__ import annotations

import re

from armature.model import Purpose, Role, Site

SERVICE = "ironic"

CAPABILITIES = {"boot_mode": "uefi", "iscsi_boot": "True"}
"""Of every node. Source: ironic 35.0.1, ``drivers/modules/storage/cinder.py``, ``boot_mode_utils.py``."""

_AUTHORITY = "iqn.2026-01"
"""Begins every initiator's name. A name is an authority's from a month on; the domain makes it the site's own.

Source: RFC 7143, section 4.2.7.5.
"""


def has_ironic(site: Site) -> bool:
    """Return whether Ironic runs at the site."""
    return SERVICE in site.services


def conductors(site: Site) -> list[str]:
    """Return the hosts that run Ironic, in file order: see HOST_GROUPS in :mod:`armature.compile.kolla_inventory`."""
    return site.hosts_with(Role.CONTROL) if has_ironic(site) else []


def network_of(site: Site) -> str | None:
    """Return the network that nodes boot on, None without one."""
    return next(iter(site.networks_for(Purpose.PROVISION)), None)


def volume_network(site: Site) -> str | None:
    """Return the network that the iSCSI gateways' portals are on, None without one."""
    return next(iter(site.networks_for(Purpose.STORAGE)), None)


def initiator(site: Site, node: str) -> str:
    """Return the name by which a node's volumes know it; nothing is stored, the site and the node's name give it.

    A domain of one label gets a second one: ceph-iscsi takes no name without a dot behind the month.
    """
    labels = site.domain.split(".")
    reversed_domain = ".".join(reversed(labels)) + (".site" if len(labels) == 1 else "")
    return f"{_AUTHORITY}.{reversed_domain}:{node}"


def resource(resource_class: str) -> str:
    """Return what Placement calls a resource class of Ironic's.

    Source: os-resource-classes 1.1.0, ``normalize_name``.

    >>> resource("arm-128c")
    'CUSTOM_ARM_128C'
    """
    return "CUSTOM_" + re.sub(r"[^0-9A-Z]+", "_", resource_class.upper())
