"""Rules for every artefact of every site: no IPv4, and brackets exactly where a consumer wants them."""

from __future__ import annotations

import json
import re
from ipaddress import IPv6Address

import pytest
from compile_sites import every

from armature.compile import artefacts
from armature.model import Site

IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")
IPV6 = re.compile(
    r"\[(?P<inside>[0-9a-f:]+)\]|(?<![\w:.])(?P<address>[0-9a-f]*:[0-9a-f:]*:[0-9a-f:]*)(?P<bits>/\d+)?(?![\w:])"
)

BARE, PREFIXED, EXACT, BRACKETED = "bare", "with /64", "with /128", "bracketed"
RULES = [
    (r"inventory\.json", BARE),
    (r"kolla/inventory\.yml", BARE),
    (r"kolla/globals\.yml:(?!.*_endpoints$).*", BARE),
    (r"kolla/globals\.yml:prometheus_ceph_mgr_exporter_endpoints", BRACKETED),
    (r"kolla/config/(glance|nova|cinder)/ceph\.conf", BRACKETED),
    (r"kolla/config/ironic/.*/ironic\.conf:(my_ipv6|tftp_server) ", BARE),
    (r"kolla/config/ironic/.*/ironic\.conf:deploy_(kernel|ramdisk) ", BRACKETED),
    (r"kolla/config/ironic/.*/ironic-dnsmasq\.conf:dhcp-range", BARE),
    (r"kolla/config/ironic/.*/ironic-dnsmasq\.conf:dhcp-(host|option)", BRACKETED),
    (r"kolla/config/ironic/\w+\.ipxe", BRACKETED),
    (r"hosts/[^/]+/etc/armature/ironic/ipxe\.template:.*set gateways ", BARE),
    (r"hosts/[^/]+/etc/armature/ironic/ipxe\.template:set hostname portals", BRACKETED),
    (r"hosts/[^/]+/etc/armature/baremetal-metadata/config\.json:.address.", BARE),
    (r"hosts/[^/]+/etc/armature/baremetal-metadata/config\.json:.network.", PREFIXED),
    (r"ceph/ceph\.conf", BRACKETED),
    (r"ceph/bootstrap\.conf", PREFIXED),
    (r"ceph/config\.yml", f"{PREFIXED} or {EXACT}"),
    (r"ceph/specs\.yml", BARE),
    (r"ceph/iscsi\.yml", BARE),
    (r"kolla/config/haproxy/services\.d/armature-iscsi\.cfg", BRACKETED),
    (r"hosts/[^/]+/etc/hosts", BARE),
    (r"hosts/[^/]+/etc/resolv\.conf", BARE),
    (r"hosts/[^/]+/etc/chrony/chrony\.conf", BARE),
    (r"hosts/[^/]+/etc/systemd/network/.*\.network:Address", PREFIXED),
    (r"hosts/[^/]+/etc/systemd/network/.*\.network:(DNS|Gateway)", BARE),
    (r"hosts/[^/]+/etc/systemd/network/.*\.network:Destination", PREFIXED),
]
"""File (and key, in networkd's and globals) -> how an address stands there. None is elsewhere: kolla-ansible makes the
URLs."""

SITES = every().items()


def addresses(path: str, text: str) -> list[tuple[str, str]]:
    """Return (place, form) of every address of a text."""
    found = []
    for line in text.splitlines():
        ends = (
            "="
            if "/systemd/" in path or "/ironic/" in path
            else ":"
            if path.endswith(("globals.yml", "config.json"))
            else None
        )
        key = f":{line.split(ends, 1)[0]}" if ends and ends in line else ""
        for match in IPV6.finditer(line):
            if is_address(match["inside"] or match["address"]):
                form = {"/64": PREFIXED, "/128": EXACT}.get(match["bits"], match["bits"] or BARE)
                found.append((path + key, BRACKETED if match["inside"] else form))
    return found


def is_address(text: str) -> bool:
    try:
        return bool(IPv6Address(text))
    except ValueError:
        return False


@pytest.mark.parametrize(("name", "site"), SITES)
def test_no_artefact_has_an_ipv4_literal(name: str, site: Site) -> None:
    assert {path: IPV4.findall(text) for path, text in artefacts(site).items() if IPV4.search(text)} == {}, name


@pytest.mark.parametrize(("name", "site"), SITES)
def test_every_address_has_the_form_that_its_consumer_wants(name: str, site: Site) -> None:
    for path, text in artefacts(site).items():
        for place, form in addresses(path, text):
            wanted = [forms for pattern, forms in RULES if re.fullmatch(pattern, place)]
            assert [form in forms.split(" or ") for forms in wanted] == [True], (name, place, form)


@pytest.mark.parametrize(("name", "site"), SITES)
def test_every_rule_is_needed_somewhere(name: str, site: Site) -> None:
    places = {place for path, text in artefacts(site).items() for place, _ in addresses(path, text)}
    idle = {pattern for pattern, _ in RULES if not any(re.fullmatch(pattern, place) for place in places)}
    absent = [] if site.dns else ["resolv", "chrony"]
    absent += [] if site.ceph is not None and site.ceph.iscsi is not None else ["iscsi"]
    absent += [] if "ironic" in site.services else ["ironic", "Destination", "metadata"]
    absent += ["ceph"] if site.ceph is None else [] if "prometheus" in site.services else ["mgr_exporter"]
    assert idle == {pattern for pattern, _ in RULES if any(re.search(word, pattern) for word in absent)}, name


@pytest.mark.parametrize(("name", "site"), SITES)
def test_registry_is_never_a_literal(name: str, site: Site) -> None:
    for path, text in artefacts(site).items():
        for line in text.splitlines():
            if "registry" in line or "_image_full" in line or "location" in line:
                assert addresses(path, line) == [], (name, line)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("fd00::1", BARE),
        ("[fd00::1]:80", "bracketed"),
        ("https://[fd00:1::1]/x", "bracketed"),
        ("Address=fd00::1/64", PREFIXED),
        ("fd00::/48", "/48"),
        ("02:00:00:00:00:01", None),
        ("sha256:abab", None),
        ("00:11:22", None),
    ],
)
def test_the_rules_see_addresses(text: str, form: str | None) -> None:
    assert [found for _, found in addresses("file", text)] == ([] if form is None else [form])


@pytest.mark.parametrize("text", ["10.0.0.1", "http://127.0.0.1:80", "0.0.0.0"])
def test_the_rules_see_ipv4(text: str) -> None:
    assert IPV4.search(text)


@pytest.mark.parametrize("text", ["2026.1", "1.2.3", "br-0x6.12", "v1.2.3.4a", "bond0.16,bond0.17"])
def test_the_rules_take_nothing_else_for_ipv4(text: str) -> None:
    assert not IPV4.search(text)


@pytest.mark.parametrize(("name", "site"), SITES)
def test_artefacts_are_the_same_every_time_and_end_their_last_line(name: str, site: Site) -> None:
    first, second = artefacts(site), artefacts(site)
    assert json.dumps(first) == json.dumps(second), name
    assert {path for path, text in first.items() if not text.endswith("\n") or "\t" in text} == set()
    assert not [path for path in first if path.startswith("/") or ".." in path]
