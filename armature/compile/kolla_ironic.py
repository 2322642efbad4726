"""Ironic for nodes without disks: kolla-ansible's variables and override files.

docs/bare-metal.md has the decisions. Source: kolla-ansible 20.6.0 and 22.2.0, roles ``ironic`` and ``nova-cell``;
ironic 35.0.1, ``conf``.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from armature.baremetal import conductors, has_ironic
from armature.compile.ironic_boot import TEMPLATE, address, base_url, boot_script, dnsmasq_confs, loader, script_name
from armature.compile.links import interface_for
from armature.model import Purpose, Role, Site

COMPUTE_GROUP = "nova-compute-ironic"
"""kolla-ansible's group of the hosts whose Nova service offers nodes."""

HOST_VARIABLES = frozenset(
    {
        "ironic_dnsmasq_interface",
        "ironic_http_interface",
        "ironic_tftp_interface",
        "nova_compute_ironic_custom_host",
    }
)
"""Variables of hosts, at sites with Ironic."""

AGENT_FILES = ("ironic-agent.kernel", "ironic-agent.initramfs")
"""kolla-ansible copies them to wherever boot files are, and stops without them."""

_NO_AGENT = "Nodes without disks run no agent.\n"

_DRIVERS = {"redfish": "redfish", "ipmi": "ipmitool"}
"""A BMC's protocol -> what Ironic's interfaces for it are called. A conductor ends at once when one of them is enabled
and lacks a program that it needs, so those of other protocols are not."""

_CONF = """[DEFAULT]
enabled_hardware_types = {protocols}
enabled_boot_interfaces = ipxe
enabled_deploy_interfaces = direct
enabled_inspect_interfaces = redfish,no-inspect
enabled_management_interfaces = {drivers}
enabled_network_interfaces = noop
enabled_power_interfaces = {drivers}
enabled_storage_interfaces = cinder,noop
enabled_vendor_interfaces = {drivers},no-vendor

[conductor]
# Cleaning boots an agent that wipes disks. Here are none: what a tenant wrote is in volumes, which Cinder deletes.
automated_clean = False

[agent]
deploy_logs_collect = never

[deploy]
default_boot_mode = uefi

[dhcp]
# dnsmasq has every node's addresses, and the conductors' own scripts tell a node what to boot.
dhcp_provider = none

[pxe]
ipxe_config_template = {template}
ipxe_bootfile_name_by_arch = {loaders}
"""


def ironic_globals(site: Site) -> dict[str, Any]:
    """Return kolla-ansible's variables about Ironic, {} for a site without it."""
    if not has_ironic(site):
        return {}
    folder = PurePosixPath(TEMPLATE).parent
    return {
        "ironic_conductor_extra_volumes": f"{{{{ ironic_extra_volumes + ['{folder}:{folder}:ro'] }}}}",
        # A precheck wants a list; the override file has the ranges.
        "ironic_dnsmasq_dhcp_ranges": [],
        # in.tftpd ends at once (status 64) when a port follows an IPv6 address without brackets (tftpd-hpa 5.2).
        "ironic_tftp_listen_address": "{{ ironic_tftp_interface_address | put_address_in_context('url') }}",
    }


def ironic_host_variables(site: Site, host: str) -> dict[str, Any]:
    """Return kolla-ansible's variables about Ironic of one host, {} for one that runs nothing of it."""
    if host not in conductors(site):
        return {}
    link = interface_for(site, host, Purpose.PROVISION)
    variables = {} if link is None else dict.fromkeys(sorted(HOST_VARIABLES), link)
    variables.pop("nova_compute_ironic_custom_host", None)
    if host in compute_hosts(site):
        # Nova knows the service by this name, wherever it runs.
        variables["nova_compute_ironic_custom_host"] = site.name
    return variables


def compute_hosts(site: Site) -> list[str]:
    """Return the one host whose Nova service offers the nodes, in a list.

    Nova advises against several that share nodes. Source: nova 33.0.2, ``conf/ironic.py``, ``peer_list``.
    """
    return site.hosts_with(Role.CONTROL)[:1]


def ironic_config_files(site: Site) -> dict[str, str]:
    """Return path below ``config/`` -> text, {} for a site without Ironic."""
    if not has_ironic(site):
        return {}
    arches = dict.fromkeys(node.arch for node in site.baremetal.values())
    loaders = ",".join(f"{arch}:{loader(site, arch)}" for arch in arches)
    protocols = sorted({node.bmc.protocol for node in site.baremetal.values()}, reverse=True) or ["redfish"]
    conf = _CONF.format(
        protocols=",".join(protocols),
        drivers=",".join(_DRIVERS[protocol] for protocol in protocols),
        template=TEMPLATE,
        loaders=loaders,
    )
    files = {"ironic.conf": conf}
    files[f"ironic/{script_name(site)}"] = boot_script(site)
    files |= {f"ironic/{name}": _NO_AGENT for name in AGENT_FILES}
    for host, dnsmasq in dnsmasq_confs(site).items():
        files[f"ironic/{host}/ironic.conf"] = _host_conf(site, host)
        files[f"ironic/{host}/ironic-dnsmasq.conf"] = dnsmasq
    return files


def _host_conf(site: Site, host: str) -> str:
    """Return what differs between conductors: where nodes find them.

    Ironic wants an agent to be named before it takes a node with a volume, though it does not boot it then.

    Source: ironic 35.0.1, ``common/pxe_utils.py``, ``parse_driver_info`` and ``_dhcp_option_file_or_url``.
    """
    kernel, ramdisk = (f"{base_url(site, host)}/{name}" for name in AGENT_FILES)
    mine = address(site, host)
    return (
        f"[DEFAULT]\nmy_ipv6 = {mine}\n\n[conductor]\ndeploy_kernel = {kernel}\ndeploy_ramdisk = {ramdisk}\n\n"
        f"[pxe]\ntftp_server = {mine}\n"
    )
