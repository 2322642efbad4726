"""What a tenant does on the running lab: images, servers, volumes, a login. Everything carries one prefix."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import openstack
from running_lab import Lab

from armature.compile.verify import verify_facts

PREFIX = "e2e-"

T = TypeVar("T")


class Cloud:
    """An administrator's connection, with what a scenario needs beside it."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.facts = verify_facts(lab.site)
        config = openstack.config.OpenStackConfig(config_files=[str(lab.build / "clouds.yaml")])
        self.connection = openstack.connection.Connection(config=config.get_one(cloud="kolla-admin"))
        self.key = folder / "id_ed25519"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)], check=True)

    # Making

    def image(self, file: Path, name: str = "image", disk_format: str = "raw", **properties: str) -> Any:
        """Upload an image and return it; raises openstack.exceptions.SDKException when the cloud refuses it."""
        return self.connection.create_image(
            f"{PREFIX}{name}",
            filename=str(file),
            disk_format=disk_format,
            container_format="bare",
            wait=True,
            **properties,
        )

    def keypair(self) -> str:
        """Return the name of the tenant's key; it is made once."""
        name = f"{PREFIX}key"
        if not self.connection.get_keypair(name):
            self.connection.create_keypair(name, self.key.with_suffix(".pub").read_text())
        return name

    def network(self) -> Any:
        """Make the tenant network of the verification, behind its router, and return it."""
        sdk, provider, tenant = self.connection.network, self.facts["provider"], self.facts["tenant"]
        outer = sdk.create_network(
            name=f"{PREFIX}provider",
            is_router_external=True,
            provider_network_type="flat",
            provider_physical_network=provider["physical_network"],
        )
        outer_subnet = sdk.create_subnet(
            name=f"{PREFIX}provider",
            network_id=outer.id,
            ip_version=6,
            cidr=provider["cidr"],
            gateway_ip=provider["gateway"],
            enable_dhcp=False,
            allocation_pools=[{"start": provider["router"], "end": provider["router"]}],
        )
        network = sdk.create_network(name=f"{PREFIX}network")
        modes = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
        subnet = sdk.create_subnet(
            name=f"{PREFIX}network", network_id=network.id, ip_version=6, cidr=tenant["cidr"], **modes
        )
        fixed = [{"subnet_id": outer_subnet.id, "ip_address": provider["router"]}]
        gateway = {"network_id": outer.id, "external_fixed_ips": fixed}
        router = sdk.create_router(name=f"{PREFIX}router", external_gateway_info=gateway)
        sdk.add_interface_to_router(router, subnet_id=subnet.id)
        group = sdk.create_security_group(name=f"{PREFIX}group")
        for protocol in ("ipv6-icmp", "tcp"):
            sdk.create_security_group_rule(
                security_group_id=group.id, direction="ingress", ether_type="IPv6", protocol=protocol
            )
        return network

    def server(self, network: Any, name: str = "server", **boot: Any) -> Any:
        """Boot a server and return it when it is ACTIVE; ``boot`` says from what, as create_server has it."""
        flavor = self.connection.get_flavor(f"{PREFIX}flavor") or self.connection.create_flavor(
            f"{PREFIX}flavor", ram=192, vcpus=1, disk=1
        )
        return self.connection.create_server(
            f"{PREFIX}{name}", flavor=flavor.id, network=network.id, key_name=self.keypair(),
            security_groups=[f"{PREFIX}group"], wait=True, timeout=600, auto_ip=False, **boot,
        )  # fmt: skip

    def volume(self, name: str, gib: int = 1, **source: Any) -> Any:
        """Make a volume and return it when it is available; ``source`` says from what, as create_volume has it."""
        return self.connection.create_volume(gib, name=f"{PREFIX}{name}", wait=True, timeout=300, **source)

    # Using

    def shell(self, server: Any, command: str, timeout: int = 240) -> str:
        """Run a command in a server by ssh and return its output; waits ``timeout`` seconds for an answer."""
        return self.login(f"root@{next(iter(server.addresses.values()))[0]['addr']}", command, timeout)

    def login(self, login: str, command: str, timeout: int = 240) -> str:
        """Run a command at ``user@address`` by ssh and return its output; waits ``timeout`` seconds for an answer."""
        options = ["-oBatchMode=yes", "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null"]
        argv = ["ssh", "-6", "-oLogLevel=ERROR", "-oConnectTimeout=10", *options, "-i", str(self.key)]
        argv += [login, command]

        def answers() -> str | None:
            result = subprocess.run(
                argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=timeout
            )
            if result.returncode not in (0, 255):
                raise AssertionError(f"{command} ended with status {result.returncode}: {result.stderr}")
            return result.stdout if result.returncode == 0 else None

        return wait(answers, timeout, f"ssh to {login}")

    # Removing

    def clean(self) -> None:
        """Remove everything with the prefix, servers first."""
        c, sdk = self.connection, self.connection.network
        for server in ours(c.list_servers()):
            c.delete_server(server.id, wait=True, timeout=600)
        for backup in ours(c.list_volume_backups()):
            c.delete_volume_backup(backup.id, wait=True, timeout=300)
        for _ in range(2):  # a clone keeps the snapshot that it was made from
            for snapshot in ours(c.list_volume_snapshots()):
                c.delete_volume_snapshot(snapshot.id, wait=True, timeout=300)
            for volume in ours(c.list_volumes()):
                c.delete_volume(volume.id, wait=True, timeout=300)
        for router in ours(sdk.routers()):
            for port in sdk.ports(device_id=router.id, device_owner="network:router_interface"):
                sdk.remove_interface_from_router(router, port_id=port.id)
            sdk.delete_router(router)
        for network in ours(sdk.networks()):
            sdk.delete_network(network)
        for group in ours(sdk.security_groups()):
            sdk.delete_security_group(group)
        for image in ours(c.list_images()):
            c.delete_image(image.id, wait=True)
        for flavor in ours(c.list_flavors()):
            c.delete_flavor(flavor.id)
        for keypair in ours(c.list_keypairs()):
            c.delete_keypair(keypair.name)


def cached(path: str) -> Path:
    """Return what is at ``path`` in the cache: an image that a playbook made."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "armature", path)


def ours(items: Any) -> Iterator[Any]:
    """Yield the things that carry the prefix."""
    return (item for item in list(items) if (item.name or "").startswith(PREFIX))


def wait(look: Callable[[], T | None], seconds: float, what: str) -> T:
    """Look until there is something, and return it; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(2)
    raise AssertionError(f"no {what} after {seconds} s")
