import json
import os
import subprocess
from pathlib import Path

STATE = Path("/var/lib/armature/lab-molecule")


def links() -> dict[str, dict]:
    listing = subprocess.run(["ip", "-json", "link"], check=True, capture_output=True, text=True).stdout
    return {link["ifname"]: link for link in json.loads(listing)}


def test_the_host_runs_systemd(host):
    assert host.check_output("cat /proc/1/comm") == "systemd"
    assert host.check_output("hostname") == "mol-1"
    assert host.check_output("systemctl is-system-running --wait || true") == "running"


def test_the_host_sees_its_own_network_only(host):
    assert sorted(host.check_output("ls /sys/class/net").split()) == ["eth0", "eth1", "lo"]
    assert host.check_output("sysctl -n net.ipv6.conf.all.forwarding") in ("0", "1")
    host.check_output("sysctl -w net.ipv6.conf.eth0.hop_limit=63")
    assert host.file("/proc/sys/net/ipv6/conf/eth0/hop_limit").content_string.strip() == "63"


def test_a_setting_of_the_machine_is_only_remembered(host):
    before = Path("/proc/sys/kernel/pid_max").read_text()
    host.check_output("sysctl -w kernel.pid_max=4194303")
    assert host.check_output("sysctl -n kernel.pid_max") == "4194303"
    assert Path("/proc/sys/kernel/pid_max").read_text() == before


def test_the_switches_are_there(host):
    assert {"lab-molecul-1", "lab-molecul-2"} <= links().keys()


def loops() -> str:
    return subprocess.run(["losetup", "--list", "--noheadings"], check=True, capture_output=True, text=True).stdout


def test_a_stopped_host_leaves_nothing_and_boots_again(host, play):
    disk = "/dev/disk/by-path/lab-disk-1"
    host.check_output(f"printf kept | dd of={disk} bs=1M seek=4 conv=notrunc,fsync 2>/dev/null")
    stopped = play("stop.yml")
    assert stopped.status == 0, stopped.messages
    assert f"{STATE}/" not in loops()
    assert not [name for name, link in links().items() if "armature-lab-molecule" in link.get("ifalias", "")]
    assert not os.path.exists("/run/netns/armature-lab-molecule-mol-1")
    assert play("stop.yml").changes == []
    started = play("converge.yml")
    assert started.status == 0, started.messages
    assert started.changes == ["localhost: lab_host : Boot the hosts"]
    assert host.check_output(f"dd if={disk} bs=1M skip=4 count=1 2>/dev/null | head -c 4") == "kept"
    assert loops().count(f"{STATE}/mol-1/disks/") == 2


def test_a_network_that_was_taken_away_comes_back(play):
    subprocess.run(["ip", "link", "set", "lab-molecul-2", "down", "mtu", "1400"], check=True)
    mended = play("converge.yml")
    assert mended.changes == ["localhost: lab_network : Bring bridges and routes to: present"]
    assert links()["lab-molecul-2"]["mtu"] == 1500
    assert "UP" in links()["lab-molecul-2"]["flags"]


def test_the_keys_are_those_of_the_hosts():
    public = (STATE / "mol-1/upper/etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[1]
    assert public in (STATE / "known_hosts").read_text()
