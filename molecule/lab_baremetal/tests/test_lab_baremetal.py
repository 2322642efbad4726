import base64
import json
import os
import signal
import ssl
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

STATE = Path("/var/lib/armature/lab-machines")
SYSTEM = "https://[fd00:a12a:1b0:3::20]/redfish/v1/Systems/0d6b7f0e-4f44-4b9a-8a5c-1f2e3d4c0020"
BOOT_SECONDS = 900


def redfish(path: str = "", body: dict[str, Any] | None = None, password: str = "redfish") -> dict[str, Any]:
    login = base64.b64encode(f"admin:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
    request = urllib.request.Request(SYSTEM + path, json.dumps(body).encode() if body else None, headers)
    trust = ssl.create_default_context(cafile=str(STATE / "baremetal/bmc.crt"))
    with urllib.request.urlopen(request, timeout=60, context=trust) as answer:
        text = answer.read()
    return json.loads(text) if text else {}


def reset(kind: str) -> None:
    redfish("/Actions/ComputerSystem.Reset", {"ResetType": kind})


def ours() -> list[str]:
    """Return what names the machines among this machine's links and processes."""
    listing = subprocess.run(["ip", "-json", "link"], check=True, capture_output=True, text=True).stdout
    links = [link["ifname"] for link in json.loads(listing) if "armature-lab-machines" in link.get("ifalias", "")]
    processes = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_text(errors="replace")
        except OSError:
            continue
        if f"{STATE}/" in words and "test_lab_baremetal" not in words and "ssh" not in words.split("\0")[0]:
            processes.append(words)
    return [*links, *processes]


def test_the_host_runs_debians_kernel_with_iscsi_targets(host):
    assert "debian" in host.check_output("uname --kernel-version").lower()
    host.check_output("modprobe target_core_user && modprobe iscsi_target_mod")
    assert host.check_output("systemctl is-system-running --wait || true") == "running"


def test_the_host_has_its_name_addresses_and_disk(host):
    assert host.check_output("hostname") == "vm-1"
    assert "fd00:a12a:1b0:1::10/64" in host.check_output("ip -6 -brief address show eth0")
    assert host.check_output("lsblk --noheadings --nodeps --output SIZE /dev/disk/by-id/virtio-data-0").strip() == "8G"


def test_a_stopped_machine_leaves_nothing_and_keeps_its_disk(host, play):
    host.check_output("echo kept > /var/kept && sync")
    stopped = play("stop.yml")
    assert stopped.status == 0, stopped.messages
    assert ours() == []
    assert "reboot: Power down" in (STATE / "vm-1/console.log").read_text(errors="replace")
    assert play("stop.yml").changes == []
    started = play("converge.yml")
    assert started.status == 0, started.messages
    assert started.changes == [
        "localhost: lab_host : Boot the virtual machines",
        "localhost: lab_baremetal : Bring bare-metal nodes and their BMCs to: started",
    ]
    assert host.check_output("cat /var/kept") == "kept"


def test_what_was_killed_is_started_again(host, play):
    for name in ("vm-1", "baremetal"):
        os.kill(int((STATE / name / "pid").read_text()), signal.SIGKILL)
    started = play("converge.yml")
    assert started.status == 0, started.messages
    assert len(started.changes) == 2
    assert host.check_output("cat /var/kept") == "kept"


def test_their_password_is_kept_encrypted():
    file, password = STATE / "secrets/baremetal.yml", STATE / "secrets/vault-password"
    view = ["ansible-vault", "view", "--vault-password-file", str(password), str(file)]
    shown = subprocess.run(view, check=True, capture_output=True, text=True).stdout
    assert shown == '# Written by Armature.\n---\ndefault:\n  username: "admin"\n  password: "redfish"\n'
    assert [oct(path.stat().st_mode & 0o777) for path in (file, password)] == ["0o600", "0o600"]


def test_redfish_wants_the_password():
    with pytest.raises(urllib.error.HTTPError, match="401"):
        redfish(password="another")


def test_redfish_switches_a_node_on_that_boots_over_ipv6():
    assert redfish()["Name"] == "node-1"
    assert redfish()["PowerState"] == "Off"
    reset("On")
    end = time.monotonic() + BOOT_SECONDS
    console = STATE / "baremetal/node-1.console"
    while "Start PXE over IPv6" not in (console.read_text(errors="replace") if console.exists() else ""):
        assert time.monotonic() < end
        time.sleep(2)
    assert redfish()["PowerState"] == "On"
    reset("ForceOff")
    assert redfish()["PowerState"] == "Off"
