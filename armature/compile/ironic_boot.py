"""How a node without disks comes from its firmware to its volume: DHCPv6, iPXE's scripts, Ironic's template.

The way: the firmware asks for an address and gets iPXE's URL; iPXE asks again and gets a script; the script asks each
conductor for the node's own one, which Ironic wrote; that one attaches the volume and boots from it.

Source: dnsmasq 2.91, dnsmasq(8); RFC 5970 (options 59 and 61); iPXE, "SAN boot"; ironic 35.0.1, ``common/pxe_utils.py``
and ``drivers/modules/{ipxe_config.template,boot.ipxe,deploy_utils.py}``; kolla 22.2.0, ``docker/ironic/ironic-pxe``.
"""

from __future__ import annotations

from armature.addresses import host_address, network_prefix
from armature.baremetal import conductors, has_ironic, network_of, volume_network
from armature.compile.distribution import base_distribution
from armature.compile.links import interface
from armature.metadata import metadata_urls
from armature.model import Arch, Role, Site
from armature.release import release

HTTP_PORT = 8089
"""TCP port of the boot files. Source: kolla-ansible, ``ironic_http_port``."""

TEMPLATE = "/etc/armature/ironic/ipxe.template"
"""Ironic's template of a node's script, on conductors' hosts and in their containers."""

_BOOT, _SYSTEM = range(1, 5), range(5, 8)
"""Further addresses of a node, beside its own: prefix + this + the node's number.

A DHCPv6 server gives an address to one client until the lease ends. Each stage of a boot is another client, since DUID
and IAID differ; so are an initramfs, the system behind it, and the next tenant's.
"""

FURTHER = _SYSTEM[-1]
"""The largest of them."""

_LEASE = "1h"
"""A node's root is behind its address: the lease outlives an hour without any DHCPv6 server."""

_LOADERS = {
    ("debian", Arch.AARCH64): "ipxe-arm64.efi",
    ("debian", Arch.X86_64): "snponly.efi",
    ("rocky", Arch.AARCH64): "ipxe-snponly-aarch64.efi",
    ("rocky", Arch.X86_64): "ipxe-snponly-x86_64.efi",
}
"""iPXE for UEFI in the image ironic-pxe, by the distribution inside it and the node's architecture."""

_TEMPLATE = """#!ipxe
# Ironic writes another label into every line that begins with goto.
goto deploy

:deploy
imgfree
kernel {{ pxe_options.deployment_aki_path }} {{ pxe_options.pxe_append_params|default("", true) }} BOOTIF=${mac} \
initrd={{ pxe_options.initrd_filename|default("deploy_ramdisk", true) }} || reboot
initrd {{ pxe_options.deployment_ari_path }} || reboot
boot

:boot_ramdisk
imgfree
kernel {{ pxe_options.aki_path }} root=/dev/ram0 {{ pxe_options.pxe_append_params|default("", true) }} \
{{ pxe_options.ramdisk_opts|default("", true) }} initrd=ramdisk || reboot
initrd {{ pxe_options.ari_path }} || reboot
boot
{%- macro portals(url) -%}
{%- set host = url.split(':iqn.', 1)[0][6:].rsplit(':', 3)[0].strip('[]') -%}
{%- set gateways = PORTALS -%}
{{ ([host] + (gateways|reject('equalto', host)|list if host in gateways else []))|join(',') }}
{%- endmacro -%}
{%- macro paths(urls) -%}
{%- set found = [] -%}
{%- for url in urls.split(' ') -%}
{%- set place, name = url.split(':iqn.', 1) -%}
{%- set protocol, port, lun = place.rsplit(':', 3)[1:] -%}
{%- for address in portals(url).split(',') -%}
{%- set place = '[%s]' % address if ':' in address else address -%}
{%- set uri = ' iscsi:%s:%s:%s:%s:iqn.%s' % (place, protocol, port, lun, name) -%}
{%- if uri not in found -%}
{%- set _ = found.append(uri) -%}
{{ uri }}
{%- endif -%}
{%- endfor -%}
{%- endfor -%}
{%- endmacro -%}
{%- macro boot_portals(urls) -%}
{%- set found = [] -%}
{%- for url in urls.split(' ') -%}
{%- set _ = found.extend(portals(url).split(',')) -%}
{%- endfor -%}
{{ found|unique|join(',') }}
{%- endmacro -%}
{%- if pxe_options.boot_from_volume %}

:boot_iscsi
imgfree
{%- if pxe_options.iscsi_initiator_iqn %}
set initiator-iqn {{ pxe_options.iscsi_initiator_iqn }}
{%- endif %}
{%- if pxe_options.username %}
set username {{ pxe_options.username }}
set password {{ pxe_options.password }}
{%- endif %}
set keep-san 1
set hostname portals={{ boot_portals(pxe_options.iscsi_boot_url) }};metadata=METADATA
sanhook --drive 0x80{{ paths(pxe_options.iscsi_boot_url) }} || goto again
{%- for volume in pxe_options.iscsi_volumes %}
set username {{ volume.username }}
set password {{ volume.password }}
sanhook --drive {{ '0x%x' % (129 + loop.index0) }}{{ paths(volume.url) }} || goto again
{%- endfor %}
sanboot --no-describe --keep --drive 0x80 || goto again

:again
echo The volume does not answer, or nothing on it boots. Trying again in 10 seconds.
sleep 10
sanunhook --drive 0x80 ||
goto boot_iscsi
{%- endif %}

:boot_whole_disk
exit
"""
"""A node's script. Of Ironic's own template it keeps the labels, ``sanhook`` and the names of the options.

Ironic 29 to 39 takes the brackets off an IPv6 portal, so that iPXE cannot tell the address from the port
(``get_volume_pxe_options``, ``__format_portal``); here they are put back. When Cinder names one gateway, the others are
added: they serve the volume, too, and iPXE takes the one that answers.

What runs from the volume finds its target in the firmware's table (iBFT), where iPXE cuts IPv6 addresses to 32 bits.
The name of the host is copied there as it is, of any length: it carries ``<key>=<value>`` separated by ``;``, and the
portals and the metadata's URLs in it separated by ``,`` (roles/diskless_image). It must be set before the hook, which
writes the table.
Source: iPXE, ``drivers/block/ibft.c`` (``ibft_fill_target``, ``ibft_set_string_setting``), ``core/exec.c``.
"""


