import json
from typing import Any

import pytest

from armature.compile.verify import verify_facts
from armature.errors import SiteError
from armature.model import Site


def site(**changes: Any) -> Site:
    values: dict[str, Any] = {
        "name": "tst",
        "prefix": "fd00:a12a:1ab::/48",
        "domain": "tst.test",
        "networks": {
            "api": {"number": 1, "purposes": ["admin", "api", "tunnel"]},
            "external": {"number": 2, "purposes": ["provider"], "vlan": 30, "gateway": 1},
        },
        "tenant_mtu": 1400,
        "hardware": {"box": {"nics": ["eth0"], "networks": {"api": "eth0", "external": "eth0"}}},
        "hosts": {"box-1": {"number": 16, "hardware": "box", "roles": ["control", "network", "compute"]}},
        "vips": {"internal": {"number": 256, "name": "cloud.tst.test"}},
        "dns": ["fd00:53::53"],
        "verify": {"provider_network": "external", "router": 254, "network": 240},
    }
    return Site.model_validate_json(json.dumps(values | changes))


def test_facts() -> None:
    assert verify_facts(site()) == {
        "vip": {"name": "cloud.tst.test", "address": "fd00:a12a:1ab:1::100"},
        "provider": {
            "physical_network": "external",
            "cidr": "fd00:a12a:1ab:2::/64",
            "gateway": "fd00:a12a:1ab:2::1",
            "router": "fd00:a12a:1ab:2::fe",
        },
        "tenant": {"cidr": "fd00:a12a:1ab:f0::/64", "gateway": "fd00:a12a:1ab:f0::1", "mtu": 1400},
        "dns": ["fd00:53::53"],
        "services": ["heat", "horizon"],
    }


def test_users_reach_the_external_vip() -> None:
    networks = {
        "api": {"number": 1, "purposes": ["admin", "api"]},
        "public": {"number": 3, "purposes": ["public"]},
        "external": {"number": 2, "purposes": ["provider"], "gateway": 1},
    }
    vips = {"internal": {"number": 256, "name": "api.tst.test"}, "external": {"number": 257, "name": "cloud.tst.test"}}
    facts = verify_facts(site(networks=networks, vips=vips))
    assert facts["vip"] == {"name": "cloud.tst.test", "address": "fd00:a12a:1ab:3::101"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"verify": None},
            "inventories/tst/site.yml: 1 problem\n"
            "  verify: nothing. Add provider_network, router and network to verify this site.",
        ),
        (
            {
                "networks": {
                    "api": {"number": 1, "purposes": ["admin", "api"]},
                    "external": {"number": 2, "purposes": ["provider"]},
                }
            },
            "inventories/tst/site.yml: 1 problem\n"
            "  networks.external.gateway: nothing. Set the number of the router there: VMs answer through it.",
        ),
    ],
)
def test_a_site_that_cannot_be_verified(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SiteError) as error:
        verify_facts(site(**changes))
    assert str(error.value) == message
