import pytest

BOOT = "TFTPBOOT_PATH=/tftpboot HTTPBOOT_PATH=/httpboot KOLLA_BASE_DISTRO=debian KOLLA_BOOTSTRAP="


def run(host, image: str, command: str, tag: str = "lab") -> str:
    """Run a command in an image of the lab, as kolla's containers would see it."""
    engine = "docker run --rm --network host --entrypoint ''"
    return host.check_output(f"{engine} openstack.kolla/{image}:{tag} bash -c '{command}'")


@pytest.mark.parametrize(
    ("image", "command", "said"),
    [
        ("dnsmasq", "dnsmasq --version", "Dnsmasq version 2."),
        ("httpd", "apache2 -v", "Apache/2.4"),
        ("ironic-api", "ironic-dbsync --version", "35."),
        ("ironic-api", 'python3 -c "import ironic.wsgi" && uwsgi --version', "2.0."),
        ("ironic-conductor", "ironic-conductor --version", "35."),
        ("ironic-conductor", "ipmitool -V", "ipmitool version 1.8"),
        ("ironic-conductor", "sudo --list", "/usr/bin/chmod 2775 /var/lib/ironic-metrics"),
        ("ironic-pxe", "/usr/sbin/in.tftpd --version", "tftp-hpa 5."),
        ("nova-compute-ironic", "nova-compute --version", "33."),
        ("nova-compute-ironic", 'python3 -c "import nova.virt.ironic.driver as d; print(d.__name__)"', "ironic"),
    ],
)
def test_programs_run(host, image, command, said):
    assert said in run(host, image, command)


@pytest.mark.parametrize(
    ("image", "user"),
    [
        ("dnsmasq", "root"),
        ("httpd", "root"),
        ("ironic-conductor", "ironic"),
        ("ironic-pxe", "root"),
        ("nova-compute-ironic", "nova"),
    ],
)
def test_images_run_as_upstream_says(host, image, user):
    assert run(host, image, "id --user --name") == user


def test_boot_files_are_where_upstreams_script_looks(host):
    command = f'({BOOT} bash -ec ". /usr/local/bin/kolla_extend_start") >&2 && ls /tftpboot /httpboot'
    files = set(run(host, "ironic-pxe", command).split())
    assert {"ipxe-arm64.efi", "snponly.efi", "undionly.kpxe", "pxelinux.0", "esp.img"} <= files


def test_the_web_server_listens_nowhere_but_where_kolla_ansible_says(host):
    assert run(host, "httpd", "cat /etc/apache2/ports.conf") == ""
    assert "Syntax OK" in run(host, "httpd", ". /usr/local/bin/kolla_extend_start && apache2 -t 2>&1")


def test_cinder_has_the_gateways_client_without_a_way_to_pypi(host):
    command = 'python3 -c "import rbd_iscsi_client.client as c; print(c.__file__)" && id --user --name'
    assert run(host, "cinder-volume", command, "lab-armature").split()[1:] == ["cinder"]
    driver = "/var/lib/kolla/venv/lib/python3/site-packages/cinder/volume/drivers/ceph/rbd_iscsi.py"
    count = f"grep --count target_portals {driver} || true"
    assert run(host, "cinder-volume", count) == "0"
    assert int(run(host, "cinder-volume", count, "lab-armature")) > 0
