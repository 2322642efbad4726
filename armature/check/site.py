"""The site's own values: prefix, domain, DNS, NTP, MTU of tenants."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Network

from armature.check.common import PREFIX_LENGTHS, ipv4_of, ipv6_of, repeated, unreachable
from armature.errors import Problem, quote, where
from armature.model import Purpose, Site
from armature.shape import is_domain_name

GENEVE_OVERHEAD = 40 + 38
"""Bytes that a tunnel adds to a tenant's packet: the outer IPv6 header (40), and 38 for the rest: UDP (8),
Geneve (8), OVN's option (4 + 4), the inner Ethernet header (14).

Source: neutron 28.0.2, ml2/drivers/type_tunnel.py, get_mtu (IP header) and type_geneve.py, get_mtu (max_header_size);
kolla-ansible 22.2.0, roles/neutron/templates/ml2_conf.ini.j2, max_header_size = 38; RFC 8926 (Geneve).
"""

_ULA = IPv6Network("fc00::/7")
_GLOBAL = IPv6Network("2000::/3")


def site_problems(site: Site) -> Iterator[Problem]:
    """Yield problems of the values at the top of the file. Source: RFC 4193, RFC 4291 (section 2.4)."""
    yield from _prefix(site)
    if site.domain.rpartition(".")[2].isdigit():
        yield Problem("domain", f"{quote(site.domain)} ends in a number, like an IPv4 address. Use a domain name.")
    yield from repeated(map(str, site.dns), "dns")
    for index, address in enumerate(site.dns):
        if reason := unreachable(address):
            yield Problem(where("dns", index), f"'{address}' {reason}. Use a DNS server that every host reaches.")
    yield from repeated(site.ntp, "ntp")
    for index, server in enumerate(site.ntp):
        yield from _time_server(index, server)
    yield from _tenant_mtu(site)


def _prefix(site: Site) -> Iterator[Problem]:
    prefix = site.prefix
    if prefix.prefixlen not in PREFIX_LENGTHS:
        yield Problem(
            "prefix", f"'{prefix}' has length {prefix.prefixlen}. Use one from /32 to /56; /48 suits most sites."
        )
    elif prefix.network_address.scope_id:
        yield Problem("prefix", f"'{prefix}' names an interface. Use a prefix that is valid everywhere at the site.")
    elif not (prefix.subnet_of(_ULA) or prefix.subnet_of(_GLOBAL)):
        yield Problem(
            "prefix", f"'{prefix}' is for no site's use. Use one of your own from 2000::/3, or a ULA from fd00::/8."
        )


def _time_server(index: int, server: str) -> Iterator[Problem]:
    place, address = where("ntp", index), ipv6_of(server)
    if ipv4_of(server):
        yield Problem(
            place, f"{quote(server)} is an IPv4 address, and hosts have IPv6 only. Use a name or an IPv6 address."
        )
    elif address is None:
        if not is_domain_name(server):
            yield Problem(place, f"{quote(server)} is no server. Use a name or an IPv6 address.")
    elif server.startswith("["):
        yield Problem(place, f"{quote(server)} has brackets. Write {address}.")
    elif reason := unreachable(address):
        yield Problem(place, f"'{address}' {reason}. Use a time server that every host reaches.")


def _tenant_mtu(site: Site) -> Iterator[Problem]:
    """A tenant's packet and its Geneve headers must pass the tunnel network in one piece.

    :data:`GENEVE_OVERHEAD` has the sum.
    """
    for name in site.networks_for(Purpose.TUNNEL):
        room = site.networks[name].mtu - GENEVE_OVERHEAD
        if site.tenant_mtu > room:
            yield Problem(
                "tenant_mtu",
                f"{site.tenant_mtu} and {GENEVE_OVERHEAD} bytes of Geneve over IPv6 exceed the tunnel network's MTU "
                f"of {site.networks[name].mtu}. {_lower(room, name, site)}.",
            )


def _lower(room: int, tunnel: str, site: Site) -> str:
    raised = f"raise networks.{tunnel}.mtu to {site.tenant_mtu + GENEVE_OVERHEAD}"
    return f"Use {room} or less, or {raised}" if room >= 1280 else f"{raised[0].upper()}{raised[1:]}"
