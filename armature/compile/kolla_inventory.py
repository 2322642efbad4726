"""kolla-ansible's inventory: upstream's own groups of the release, with the site's hosts.

What differs between hosts is a host variable: kolla-ansible's ``group_vars/all`` beats an inventory file's group
variables, and globals, which are extra variables, beat everything. What differs between architectures is in
``group_vars/<arch>.yml`` beside the inventory, which beats ``group_vars/all``. There is no ``localhost``: ``destroy``
runs on every host of the inventory and would run there too; plays that need it use Ansible's implicit one.

Source: kolla-ansible, ``ansible/inventory/multinode``; Ansible, "Understanding variable precedence".
"""

from __future__ import annotations

from typing import Any

from armature.baremetal import has_ironic
from armature.compile.data import groups, images
from armature.compile.inventory import connection
from armature.compile.kolla_groups import HOST_GROUPS, kolla_hosts
from armature.compile.kolla_ironic import COMPUTE_GROUP, compute_hosts, ironic_host_variables
from armature.compile.links import interface, interface_for, provider_networks
from armature.model import Arch, Purpose, Site

_INTERFACES = {
    "network_interface": Purpose.API,
    "api_interface": Purpose.API,
    "tunnel_interface": Purpose.TUNNEL,
    "kolla_external_vip_interface": Purpose.PUBLIC,
}

_TAG_SUFFIX = {Arch.AARCH64: "-aarch64"}


def kolla_inventory(site: Site) -> dict[str, Any]:
    """Return the inventory in the shape of Ansible's YAML inventories. Source: see the module."""
    variables = {name: host_variables(site, name) for name in kolla_hosts(site)}
    tree: dict[str, Any] = {"all": {"hosts": variables}}
    for group, role in HOST_GROUPS.items():
        tree[group] = {"hosts": dict.fromkeys(site.hosts_with(role) if role else ())}
    for group, children in groups(site.release).items():
        tree[group] = {"children": dict.fromkeys(children)}
    if has_ironic(site):
        tree[COMPUTE_GROUP] = {"hosts": dict.fromkeys(compute_hosts(site))}
    for arch in architectures(site):
        tree[arch.value] = {"hosts": dict.fromkeys(name for name in variables if _arch(site, name) is arch)}
    return tree


def architectures(site: Site) -> list[Arch]:
    """Return the architectures of kolla-ansible's hosts."""
    present = {_arch(site, name) for name in kolla_hosts(site)}
    return [arch for arch in Arch if arch in present]


def host_variables(site: Site, host: str) -> dict[str, Any]:
    """Return kolla-ansible's variables of one host. Addresses carry no brackets.

    Lists are joined by commas, as upstream wants them: the first bridge holds the first interface.

    Source: kolla-ansible, ``group_vars/all/{common,neutron,openvswitch}.yml``;
    role ``openvswitch``, its ``post-config.yml`` and ``defaults/main.yml``
    """
    variables: dict[str, Any] = dict(connection(site, host))
    # Neutron binds a port where the chassis has the name that Nova gives the host. Upstream's default is the name with
    # its domain, Nova's the one without.
    variables["openvswitch_hostname"] = host
    for variable, purpose in _INTERFACES.items():
        if (name := interface_for(site, host, purpose)) is not None:
            variables[variable] = name
    carried = provider_networks(site, host)
    # Neutron's server must know every physical network, also on a controller that carries none of them.
    if known := carried or site.networks_for(Purpose.PROVIDER):
        variables["neutron_physical_networks"] = ",".join(known)
    if carried:
        variables["enable_neutron_provider_networks"] = True
        links = [interface(site, host, name) for name in carried]
        variables["neutron_external_interface"] = ",".join(link for link in links if link is not None)
        variables["neutron_bridge_name"] = ",".join(bridge(site, name) for name in carried)
    return variables | ironic_host_variables(site, host)


def bridge(site: Site, network: str) -> str:
    """Return the Open vSwitch bridge of a provider network, named by its number: ``br-0x20``.

    A name of the site's would not always fit into an interface's 15 bytes, or might be ``br-int``.
    """
    return f"br-{site.networks[network].number:#x}"


def architecture_variables(site: Site, arch: Arch) -> dict[str, str]:
    """Return the variables that hosts of one architecture share: the tag's suffix and locked images, named in full.

    Raises KeyError for a locked image that the release does not have.

    Source: kolla-ansible, ``group_vars/all/common.yml``, ``docker_image_url``.
    """
    suffixed = arch in _TAG_SUFFIX and not site.images.tag
    variables = {"openstack_tag_suffix": _TAG_SUFFIX[arch]} if suffixed else {}
    registry = f"{site.images.registry}/" if site.images.registry else ""
    known = images(site.release)
    for image, digest in sorted(site.images.lock.get(arch, {}).items()):
        name = f"{registry}{site.images.namespace}/{image}@{digest}"
        variables |= dict.fromkeys(known[image], name)
    return variables


def known_images(release: str) -> set[str]:
    """Return the names of the images that a release can run; raises ModuleNotFoundError for an unknown release."""
    return set(images(release))


def _arch(site: Site, host: str) -> Arch:
    return site.hardware_of(host).arch
