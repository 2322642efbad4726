from types import SimpleNamespace
from typing import Any

import pytest
from ansible.modules import cloud_leftovers as module

PREFIX = "armature-verify-"


def resource(name: str | None) -> Any:
    return SimpleNamespace(id=f"id-{name}", name=name)


LISTS = {
    "orchestration": ["stacks"],
    "compute": ["servers", "keypairs", "flavors"],
    "network": ["routers", "subnets", "networks", "security_groups"],
    "image": ["images"],
    "block_storage": ["volumes"],
}


class FakeCloud:
    """Remembers removals; every service lists one resource of ours, one of somebody else's and one without a name."""

    def __init__(self, services: set[str], resists: str = "") -> None:
        self.services, self.resists, self.log = services, resists, []  # type: ignore[var-annotated]
        for service, lists in LISTS.items():
            setattr(self, service, SimpleNamespace(**{name: self.lister(name) for name in lists}))
        self.network.ports = self.ports
        self.network.remove_interface_from_router = lambda router, port_id: self.log.append(f"interface {port_id}")
        self.network.delete_router = self.remover("delete_router")
        for service, kind in [
            ("network", "port"),
            ("network", "subnet"),
            ("network", "network"),
            ("network", "security_group"),
            ("compute", "keypair"),
            ("image", "image"),
            ("compute", "flavor"),
        ]:
            setattr(getattr(self, service), f"delete_{kind}", self.remover(f"delete_{kind}"))
        self.delete_stack = self.remover("delete_stack")
        self.delete_server = self.remover("delete_server")
        self.delete_volume = self.remover("delete_volume")

    def has_service(self, service: str) -> bool:
        return service in self.services

    def lister(self, name: str) -> Any:
        return lambda **_query: [resource(f"{PREFIX}{name}"), resource("somebody-elses"), resource(None)]

    def ports(self, **query: str) -> list[Any]:
        return [resource("leg")] if query else [resource(f"{PREFIX}ports"), resource(None)]

    def remover(self, method: str) -> Any:
        def remove(target: Any, **_options: Any) -> None:
            if method == self.resists:
                raise ValueError("in use")
            self.log.append(f"{method} {getattr(target, 'id', target)}")

        return remove


ALL = {"orchestration", "compute", "network", "image", "block-storage"}
NAMES = [
    "stacks",
    "servers",
    "volumes",
    "routers",
    "ports",
    "subnets",
    "networks",
    "security_groups",
    "keypairs",
    "images",
    "flavors",
]


def test_only_what_bears_the_prefix_is_found():
    found = module.observe(FakeCloud(ALL), PREFIX)
    assert [resource.name for _, resource in found] == [PREFIX + name for name in NAMES]


def test_a_service_that_the_cloud_has_not_is_not_asked():
    found = module.observe(FakeCloud({"compute"}), PREFIX)
    assert [kind.name for kind, _ in found] == ["server", "keypair", "flavor"]


def test_everything_found_is_removed_in_order():
    cloud = FakeCloud(ALL)
    assert module.remove(cloud, module.observe(cloud, PREFIX), 5, ValueError) == []
    assert cloud.log == [
        f"delete_stack id-{PREFIX}stacks",
        f"delete_server id-{PREFIX}servers",
        f"delete_volume id-{PREFIX}volumes",
        "interface id-leg",
        f"delete_router id-{PREFIX}routers",
        f"delete_port id-{PREFIX}ports",
        f"delete_subnet id-{PREFIX}subnets",
        f"delete_network id-{PREFIX}networks",
        f"delete_security_group id-{PREFIX}security_groups",
        f"delete_keypair id-{PREFIX}keypairs",
        f"delete_image id-{PREFIX}images",
        f"delete_flavor id-{PREFIX}flavors",
    ]


@pytest.mark.parametrize(
    ("method", "sentence"),
    [
        ("delete_network", f"network {PREFIX}networks: in use"),
        ("delete_security_group", f"security group {PREFIX}security_groups: in use"),
    ],
)
def test_one_that_resists_is_named_and_the_rest_goes(method: str, sentence: str):
    cloud = FakeCloud(ALL, resists=method)
    assert module.remove(cloud, module.observe(cloud, PREFIX), 5, ValueError) == [sentence]
    assert len(cloud.log) == len(NAMES)
