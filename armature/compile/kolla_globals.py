"""kolla-ansible's globals: what is one value for the whole site.

Source: kolla-ansible 20.6.0 and 22.2.0, ``ansible/group_vars/all``.
"""

from __future__ import annotations

from typing import Any

from armature.addresses import vip_address
from armature.baremetal import has_ironic
from armature.compile.data import images
from armature.compile.distribution import base_distribution
from armature.compile.kolla_ceph import ceph_globals
from armature.compile.kolla_ironic import HOST_VARIABLES as IRONIC_HOST_VARIABLES
from armature.compile.kolla_ironic import ironic_globals
from armature.derived import derived_globals
from armature.model import Site

_CA_BUNDLES = {
    "debian": "/etc/ssl/certs/ca-certificates.crt",
    "rocky": "/etc/pki/tls/certs/ca-bundle.crt",
}
"""Where a container's trusted certificates are, by the distribution inside."""

_EXTERNAL = {"kolla_external_vip_address", "kolla_external_fqdn"}
_NETWORK = {
    "network_address_family",
    "kolla_internal_vip_address",
    "kolla_internal_fqdn",
    "keepalived_virtual_router_id",
    "neutron_plugin_agent",
}

HOST_VARIABLES = {
    "ansible_host",
    "ansible_user",
    "network_interface",
    "api_interface",
    "tunnel_interface",
    "kolla_external_vip_interface",
    "neutron_physical_networks",
    "enable_neutron_provider_networks",
    "neutron_external_interface",
    "neutron_bridge_name",
    "openstack_tag_suffix",
    "openvswitch_hostname",
}
"""Variables that the inventory gives to hosts. As globals they would beat what a host needs."""

_ON_UNLESS_TOLD = ("cinder_backup", "heat", "horizon")
"""Services that upstream switches on by itself and a site may do without."""


def kolla_globals(site: Site) -> dict[str, Any]:
    """Return the variables of globals.yml: the compiled ones and then the site's ``kolla_overrides``, untouched.

    Addresses carry no brackets: kolla-ansible adds them where a URL needs them. Raises nothing on a checked site.
    """
    return compiled_globals(site) | site.kolla_overrides


def keys_set(site: Site) -> set[str]:
    """Return the variables that the compiler sets at this site, in globals or for a host; no override may set them.

    Works on a site with problems too, so that overrides are judged together with everything else. Raises
    ModuleNotFoundError for a release that Armature does not deploy.
    """
    known = images(site.release)
    locked = {name for lock in site.images.lock.values() for image in lock for name in known.get(image, ())}
    external = set() if site.vips.external is None else _EXTERNAL
    parts = (_release, _images, _tls, _services, ceph_globals, ironic_globals, derived_globals)
    fixed = {key for part in parts for key in part(site)}
    of_hosts = HOST_VARIABLES | (IRONIC_HOST_VARIABLES if has_ironic(site) else frozenset())
    return fixed | _NETWORK | external | of_hosts | locked


def compiled_globals(site: Site) -> dict[str, Any]:
    """Return the compiled variables alone."""
    parts = (_release, _images, _network, _tls, _services, ceph_globals, ironic_globals, derived_globals)
    return {key: value for part in parts for key, value in part(site).items()}


def _release(site: Site) -> dict[str, Any]:
    return {
        "openstack_release": site.release,
        "kolla_base_distro": base_distribution(site),
        "kolla_container_engine": site.container_engine.value,
    }


def _images(site: Site) -> dict[str, Any]:
    tag = {"openstack_tag": site.images.tag} if site.images.tag else {}
    return {"docker_registry": site.images.registry or "", "docker_namespace": site.images.namespace, **tag}


def _network(site: Site) -> dict[str, Any]:
    values: dict[str, Any] = {
        "network_address_family": "ipv6",
        "kolla_internal_vip_address": str(vip_address(site, "internal")),
        "kolla_internal_fqdn": site.vips.internal.name,
    }
    if site.vips.external is not None:
        values["kolla_external_vip_address"] = str(vip_address(site, "external"))
        values["kolla_external_fqdn"] = site.vips.external.name
    values["keepalived_virtual_router_id"] = str(site.vips.virtual_router_id)
    values["neutron_plugin_agent"] = "ovn"
    return values


def _tls(site: Site) -> dict[str, Any]:
    values: dict[str, Any] = {
        "kolla_enable_tls_internal": True,
        "kolla_enable_tls_external": True,
        "kolla_enable_tls_backend": site.tls.backend,
        "kolla_copy_ca_into_containers": True,
        "openstack_cacert": _CA_BUNDLES[base_distribution(site)],
    }
    if site.tls.certificate == "generated":
        # Where `kolla-ansible certificates` puts the CA that it makes; clients on the controller need it.
        values["kolla_admin_openrc_cacert"] = "{{ kolla_certificates_dir }}/ca/root.crt"
    return values


def _services(site: Site) -> dict[str, bool]:
    wanted = dict.fromkeys(_ON_UNLESS_TOLD, False) | dict.fromkeys(site.services, True)
    return {f"enable_{name.replace('-', '_')}": on for name, on in sorted(wanted.items())}
