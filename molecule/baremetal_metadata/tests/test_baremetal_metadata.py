"""The metadata service on a host, asked by the machine that runs the tests, which is on the host's network."""

import re
from http.client import HTTPConnection

import pytest

ADDRESS, MINE = "fd00:a12a:1ac:1::10", "fd00:a12a:1ac:1::1"
UNIT = "armature-baremetal-metadata"
SECRETS = "/etc/armature/baremetal-metadata/secrets.json"


def ask(path: str = "/openstack", method: str = "GET") -> int:
    connection = HTTPConnection(ADDRESS, 8790, timeout=15)
    connection.request(method, path)
    status = connection.getresponse().status
    connection.close()
    return status


def said(host) -> str:
    """Return the last line that the service said of this machine."""
    lines = host.check_output(f"journalctl --unit {UNIT} --output cat").splitlines()
    return [line for line in lines if line.startswith(f"{MINE}, ")][-1]


def my_mac(host) -> str:
    shown = host.check_output(f"ip -6 neighbour show to {MINE} dev eth0")
    return re.search(r"lladdr (\S+)", shown)[1]


def test_it_runs_now_and_after_a_start(host):
    assert host.service(UNIT).is_running
    assert host.service(UNIT).is_enabled
    assert host.check_output(f"systemctl show --value --property NRestarts {UNIT}") == "0"


def test_it_listens_at_one_address_alone(host):
    lines = [line.split() for line in host.check_output("ss -lntuHp").splitlines() if "python3" in line]
    assert [line[4] for line in lines] == [f"[{ADDRESS}]:8790"]


def test_a_machine_that_is_no_node_gets_nothing(host):
    assert ask() == 403
    assert said(host) == f"{MINE}, GET /openstack: 403: has the MAC address {my_mac(host)}, which is no node's"


def test_the_host_itself_is_no_node(host):
    command = f"curl --silent --globoff --output /dev/null --write-out %{{http_code}} http://[{ADDRESS}]:8790/openstack"
    python = f"import urllib.request as r; r.urlopen('http://[{ADDRESS}]:8790/openstack')"
    done = host.run(command) if host.exists("curl") else host.run(f'python3 -c "{python}"')
    assert "403" in done.stdout + done.stderr


@pytest.mark.parametrize(("method", "path", "status"), [("POST", "/openstack", 405), ("GET", "/openstack?a", 400)])
def test_other_requests_are_refused(method: str, path: str, status: int):
    assert ask(path, method) == status


def test_a_node_is_known_by_its_mac_address_and_told_that_there_is_no_cloud(host, play):
    try:
        done = play("converge.yml", "--extra-vars", f"node_mac={my_mac(host)}")
        assert done.status == 0, done.messages
        assert any(change.endswith("Restart the metadata service") for change in done.changes)
        assert ask() == 503
        assert said(host).startswith(f"{MINE}, GET /openstack: 503: Keystone at https://[::1]:5000/v3/auth/tokens: ")
        assert "Connection refused" in said(host)
        assert ask("/v1/nodes") == 404
    finally:
        assert play("converge.yml").status == 0
    assert ask() == 403


def test_it_has_no_privileges(host):
    pid = host.check_output(f"systemctl show --value --property MainPID {UNIT}")
    status = dict(
        line.split(":\t", 1) for line in host.file(f"/proc/{pid}/status").content_string.splitlines() if ":\t" in line
    )
    assert int(status["Uid"].split()[0]) >= 61184
    assert {int(status[key], 16) for key in ("CapEff", "CapPrm", "CapBnd", "CapAmb")} == {0}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert host.run(f"nsenter --mount --target {pid} touch /etc/x").rc != 0


def test_its_exposure_is_small(host):
    last = host.check_output(f"systemd-analyze security --no-pager {UNIT}.service").splitlines()[-1]
    assert float(re.search(r"exposure level for \S+: ([\d.]+)", last)[1]) < 2.5, last


def test_its_secrets_are_roots_and_nowhere_else(host):
    file = host.file(SECRETS)
    assert (file.user, file.group, file.mode) == ("root", "root", 0o400)
    pid = host.check_output(f"systemctl show --value --property MainPID {UNIT}")
    assert b"of the tests" not in host.file(f"/proc/{pid}/environ").content
    assert host.run("grep -r 'of the tests' /etc/systemd /usr/local/lib/armature").rc == 1
    assert "of the tests" not in host.check_output(f"journalctl --unit {UNIT} --output cat")
