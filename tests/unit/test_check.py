"""Relations that a table of single edits shows badly; tests/negative has the rest."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from armature.check import problems
from armature.check.site import GENEVE_OVERHEAD
from armature.errors import SiteError, choice, did_you_mean, quote
from armature.load import load_site, site_from_text
from armature.model import Network, Purpose, Site

INVENTORIES = Path(__file__).parents[2] / "inventories"


@pytest.fixture(scope="module")
def lon1() -> Site:
    return load_site(INVENTORIES / "lon1/site.yml")


def test_shipped_sites_are_sound(lon1: Site) -> None:
    assert list(problems(lon1)) == []
    assert list(problems(load_site(INVENTORIES / "lab/site.yml"))) == []


@pytest.mark.parametrize("count", [1, 3, 5])
def test_an_odd_number_of_controllers_is_a_quorum(lon1: Site, count: int) -> None:
    model = lon1.hosts["ctl-1"]
    others = {name: host for name, host in lon1.hosts.items() if not name.startswith("ctl")}
    controllers = {
        f"ctl-{i}": model.model_copy(update={"number": 0x2000 + i, "rack": f"r{i % 3 + 1}"}) for i in range(count)
    }
    assert list(problems(lon1.model_copy(update={"hosts": controllers | others}))) == []


def test_an_isolated_site_needs_no_gateway(lon1: Site) -> None:
    admin = lon1.networks["admin"].model_copy(update={"gateway": None})
    assert list(problems(lon1.model_copy(update={"networks": lon1.networks | {"admin": admin}}))) == []


def test_the_mtu_of_tenants_may_fill_the_tunnel(lon1: Site) -> None:
    assert GENEVE_OVERHEAD == 78
    full = lon1.model_copy(update={"tenant_mtu": 9000 - GENEVE_OVERHEAD})
    assert list(problems(full)) == []
    over = lon1.model_copy(update={"tenant_mtu": 9000 - GENEVE_OVERHEAD + 1})
    assert [problem.path for problem in problems(over)] == ["tenant_mtu"]


def test_each_of_many_overlapping_subnets_is_reported_once(lon1: Site) -> None:
    """A wide subnet hides narrow ones that do not overlap each other."""
    subnets = ["10.0.0.0/8", "10.1.0.0/24", "10.2.0.0/24", "11.0.0.0/24"]
    extra = {
        f"out-{index}": Network(
            number=0x200 + index, purposes=(Purpose.PROVIDER,), vlan=200 + index, ipv4=IPv4Network(subnet)
        )
        for index, subnet in enumerate(subnets)
    }
    carried = {
        name: hardware.model_copy(update={"networks": hardware.networks | dict.fromkeys(extra, "bond0")})
        for name, hardware in lon1.hardware.items()
    }
    site = lon1.model_copy(update={"networks": lon1.networks | extra, "hardware": carried})
    assert [problem.path for problem in problems(site)] == ["networks.out-1.ipv4", "networks.out-2.ipv4"]


def test_numbers_are_free_again_on_another_network(lon1: Site) -> None:
    """A gateway may have the number of a host that is not on its network."""
    bmc = lon1.networks["bmc"].model_copy(update={"gateway": 0x1000})
    provision = lon1.networks["provision"].model_copy(update={"gateway": 0x31})
    changed = lon1.networks | {"bmc": bmc, "provision": provision}
    assert list(problems(lon1.model_copy(update={"networks": changed}))) == []
    clash = lon1.networks | {"bmc": bmc.model_copy(update={"gateway": 0x31})}
    assert [str(problem) for problem in problems(lon1.model_copy(update={"networks": clash}))] == [
        "networks.bmc.gateway: 0x31 already belongs to sto-1 on the network bmc. Choose a free number."
    ]


def test_all_problems_of_a_copied_block_are_reported() -> None:
    text = (INVENTORIES / "lon1/site.yml").read_text()
    block = text[text.index("  cmp-1:\n") : text.index("  cmp-2:\n")]
    with pytest.raises(SiteError) as caught:
        site_from_text(text.replace(block, block + block.replace("cmp-1", "cmp-9")), Path("inventories/lon1/site.yml"))
    assert [str(problem) for problem in caught.value.problems] == [
        "hosts.cmp-9.number: 0x21 already belongs to cmp-1. Choose a free number."
    ]


def test_words_of_messages() -> None:
    assert choice([]) == "There is none to use"
    assert did_you_mean("x", ["api"]) == "Use api."
    assert quote("a\nb") == "'a\\nb'"
    assert quote("x" * 100) == "'" + "x" * 55 + "...'"
    assert quote({}) == "a mapping"
    assert quote(2**70) == "1180591620717411303424"
