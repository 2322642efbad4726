"""The configuration of a Ceph cluster: what it is made with, what its clients read, what is set in it.

Source: cephadm of Ceph 18.2.7, ``prepare_bootstrap_config`` and ``finish_bootstrap_config``; Ceph, "Network
Configuration Reference" and "Messenger v2"; kolla-ansible, external Ceph guide (no line may begin with a tab).
"""

from __future__ import annotations

from typing import Any

from armature.addresses import network_prefix, vip_address
from armature.ceph import (
    image,
    mgr_hosts,
    mon_hosts,
    osd_hosts,
    registry_of,
    rgw_pools,
    storage_address,
    storage_network,
)
from armature.ceph_model import FailureDomain
from armature.compile.ceph_rgw import SECTION, rgw_options
from armature.model import Purpose, Role, Site

_MESSENGER = {"ms_bind_ipv4": "false", "ms_bind_ipv6": "true"}
_HEAD = "# Written by Armature.\n"

OWN_OPTIONS = frozenset(
    {
        *_MESSENGER,
        "cluster_network",
        "container_image",
        "fsid",
        "mgr/cephadm/use_repo_digest",
        "mon_host",
        "osd_crush_chooseleaf_type",
        "osd_pool_default_size",
        "public_network",
    }
)
"""Options that Armature or cephadm sets from the site."""

_HUNGRY = {Role.CONTROL, Role.COMPUTE}
_SHARED_MEMORY = "0.2"
"""The share of a host's memory that OSDs divide among them where OpenStack runs beside them; Ceph's own is 0.7. It is
one value for all hosts. A site may set another. Source: Ceph, "OSD Service", automatically tuning OSD memory.
"""

_CHOOSELEAF = {FailureDomain.OSD: "0", FailureDomain.HOST: "1"}
"""CRUSH's number of what the first rule, which Ceph makes by itself, puts copies into."""


def ceph_facts(site: Site) -> dict[str, Any]:
    """Return what plays need of the cluster, or {} for a site without Ceph.

    ``fsid``, ``release``, ``image``; ``mon_address``, of the first monitor, no brackets; ``mgr_modules`` to be enabled;
    ``owned``, types of services of which there are no others than those that ``service_specs`` has.
    """
    if site.ceph is None:
        return {}
    return {
        "fsid": site.ceph.fsid,
        "release": site.ceph.release.value,
        "image": image(site),
        "mon_address": storage_address(site, mon_hosts(site)[0]),
        "mgr_modules": ["prometheus"] if "prometheus" in site.services and mgr_hosts(site) else [],
        # Gateways are made later, when the password for Keystone is there.
        "owned": ["crash", "osd", *(["rgw"] if site.ceph.rgw is None else [])],
    }


def bootstrap_conf(site: Site) -> str | None:
    """Return the text of the file for ``cephadm bootstrap --config``, or None for a site without Ceph."""
    if site.ceph is None:
        return None
    domain, _size = _default_pool(site)
    chooseleaf = {"osd_crush_chooseleaf_type": _CHOOSELEAF[domain]}
    return _HEAD + _ini({**_own(site), "global": {**_own(site)["global"], **chooseleaf}})


def client_conf(site: Site) -> str | None:
    """Return the text of a client's ceph.conf, or None for a site without Ceph."""
    if site.ceph is None:
        return None
    addresses = (storage_address(site, name) for name in mon_hosts(site))
    monitors = " ".join(f"[v2:[{address}]:3300,v1:[{address}]:6789]" for address in addresses)
    return _HEAD + _ini({"global": {"fsid": site.ceph.fsid, "mon_host": monitors, **_MESSENGER}})


def config_options(site: Site) -> dict[str, dict[str, str]]:
    """Return section -> option -> value for ``ceph config set``: the compiled ones and the site's own."""
    if site.ceph is None:
        return {}
    options = _own(site)
    if gateways := rgw_options(site):
        options[SECTION] = gateways
    if any(set(site.hosts[host].roles) & _HUNGRY for host in osd_hosts(site)):
        options.setdefault("mgr", {})["mgr/cephadm/autotune_memory_target_ratio"] = _SHARED_MEMORY
    if _shares_network_with_vips(site):
        for section, hosts in (("mgr", mgr_hosts(site)), ("osd", osd_hosts(site))):
            own = ",".join(f"{storage_address(site, host)}/128" for host in hosts)
            options.setdefault(section, {})["public_network"] = own
    for section, wanted in site.ceph.config.items():
        options.setdefault(section, {}).update({option: config_text(value) for option, value in wanted.items()})
    return options


def config_text(value: Any) -> str:
    """Return a value as Ceph writes it.

    >>> config_text(True), config_text(2147483648), config_text(0.1), config_text("on")
    ('true', '2147483648', '0.1', 'on')
    """
    return str(value).lower() if isinstance(value, bool) else str(value)


def _own(site: Site) -> dict[str, dict[str, str]]:
    options = {**_MESSENGER, "public_network": str(network_prefix(site, storage_network(site)))}
    for network in site.networks_for(Purpose.REPLICATION):
        options["cluster_network"] = str(network_prefix(site, network))
    _domain, size = _default_pool(site)
    sections = {"global": options | {"osd_pool_default_size": str(size)}}
    if registry_of(image(site)) is None:
        # An image that was loaded into the hosts has no digest of a registry by which others could pull it.
        sections["mgr"] = {"mgr/cephadm/use_repo_digest": "false"}
    return sections


def _shares_network_with_vips(site: Site) -> bool:
    """Return whether a VIP is on the storage network.

    A daemon that starts binds to any address of its host on that network, and a VIP leaves the host one day. Daemons of
    such a site are told the hosts' own addresses alone.
    """
    storage = network_prefix(site, storage_network(site))
    return vip_address(site, "internal") in storage or vip_address(site, "external") in storage


def _default_pool(site: Site) -> tuple[FailureDomain, int]:
    """Return failure domain and size of pools that Ceph makes for itself, such as ``.mgr``.

    Where any pool of the site is spread over hosts or racks, those are, too.
    """
    pools = [*site.ceph.pools.values(), *rgw_pools(site).values()] if site.ceph else []
    spread = [pool.size for pool in pools if pool.failure_domain is not FailureDomain.OSD]
    if spread:
        return FailureDomain.HOST, max(spread)
    return FailureDomain.OSD, max(pool.size for pool in pools)


def _ini(sections: dict[str, dict[str, str]]) -> str:
    blocks = (
        "".join([f"[{name}]\n", *(f"{key} = {value}\n" for key, value in options.items())])
        for name, options in sections.items()
    )
    return "\n".join(blocks)
