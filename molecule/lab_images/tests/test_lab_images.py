import pytest


def run(host, image: str, command: str) -> str:
    """Run a command in an image of the lab, as kolla's containers would see it."""
    return host.check_output(
        f"docker run --rm --network host --entrypoint '' openstack.kolla/{image}:lab sh -c '{command}'"
    )


@pytest.mark.parametrize(
    ("image", "command", "said"),
    [
        ("keystone", "keystone-manage --version", "29."),
        ("keystone", "uwsgi --version", "2.0."),
        ("glance-api", "glance-manage --version", "32."),
        ("nova-compute", "nova-compute --version", "33."),
        ("neutron-server", "neutron-rpc-server --version", "28."),
        ("placement-api", "placement-manage --version", "15."),
        ("heat-engine", "heat-manage --version", "26."),
        ("horizon", "/var/lib/kolla/venv/bin/manage.py version", "."),
        ("mariadb-server", "mariadbd --version", "MariaDB"),
        ("rabbitmq", "rabbitmqctl version", "4."),
        ("haproxy", "haproxy -v", "HAProxy version"),
        ("keepalived", "keepalived --version 2>&1", "Keepalived v2"),
        ("memcached", "memcached --version", "memcached 1"),
        ("nova-libvirt", "libvirtd --version", "libvirtd"),
        ("nova-libvirt", "qemu-system-x86_64 --version", "QEMU emulator"),
        ("openvswitch-vswitchd", "/usr/sbin/ovs-vswitchd --version", "Open vSwitch"),
        ("ovn-northd", "ovn-northd --version", "ovn-northd"),
        ("neutron-metadata-agent", "docker --version", "Docker version"),
        ("kolla-toolbox", "ansible --version", "core 2.20"),
        ("kolla-toolbox", "ansible-doc -l openvswitch.openvswitch", "openvswitch_bridge"),
    ],
)
def test_programs_run(host, image, command, said):
    assert said in run(host, image, command)


@pytest.mark.parametrize(
    ("image", "user"),
    [("mariadb-server", "mysql"), ("nova-compute", "nova"), ("haproxy", "root"), ("rabbitmq", "rabbitmq")],
)
def test_images_run_as_upstream_says(host, image, user):
    assert run(host, image, "id --user --name") == user


def test_folders_of_run_are_there(host):
    assert run(host, "mariadb-server", "stat --format %U /run/mysqld") == "mysql"
    assert run(host, "keystone-ssh", "stat --format %U /run/sshd") == "root"
