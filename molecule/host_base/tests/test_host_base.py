import pytest


def test_chrony_runs_with_the_configuration_of_the_site(host):
    assert host.service("chrony").is_running
    assert host.service("chrony").is_enabled
    assert host.file("/etc/chrony/chrony.conf").contains("cmdport 0")
    assert host.file("/etc/default/chrony").content_string.endswith('DAEMON_OPTS="-x -F 0"\n')


@pytest.mark.parametrize(("setting", "value"), [("net.ipv6.ip_nonlocal_bind", 1), ("net.ipv6.conf.all.accept_ra", 0)])
def test_kernel_settings_hold_now_and_after_a_start(host, setting: str, value: int):
    assert host.sysctl(setting) == value
    assert host.file("/etc/sysctl.d/10-armature.conf").contains(f"^{setting} = {value}$")


def test_modules_are_loaded_when_the_host_starts(host):
    assert host.file("/etc/modules-load.d/10-armature.conf").content_string.splitlines()[1:] == [
        "br_netfilter",
        "ip_vs",
        "openvswitch",
    ]


def test_an_operator_logs_in_by_key_alone_and_uses_sudo(host):
    alice = host.user("alice")
    assert "armature-users" in alice.groups
    assert alice.shell == "/bin/bash"
    assert host.check_output("passwd --status alice").split()[1] == "L"
    keys = host.file("/home/alice/.ssh/authorized_keys")
    assert [line.split()[2] for line in keys.content_string.splitlines()] == ["alice@laptop", "alice@desk"]
    assert (keys.user, keys.mode) == ("alice", 0o600)
    assert host.check_output("runuser --user alice -- sudo --non-interactive id --user") == "0"


def test_a_former_operator_is_gone_and_others_stay(host):
    assert not host.user("former").exists
    assert host.file("/home/former").exists
    assert host.user("someone").exists
