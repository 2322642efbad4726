import pytest

CA = "/etc/containers/certs.d/registry.molecule.test:5000/ca.crt"


def test_podman_answers_on_its_socket_and_starts_with_the_host(host):
    assert host.service("podman.socket").is_running
    assert host.service("podman.socket").is_enabled
    assert host.check_output("curl --silent --unix-socket /run/podman/podman.sock http://podman/_ping") == "OK"


def test_podman_follows_the_configuration(host):
    assert host.file("/etc/containers/containers.conf.d/10-armature.conf").contains("pids_limit = 0")


def test_podman_runs_a_container(host):
    host.run_expect([0], "tar --create --ignore-failed-read -C / bin lib lib64 sbin | podman import - armature-test")
    run = "podman run --rm --network host -v /usr:/usr:ro armature-test cat /proc/self/comm"
    assert host.check_output(run) == "cat"
    host.run_expect([0], "podman rmi armature-test")


def test_the_registry_is_trusted_by_its_ca(host):
    assert host.file(CA).content_string.startswith("-----BEGIN CERTIFICATE-----\n")


@pytest.mark.parametrize("module", ["podman", "dbus"])
def test_modules_that_kolla_ansible_imports(host, module: str):
    host.run_expect([0], f"python3 -c 'import {module}'")
