import json

import pytest


def links(host) -> dict[str, dict]:
    return {link["ifname"]: link for link in json.loads(host.check_output("ip -json -details address show"))}


def addresses(link: dict) -> list[str]:
    return [info["local"] for info in link["addr_info"] if info["scope"] == "global"]


def mode(link: dict) -> str | None:
    return link.get("linkinfo", {}).get("info_data", {}).get("mode")


def shape(host) -> dict[str, tuple]:
    """What a change that was taken back must not leave different."""
    return {
        name: (addresses(link), link["mtu"], link.get("master"), mode(link), link["operstate"])
        for name, link in links(host).items()
    }


def test_the_kernel_is_debians_own(host):
    assert "debian" in host.check_output("uname --kernel-version").lower()


def test_the_bond_is_up_with_both_nics(host):
    bond = links(host)["bond0"]
    assert "LOWER_UP" in bond["flags"]
    assert bond["linkinfo"]["info_data"]["mode"] == "802.3ad"
    assert bond["linkinfo"]["info_data"]["ad_lacp_rate"] == "fast"
    assert bond["mtu"] == 9000
    assert addresses(bond) == []
    for nic in ("eth1", "eth2"):
        assert links(host)[nic]["master"] == "bond0"
        assert links(host)[nic]["mtu"] == 9000


@pytest.mark.parametrize(
    ("name", "tag", "mtu", "wanted"),
    [
        ("bond0.20", 20, 1600, ["fd00:a12a:1af:2::10"]),
        ("bond0.30", 30, 9000, ["fd00:a12a:1af:3::10"]),
        ("bond0.40", 40, 1500, []),
    ],
)
def test_vlans_are_up_with_their_tags_and_addresses(host, name: str, tag: int, mtu: int, wanted: list[str]):
    vlan = links(host)[name]
    assert vlan["operstate"] == "UP"
    assert vlan["linkinfo"]["info_data"]["id"] == tag
    assert vlan["link"] == "bond0"
    assert vlan["mtu"] == mtu
    assert addresses(vlan) == wanted


def test_a_vlan_with_another_tag_is_made_anew_and_back(host, play):
    before = shape(host)
    assert play("change.yml").status == 0
    assert links(host)["bond0.30"]["linkinfo"]["info_data"]["id"] == 31
    assert shape(host) == before
    assert play("converge.yml").status == 0
    assert links(host)["bond0.30"]["linkinfo"]["info_data"]["id"] == 30
    assert shape(host) == before


def test_a_change_that_cuts_the_connection_rolls_itself_back(host, play):
    before = shape(host)
    done = play("cut.yml")
    assert done.status != 0
    assert [message.split(". ")[0] for message in done.messages] == [
        "The host was not reached through its new network in time, so it restored its earlier units by itself"
    ]
    assert shape(host) == before
    assert play("converge.yml").changes == []
