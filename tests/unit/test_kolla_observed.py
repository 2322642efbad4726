"""What is read from a host, out of what the engines and /proc say."""

import os
from pathlib import Path

import pytest
from ansible.modules.kolla_observed_info import (
    containers_of,
    hash_files,
    image_ids_of,
    services_in,
    virtual_machines_in,
)

DOCKER = {
    "Id": "c1",
    "Name": "/keystone",
    "Image": "sha256:1",
    "Config": {"Image": "openstack.kolla/keystone:lab"},
    "State": {"Status": "running", "StartedAt": "2026-01-01T00:00:00Z", "Health": {"Status": "healthy"}},
}
PODMAN = {
    "Id": "c1",
    "Name": "keystone",
    "Image": "1",
    "ImageName": "localhost/openstack.kolla/keystone:lab",
    "Config": {"Image": "localhost/openstack.kolla/keystone:lab"},
    "State": {"Status": "running", "StartedAt": "2026-01-01T00:00:00Z", "Health": {"Status": ""}},
}


def test_containers_of_docker():
    assert containers_of([DOCKER], {"openstack.kolla/keystone:lab": "sha256:2"}) == {
        "keystone": {
            "id": "c1",
            "image": "openstack.kolla/keystone:lab",
            "image_id": "sha256:1",
            "wanted_image_id": "sha256:2",
            "state": "running",
            "health": "healthy",
            "started_at": "2026-01-01T00:00:00Z",
        }
    }


def test_containers_of_podman():
    found = containers_of([PODMAN], {"localhost/openstack.kolla/keystone:lab": "1"})["keystone"]
    assert (found["image_id"], found["wanted_image_id"], found["health"]) == ("1", "1", "none")


def test_a_container_without_its_image_or_a_health_check():
    bare = {**DOCKER, "State": {"Status": "exited", "StartedAt": ""}}
    found = containers_of([bare], {})["keystone"]
    assert (found["wanted_image_id"], found["health"], found["state"]) == ("", "none", "exited")


@pytest.mark.parametrize(
    ("inspected", "names", "ids"),
    [
        ([{"Id": "1", "RepoTags": ["a:1", "b:1"]}], ["a:1", "b:1"], {"a:1": "1", "b:1": "1"}),
        ([{"Id": "1", "RepoTags": ["localhost/a:1"]}], ["a:1"], {"a:1": "1"}),
        ([{"Id": "1", "RepoTags": None}], ["a:1", "1"], {"1": "1"}),
        ([], ["a:1"], {}),
    ],
)
def test_image_ids(inspected: list[dict[str, object]], names: list[str], ids: dict[str, str]):
    assert image_ids_of(inspected, names) == ids


def test_hashes_of_configuration_and_units(tmp_path: Path):
    config, units = tmp_path / "kolla", tmp_path / "units"
    (config / "nova").mkdir(parents=True)
    units.mkdir()
    (config / "nova/nova.conf").write_text("1")
    (config / "globals").write_text("1")
    (units / "kolla-nova_api-container.service").write_text("1")
    (units / "ssh.service").write_text("1")
    before = hash_files(str(config), str(units))
    assert list(before) == [
        f"{config}/globals",
        f"{config}/nova",
        f"{units}/kolla-nova_api-container.service",
    ]
    assert hash_files(str(config), str(units)) == before
    (config / "nova/nova.conf").chmod(0o600)
    after = hash_files(str(config), str(units))
    assert [path for path in before if before[path] != after[path]] == [f"{config}/nova"]
    os.symlink("nova.conf", config / "nova/link")
    assert hash_files(str(config), str(units)) != after


def test_hashes_of_a_host_without_kolla(tmp_path: Path):
    assert hash_files(str(tmp_path / "none"), str(tmp_path / "none")) == {}


def test_virtual_machines(tmp_path: Path):
    lines = {
        "10": ["/usr/bin/qemu-system-aarch64", "-name", "guest=instance-00000002,debug-threads=on"],
        "11": ["/usr/bin/qemu-system-x86_64", "-name", "guest=instance-00000001,debug-threads=on"],
        "12": ["/usr/bin/qemu-img", "convert"],
        "13": ["grep", "guest=instance-00000009"],
        "14": [""],
        "self": ["/usr/bin/qemu-system-x86_64", "guest=instance-00000008"],
    }
    for pid, words in lines.items():
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "cmdline").write_bytes("\0".join(words).encode())
    (tmp_path / "15").mkdir()
    assert virtual_machines_in(str(tmp_path)) == ["instance-00000001", "instance-00000002"]


def test_services_have_units(tmp_path: Path):
    """A container of a tenant's network has none."""
    for name in ("kolla-nova_api-container.service", "docker.service", "kolla-nova_api-container.service.d"):
        (tmp_path / name).touch()
    assert services_in(str(tmp_path)) == {"nova_api"}
    assert services_in(str(tmp_path / "none")) == set()
