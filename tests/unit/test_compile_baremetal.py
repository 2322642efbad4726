"""Bare metal: what Ironic, Nova, dnsmasq and iPXE are told."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jinja2
import pytest
from baremetal_sites import baremetal_site
from compile_sites import lab

from armature.baremetal import initiator, resource
from armature.compile.baremetal import wanted_flavors, wanted_nodes
from armature.compile.ironic_boot import TEMPLATE, boot_script, dnsmasq_confs, ironic_templates, loader
from armature.compile.kolla_globals import keys_set
from armature.compile.kolla_inventory import host_variables, kolla_inventory
from armature.compile.kolla_ironic import ironic_config_files, ironic_globals
from armature.compile.networkd import networkd_units
from armature.model import Arch, Site

RELEASE_2025_1 = (
    ('release: "2026.1"', 'release: "2025.1"'),
    ("host_distribution: debian-trixie", "host_distribution: debian-bookworm"),
)


def test_a_site_without_ironic() -> None:
    bare = lab()
    assert ironic_globals(bare) == ironic_config_files(bare) == ironic_templates(bare, "lab-1") == {}
    assert wanted_nodes(bare) == wanted_flavors(bare) == []
    assert not any("ironic" in key for key in (*host_variables(bare, "lab-1"), *keys_set(bare)))
    assert "children" in kolla_inventory(bare)["nova-compute-ironic"]


def test_a_node() -> None:
    node, other = wanted_nodes(baremetal_site())
    assert node == {
        "name": "node",
        "driver": "redfish",
        "driver_info": {
            "redfish_address": "https://[fd00:900d:0:7::20]",
            "redfish_system_id": "/redfish/v1/Systems/1",
            "redfish_verify_ca": True,
        },
        "interfaces": {
            "boot_interface": "ipxe",
            "deploy_interface": "direct",
            "network_interface": "noop",
            "storage_interface": "cinder",
            "inspect_interface": "redfish",
        },
        "properties": {"cpu_arch": "aarch64", "capabilities": "boot_mode:uefi,iscsi_boot:True,slot:7"},
        "resource_class": "baremetal",
        "traits": ["CUSTOM_NVLINK", "CUSTOM_RACK_R1"],
        "mac": "02:00:00:00:00:20",
        "initiator": "iqn.2026-01.test.good:node",
        "rack": "",
        "inspect": True,
    }
    assert other["driver_info"] == {"ipmi_address": "fd00:900d:0:7::21", "ipmi_port": "6230"}
    assert other["interfaces"]["inspect_interface"] == "no-inspect"


@pytest.mark.parametrize(
    ("bmc", "wanted"),
    [
        ("{port: 8000, tls: none}", {"redfish_address": "http://[fd00:900d:0:7::21]:8000", "redfish_verify_ca": False}),
        ("{tls: unverified}", {"redfish_address": "https://[fd00:900d:0:7::21]", "redfish_verify_ca": False}),
        ("{system: /redfish/v1/Systems/Self}", {"redfish_system_id": "/redfish/v1/Systems/Self"}),
    ],
)
def test_a_bmc(bmc: str, wanted: dict[str, Any]) -> None:
    info = wanted_nodes(baremetal_site(("{protocol: ipmi, port: 6230}", bmc)))[1]["driver_info"]
    assert {key: info[key] for key in wanted} == wanted


def test_an_initiator_has_a_name_that_ceph_iscsi_takes() -> None:
    """rtslib-fb 2.1.76, utils.py, normalize_wwn: a dot must follow the month and what is behind it."""
    form = re.compile(r"iqn\.[0-9]{4}-[0-1][0-9]\..*\..*")
    assert form.match(initiator(baremetal_site(), "node"))
    short = baremetal_site(("domain: good.test", "domain: lab"))
    assert initiator(short, "node") == "iqn.2026-01.lab.site:node"
    assert form.match(initiator(short, "node"))


def test_a_flavor_asks_for_one_whole_node() -> None:
    (flavor,) = wanted_flavors(baremetal_site())
    assert flavor == {
        "name": "whole",
        "description": "",
        "is_public": True,
        "vcpus": 128,
        "ram": 262144,
        "disk": 0,
        "extra_specs": {
            "resources:CUSTOM_BAREMETAL": "1",
            "resources:VCPU": "0",
            "resources:MEMORY_MB": "0",
            "resources:DISK_GB": "0",
            "trait:CUSTOM_NVLINK": "required",
        },
    }


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("baremetal", "CUSTOM_BAREMETAL"), ("arm-128c", "CUSTOM_ARM_128C"), ("a__b.c", "CUSTOM_A_B_C")],
)
def test_resource_classes_are_named_as_placement_does(name: str, wanted: str) -> None:
    assert resource(name) == wanted


def test_one_nova_service_offers_the_nodes() -> None:
    site = baremetal_site()
    assert kolla_inventory(site)["nova-compute-ironic"] == {"hosts": {"ctl": None}}
    assert host_variables(site, "ctl") | {
        "ironic_dnsmasq_interface": "bond0.6",
        "ironic_http_interface": "bond0.6",
        "ironic_tftp_interface": "bond0.6",
        "nova_compute_ironic_custom_host": "good",
    } == host_variables(site, "ctl")
    assert not any("ironic" in key for key in host_variables(site, "cmp"))
    assert {"ironic_http_interface", "ironic_dnsmasq_dhcp_ranges"} <= keys_set(site)


@pytest.mark.parametrize(
    ("bmc", "types", "drivers"),
    [("{protocol: ipmi, port: 6230}", "redfish,ipmi", "redfish,ipmitool"), ("{}", "redfish", "redfish")],
)
def test_a_conductor_speaks_the_protocols_of_its_nodes_alone(bmc: str, types: str, drivers: str) -> None:
    """ironic 35.0.1 ends at once when ipmitool is missing and something of IPMI is enabled."""
    conf = ironic_config_files(baremetal_site(("{protocol: ipmi, port: 6230}", bmc)))["ironic.conf"]
    lines = conf.splitlines()
    assert f"enabled_hardware_types = {types}" in lines
    assert {f"enabled_{name}_interfaces = {drivers}" for name in ("management", "power")} <= set(lines)
    assert f"enabled_vendor_interfaces = {drivers},no-vendor" in lines


def test_tftp_gets_its_address_in_brackets() -> None:
    """kolla-ansible 22.2.0 appends ":69" to it, roles/ironic/templates/ironic-tftp.json.j2."""
    address = ironic_globals(baremetal_site())["ironic_tftp_listen_address"]
    assert address == "{{ ironic_tftp_interface_address | put_address_in_context('url') }}"


def test_a_conductor_says_where_it_is() -> None:
    conf = ironic_config_files(baremetal_site())["ironic/ctl/ironic.conf"]
    assert "my_ipv6 = fd00:900d:0:6::10\n" in conf
    assert "deploy_kernel = http://[fd00:900d:0:6::10]:8089/ironic-agent.kernel\n" in conf


def test_a_boot_url_is_never_too_long_for_ironic() -> None:
    """ironic 35.0.1, common/pxe_utils.py, _dhcp_option_file_or_url: 64 characters, whatever the DHCP provider."""
    longest = "2001:1db8:1111:1111:1111:1111:1111:1111"
    for arch in Arch:
        for distribution in ("debian-trixie", "rocky-10"):
            site = baremetal_site(("host_distribution: debian-trixie", f"host_distribution: {distribution}"))
            ours = longest[: len("2001:1db8:1111:ffff::ffff")]
            assert len(f"tftp://[{ours}]/{loader(site, arch)}") <= 64


@pytest.mark.parametrize(
    ("edits", "script"), [((), "ipa.ipxe"), (RELEASE_2025_1, "inspector.ipxe")], ids=["2026.1", "2025.1"]
)
def test_the_script_has_the_name_of_the_release(edits: tuple[tuple[str, str], ...], script: str) -> None:
    site = baremetal_site(*edits)
    assert ironic_config_files(site)[f"ironic/{script}"] == boot_script(site)
    assert f"http://[fd00:900d:0:6::10]:8089/{script}\n" in dnsmasq_confs(site)["ctl"]


def test_the_script_asks_every_conductor() -> None:
    text = boot_script(baremetal_site())
    assert text.startswith("#!ipxe\n")
    assert "chain http://[fd00:900d:0:6::10]:8089/pxelinux.cfg/${mac:hexhyp} ||\n" in text
    assert text.endswith("goto ask\n")


def test_dnsmasq_answers_nodes_alone_and_gives_each_its_own() -> None:
    site = baremetal_site(("{protocol: ipmi, port: 6230}}", "{}, arch: x86_64, resource_class: x}"))
    lines = dnsmasq_confs(site)["ctl"]
    assert lines.splitlines()[3:14] == [
        "interface=bond0.6",
        "bind-interfaces",
        "enable-ra",
        "ra-param=bond0.6,60,0",
        "dhcp-range=fd00:900d:0:6::,static,slaac,64,1h",
        "dhcp-ignore=tag:!known",
        "dhcp-match=set:boot,option6:61",
        "dhcp-userclass=set:ipxe,iPXE",
        "dhcp-option=tag:ipxe,option6:bootfile-url,http://[fd00:900d:0:6::10]:8089/ipa.ipxe",
        "dhcp-option=tag:boot,tag:!ipxe,tag:aarch64,option6:bootfile-url,tftp://[fd00:900d:0:6::10]/ipxe-arm64.efi",
        "dhcp-option=tag:boot,tag:!ipxe,tag:x86_64,option6:bootfile-url,tftp://[fd00:900d:0:6::10]/snponly.efi",
    ]
    system = "[fd00:900d:0:6::5:20],[fd00:900d:0:6::6:20],[fd00:900d:0:6::7:20],[fd00:900d:0:6::20]"
    assert f"dhcp-host=02:00:00:00:00:20,tag:!boot,{system},node\n" in lines
    boot = "[fd00:900d:0:6::1:21],[fd00:900d:0:6::2:21],[fd00:900d:0:6::3:21],[fd00:900d:0:6::4:21]"
    assert f"dhcp-host=02:00:00:00:00:21,tag:boot,{boot},set:x86_64\n" in lines


METADATA = "metadata=http://[fd00:900d:0:6::10]:8790"


def rendered(site: Site, **options: Any) -> str:
    """Render the template as Ironic does, and then switch it to a boot from a volume.

    Source: ironic 35.0.1, common/utils.py, render_template; drivers/modules/deploy_utils.py, _replace_boot_line.
    """
    environment = jinja2.Environment(autoescape=jinja2.select_autoescape())
    text = environment.from_string(ironic_templates(site, "ctl")[TEMPLATE]).render({"pxe_options": options})
    return re.sub("^goto .*$", "goto boot_iscsi", text, flags=re.MULTILINE)


VOLUME = {
    "boot_from_volume": True,
    "iscsi_boot_url": "iscsi:fd00:900d:0:3::11::3260:0:iqn.2001-07.com.ceph:good.test",
    "iscsi_initiator_iqn": "iqn.2026-01.test.good:node",
    "username": "user",
    "password": "p ss/word",
    "iscsi_volumes": [],
}
URL = "iscsi:[fd00:900d:0:3::11]::3260:0:iqn.2001-07.com.ceph:good.test"


def test_a_node_s_script() -> None:
    text = rendered(baremetal_site(), **VOLUME)
    assert text.startswith(
        "#!ipxe\n# Ironic writes another label into every line that begins with goto.\ngoto boot_iscsi\n"
    )
    script = text[text.index(":boot_iscsi") : text.index(":boot_whole_disk")]
    assert script == (
        ":boot_iscsi\nimgfree\nset initiator-iqn iqn.2026-01.test.good:node\n"
        "set username user\nset password p ss/word\n"
        f"set keep-san 1\nset hostname portals=fd00:900d:0:3::11;{METADATA}\n"
        f"sanhook --drive 0x80 {URL} || goto again\n"
        "sanboot --no-describe --keep --drive 0x80 || goto again\n\n:again\n"
        "echo The volume does not answer, or nothing on it boots. Trying again in 10 seconds.\nsleep 10\n"
        "sanunhook --drive 0x80 ||\ngoto boot_iscsi\n\n"
    )


PORTALS = [
    ("iscsi:fd00::1::3260:0:iqn.2001-07.com.ceph:x", ["iscsi:[fd00::1]::3260:0:iqn.2001-07.com.ceph:x"]),
    ("iscsi:fd00::1:::1a:iqn.2001-07.com.ceph:x:y", ["iscsi:[fd00::1]:::1a:iqn.2001-07.com.ceph:x:y"]),
    ("iscsi:[fd00::1]::3260:0:iqn.2001-07.com.ceph:x", ["iscsi:[fd00::1]::3260:0:iqn.2001-07.com.ceph:x"]),
    ("iscsi:192.0.2.1::3260:0:iqn.2001-07.com.ceph:x", ["iscsi:192.0.2.1::3260:0:iqn.2001-07.com.ceph:x"]),
    ("iscsi:gw.test::3260:0:iqn.2001-07.com.ceph:x", ["iscsi:gw.test::3260:0:iqn.2001-07.com.ceph:x"]),
    (
        "iscsi:fd00::1::3260:0:iqn.2001-07.com.ceph:x iscsi:fd00::2::3260:0:iqn.2001-07.com.ceph:x",
        ["iscsi:[fd00::1]::3260:0:iqn.2001-07.com.ceph:x", "iscsi:[fd00::2]::3260:0:iqn.2001-07.com.ceph:x"],
    ),
]


@pytest.mark.parametrize(("url", "wanted"), PORTALS)
def test_a_portal_gets_its_brackets_back(url: str, wanted: list[str]) -> None:
    text = rendered(baremetal_site(), **VOLUME | {"iscsi_boot_url": url})
    assert f"sanhook --drive 0x80 {' '.join(wanted)} || goto again\n" in text


def test_the_volume_s_system_is_told_every_portal_once() -> None:
    addresses = {
        url: ",".join(re.findall(r"iscsi:\[?(.*?)\]?(?=::3260|:::1a)", " ".join(wanted))) for url, wanted in PORTALS
    }
    assert addresses[PORTALS[-1][0]] == "fd00::1,fd00::2"
    for url, wanted in addresses.items():
        text = rendered(baremetal_site(), **VOLUME | {"iscsi_boot_url": f"{url} {url}"})
        assert f"\nset hostname portals={wanted};{METADATA}\nsanhook" in text


def test_a_gateway_s_peers_serve_the_volume_too() -> None:
    site = baremetal_site(
        ("    roles: [control, network, monitoring]", "    roles: [control, network, monitoring, iscsi_gateway]")
    )
    other = URL.replace("::11]", "::10]")
    told = f"set hostname portals=fd00:900d:0:3::11,fd00:900d:0:3::10;{METADATA}\n"
    assert f"{told}sanhook --drive 0x80 {URL} {other} || goto again\n" in rendered(site, **VOLUME)
    both = VOLUME | {
        "iscsi_boot_url": f"{VOLUME['iscsi_boot_url']} {VOLUME['iscsi_boot_url']}".replace("::11:", "::10:", 1)
    }
    assert f"sanhook --drive 0x80 {other} {URL} || goto again\n" in rendered(site, **both)
    strange = VOLUME | {"iscsi_boot_url": VOLUME["iscsi_boot_url"].replace("::11:", "::99:")}
    assert f"sanhook --drive 0x80 {URL.replace('::11]', '::99]')} || goto again\n" in rendered(site, **strange)


def test_further_volumes_are_further_drives() -> None:
    second = {"url": VOLUME["iscsi_boot_url"].replace(":0:iqn", ":b:iqn"), "username": "u2", "password": "p2"}
    text = rendered(baremetal_site(), **VOLUME | {"iscsi_volumes": [second, second]})
    assert f"set username u2\nset password p2\nsanhook --drive 0x81 {URL.replace(':0:iqn', ':b:iqn')} ||" in text
    assert "sanhook --drive 0x82" in text


def test_a_script_without_a_volume_and_one_without_chap() -> None:
    assert ":boot_iscsi" not in rendered(baremetal_site(), boot_from_volume=False)
    text = rendered(baremetal_site(), **{key: VOLUME[key] for key in ("boot_from_volume", "iscsi_boot_url")})
    told = f"set hostname portals=fd00:900d:0:3::11;{METADATA}\n"
    assert f":boot_iscsi\nimgfree\nset keep-san 1\n{told}sanhook --drive 0x80" in text


def test_a_gateway_answers_nodes_the_way_they_asked() -> None:
    units = networkd_units(baremetal_site(), "cmp")
    route = "\n[Route]\nDestination=fd00:900d:0:6::/64\nGateway=fd00:900d:0:3::1\n"
    assert units["10-armature-nic0.3.network"].endswith(route)
    assert [name for name, text in units.items() if "[Route]" in text] == ["10-armature-nic0.3.network"]


def test_who_is_on_the_nodes_network_needs_no_route_to_it() -> None:
    site = baremetal_site(("    number: 0x11\n    hardware: small", "    number: 0x11\n    hardware: server"))
    for host in ("ctl", "cmp"):
        assert not any("[Route]" in text for text in networkd_units(site, host).values())


@pytest.mark.skipif(shutil.which("dnsmasq") is None, reason="no dnsmasq here")
def test_dnsmasq_takes_its_configuration(tmp_path: Path) -> None:
    file = tmp_path / "dnsmasq.conf"
    file.write_text(dnsmasq_confs(baremetal_site())["ctl"])
    done = subprocess.run(["dnsmasq", "--test", f"--conf-file={file}"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "dnsmasq: syntax check OK.\n")