def loader(site: Site, arch: Arch) -> str:
    """Return the file name of iPXE for nodes of ``arch``."""
    return _LOADERS[base_distribution(site), arch]


def ironic_templates(site: Site, host: str) -> dict[str, str]:
    """Return path -> text of the templates that ``host`` has for its conductor, {} without one.

    Raises KeyError for an unknown host.
    """
    if Role.CONTROL not in site.hosts[host].roles or not has_ironic(site):
        return {}
    urls = ",".join(metadata_urls(site).values())
    return {TEMPLATE: _TEMPLATE.replace("PORTALS", str(portals(site))).replace("METADATA", urls)}


def portals(site: Site) -> list[str]:
    """Return the addresses of the iSCSI gateways' portals, without brackets."""
    network = volume_network(site)
    if network is None:
        return []
    return [str(host_address(site, host, network)) for host in site.hosts_with(Role.ISCSI_GATEWAY)]


def script_name(site: Site) -> str:
    """Return the file that kolla-ansible of the site's release lets one replace, and serves over HTTP."""
    return release(site.release).ironic_boot_script


def boot_script(site: Site) -> str:
    """Return what iPXE runs first: it looks for the node's own script where a conductor may have put it.

    A conductor serves its own nodes, and which those are changes with the conductors that are there.
    """
    lines = [
        "#!ipxe",
        "# Written by Armature.",
        ":ask",
        *(f"chain {base_url(site, host)}/pxelinux.cfg/${{mac:hexhyp}} ||" for host in conductors(site)),
        "echo No conductor has a script for ${mac}. Nothing is deployed there. Asking again in 10 seconds.",
        "sleep 10",
        "goto ask",
    ]
    return "\n".join(lines) + "\n"


def base_url(site: Site, host: str) -> str:
    """Return where ``host`` serves boot files over HTTP."""
    return f"http://[{address(site, host)}]:{HTTP_PORT}"


def address(site: Site, host: str) -> str:
    """Return the address of ``host`` on the provision network, without brackets; raises KeyError without one."""
    return str(host_address(site, host, _network(site)))


def dnsmasq_confs(site: Site) -> dict[str, str]:
    """Return host -> dnsmasq's configuration there: it answers nodes alone, each with addresses of its own.

    Addresses follow from a node's number, so every conductor's host gives the same ones and none need know what another
    has leased. The system of a node gets the node's address; the stages before it, which send their processor's
    architecture (option 61), get others. Of several addresses dnsmasq takes the last first.
    """
    nodes = _node_lines(site)
    return {host: "\n".join([*_server_lines(site, host), *nodes]) + "\n" for host in conductors(site)}


def _server_lines(site: Site, host: str) -> list[str]:
    prefix, link = network_prefix(site, _network(site)), interface(site, host, _network(site))
    lines = [
        "# Written by Armature.",
        "# DHCPv6 alone, no DNS.",
        "port=0",
        f"interface={link}",
        "bind-interfaces",
        # It says that there is DHCPv6, and is no router (lifetime 0): that one announces itself.
        "enable-ra",
        f"ra-param={link},60,0",
        f"dhcp-range={prefix.network_address},static,slaac,64,{_LEASE}",
        "dhcp-ignore=tag:!known",
        "dhcp-match=set:boot,option6:61",
        "dhcp-userclass=set:ipxe,iPXE",
        f"dhcp-option=tag:ipxe,option6:bootfile-url,{base_url(site, host)}/{script_name(site)}",
    ]
    for arch in dict.fromkeys(node.arch for node in site.baremetal.values()):
        url = f"tftp://[{address(site, host)}]/{loader(site, arch)}"
        lines.append(f"dhcp-option=tag:boot,tag:!ipxe,tag:{arch},option6:bootfile-url,{url}")
    if site.dns:
        lines.append("dhcp-option=option6:dns-server," + ",".join(f"[{server}]" for server in site.dns))
    return [*lines, "log-async", "log-dhcp", "log-facility=/var/log/kolla/ironic/dnsmasq.log"]


def _node_lines(site: Site) -> list[str]:
    prefix, lines = network_prefix(site, _network(site)), []
    for name, node in site.baremetal.items():
        boot, system = (
            "".join(f"[{prefix[further << 16 | node.number]}]," for further in numbers) for numbers in (_BOOT, _SYSTEM)
        )
        lines.append(f"dhcp-host={node.mac},tag:boot,{boot}set:{node.arch}")
        lines.append(f"dhcp-host={node.mac},tag:!boot,{system}[{prefix[node.number]}],{name}")
    return lines


def _network(site: Site) -> str:
    name = network_of(site)
    if name is None:
        raise KeyError("provision")
    return name
