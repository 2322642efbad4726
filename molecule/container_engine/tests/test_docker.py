import json

import pytest

CA = "/etc/docker/certs.d/registry.molecule.test:5000/ca.crt"


@pytest.fixture
def container(host):
    """A container that runs the host's own programs: no image is fetched for it."""
    host.run_expect([0], "tar --create --ignore-failed-read -C / bin lib lib64 sbin | docker import - armature-test")
    host.run_expect(
        [0], "docker run --detach --name armature-test --network host -v /usr:/usr:ro armature-test sleep 600"
    )
    yield "armature-test"
    host.run_expect([0], "docker rm --force armature-test")
    host.run_expect([0], "docker rmi armature-test")


def main_pid(host) -> str:
    return host.check_output("systemctl show --property MainPID --value docker.service")


def container_pid(host, name: str) -> str:
    return host.check_output(f"docker inspect --format '{{{{.State.Pid}}}}' {name}")


def test_docker_runs_and_starts_with_the_host(host):
    assert host.service("docker").is_running
    assert host.service("docker").is_enabled


def test_docker_follows_its_configuration(host):
    assert json.loads(host.check_output("docker info --format '{{json .LiveRestoreEnabled}}'")) is True
    assert "docker0" not in host.interface.names()


def test_the_registry_is_trusted_by_its_ca(host):
    assert host.file(CA).content_string.startswith("-----BEGIN CERTIFICATE-----\n")
    assert host.file(CA).mode == 0o644


@pytest.mark.parametrize("module", ["docker", "dbus"])
def test_modules_that_kolla_ansible_imports(host, module: str):
    host.run_expect([0], f"python3 -c 'import {module}'")


def test_a_changed_configuration_restarts_docker_and_containers_run_on(host, play, container):
    docker, process = main_pid(host), container_pid(host, container)
    changed = play("change.yml")
    assert changed.status == 0, changed.messages
    assert main_pid(host) != docker
    assert container_pid(host, container) == process
    assert host.process.get(pid=int(process)).comm == "sleep"
    # The second run finds everything as it should be and leaves Docker alone.
    assert play("converge.yml").status == 0
    docker = main_pid(host)
    assert play("converge.yml").changes == []
    assert main_pid(host) == docker
