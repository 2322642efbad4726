from pathlib import Path

import pytest
from ansible.module_utils import armature_host_network as core
from ansible.modules import host_network

NETWORK = "[Match]\nName={0}\n\n[Network]\nAddress={1}/64\n"
ETH0 = {"10-armature-eth0.network": NETWORK.format("eth0", "fd00::10")}
OTHER = {"10-armature-eth0.network": NETWORK.format("eth0", "fd00::11")}
BOND = {
    "10-armature-bond0.netdev": "[NetDev]\nName=bond0\nKind=bond\n",
    "10-armature-bond0.7.netdev": "[NetDev]\nName=bond0.7\nKind=vlan\n[VLAN]\nId=7\n",
    "10-armature-bond0.7.network": NETWORK.format("bond0.7", "fd00:7::10"),
    "10-armature-bond0.network": "[Match]\nName=bond0\n[Network]\nVLAN=bond0.7\n",
    "10-armature-eth1.network": "[Match]\nName=eth1 eth2\n[Network]\nBond=bond0\n",
}
LINKS = ["bond0", "bond0.7", "eth0", "eth1", "eth2", "lo"]

STOP_APPLY = ["systemctl", "stop", "armature-network-apply.timer"]
STOP_ROLLBACK = ["systemctl", "stop", "armature-network-rollback.timer"]
IS_ACTIVE = ["systemctl", "is-active", "--quiet", "armature-network-rollback.service"]


def arm(step: str, seconds: int) -> list[str]:
    return [
        "systemd-run",
        f"--unit=armature-network-{step}",
        f"--on-active={seconds}s",
        "--timer-property=AccuracySec=100ms",
        "--collect",
        "/bin/sh",
        f"/var/lib/armature/host_network/{step}",
    ]


class Host:
    """A host's file system, and a record of the commands that were run on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.commands: list[list[str]] = []
        self.failing: dict[str, int] = {"is-active": 3}
        self.units = root / "etc/systemd/network"
        self.units.mkdir(parents=True)
        self.state = root / "var/lib/armature/host_network"

    def run(self, command: list[str]) -> tuple[int, str, str]:
        self.commands.append(command)
        status = next((status for word, status in self.failing.items() if word in " ".join(command)), 0)
        return status, "", "no such luck" if status else ""

    def write(self, units: dict[str, str]) -> None:
        for name, text in units.items():
            (self.units / name).write_text(text)

    def begin(self, wanted: dict[str, str], token: str = "t0"):
        return core.begin(self.run, wanted, ["eth0", "lo"], 90, token, self.root)

    def applied(self, token: str = "t0") -> None:
        (self.state / "state").write_text(f"applied {token}\n")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_a_change_arms_the_rollback_before_it_writes_and_applies_after_it(host: Host):
    host.write(ETH0)
    seen: list[tuple[str, bool]] = []
    run = host.run

    def watch(command: list[str]) -> tuple[int, str, str]:
        seen.append((command[1], core.present_units(host.root) == OTHER))
        return run(command)

    assert core.begin(watch, OTHER, ["eth0"], 90, "t0", host.root) == ([], 0, "")
    assert host.commands == [STOP_APPLY, STOP_ROLLBACK, arm("rollback", 90), arm("apply", 2)]
    assert seen[-2:] == [("--unit=armature-network-rollback", False), ("--unit=armature-network-apply", True)]
    assert core.read_state(host.root) == core.State("applying")
    assert {file.name: file.read_text() for file in (host.state / "previous").iterdir()} == ETH0


def test_a_rollback_that_cannot_be_armed_leaves_the_host_as_it_was(host: Host):
    host.write(ETH0)
    host.failing["network-rollback --on"] = 1
    assert host.begin(OTHER) == (arm("rollback", 90), 1, "no such luck")
    assert core.present_units(host.root) == ETH0
    assert core.read_state(host.root).name == "none"


def test_a_change_that_cannot_be_applied_is_taken_back_at_once(host: Host):
    host.write(ETH0)
    host.failing["network-apply --on"] = 1
    assert host.begin(OTHER | BOND) == (arm("apply", 2), 1, "no such luck")
    assert core.present_units(host.root) == ETH0
    assert host.commands[-2:] == [STOP_APPLY, STOP_ROLLBACK]
    assert core.read_state(host.root).name == "none"


def test_an_unconfirmed_change_keeps_the_units_before_it_as_what_a_rollback_restores(host: Host):
    host.write(ETH0)
    host.begin(OTHER)
    host.applied()
    host.begin(BOND, "t1")
    assert {file.name: file.read_text() for file in (host.state / "previous").iterdir()} == ETH0
    assert "networkctl delete bond0 || true" in (host.state / "rollback").read_text()


def test_after_a_rollback_the_present_units_are_what_the_next_rollback_restores(host: Host):
    host.write(ETH0)
    host.begin(OTHER)
    (host.state / "state").write_text("rolled_back\n")
    host.write(ETH0)
    host.begin(BOND, "t1")
    assert {file.name: file.read_text() for file in (host.state / "previous").iterdir()} == ETH0


def test_a_confirmation_stops_the_rollback_and_forgets_the_earlier_units(host: Host):
    host.begin(ETH0)
    host.applied()
    host.commands.clear()
    assert core.confirm(host.run, "t0", host.root) == "applied"
    assert host.commands == [STOP_APPLY, STOP_ROLLBACK, IS_ACTIVE]
    assert not host.state.exists()
    assert core.confirm(host.run, "t0", host.root) == "none"


@pytest.mark.parametrize(
    ("state", "found"), [("applying", "applying"), ("applied t1", "other"), ("rolled_back", "rolled_back")]
)
def test_a_confirmation_of_anything_else_touches_nothing(host: Host, state: str, found: str):
    host.begin(ETH0)
    (host.state / "state").write_text(f"{state}\n")
    host.commands.clear()
    assert core.confirm(host.run, "t0", host.root) == found
    assert host.commands == []


def test_a_confirmation_that_meets_a_running_rollback_is_too_late(host: Host):
    host.begin(ETH0)
    host.applied()
    host.failing.clear()
    assert core.confirm(host.run, "t0", host.root) == "rolled_back"
    assert host.state.exists()


def test_apply_script():
    assert core.apply_script(ETH0, BOND, ["eth0", "eth1", "lo"], "t0").splitlines() == [
        "#!/bin/sh",
        "# Apply the new units. The token at the end is read and sent back over the new network: that confirms it.",
        "set -e",
        "networkctl reload",
        "networkctl reconfigure eth0 || true",
        "networkctl reconfigure eth1 || true",
        "echo 'applied t0' > /var/lib/armature/host_network/state",
    ]


def test_rollback_script_of_a_host_that_had_no_units():
    assert core.rollback_script({}, BOND, ["eth1"]).splitlines() == [
        "#!/bin/sh",
        "# Restore the earlier units. Runs when nobody confirmed the new ones in time.",
        "set -e",
        "systemctl stop armature-network-apply.timer || true",
        "rm -f /etc/systemd/network/10-armature-*",
        "echo rolled_back > /var/lib/armature/host_network/state",
        "networkctl delete bond0 || true",
        "networkctl delete bond0.7 || true",
        "networkctl reload",
        "networkctl reconfigure eth1 || true",
    ]


def test_rollback_script_restores_the_units_that_were_there():
    lines = core.rollback_script(ETH0, OTHER, LINKS).splitlines()
    assert "cp -p /var/lib/armature/host_network/previous/10-armature-* /etc/systemd/network/" in lines
    assert lines[-1] == "networkctl reconfigure eth0 || true"


def test_a_changed_link_unit_reloads_udev():
    unit = {"10-armature-eth0.link": "[Match]\nPermanentMACAddress=52:54:00:00:00:01\n[Link]\nName=eth0\n"}
    assert "udevadm control --reload" in core.apply_script({}, unit, [], "t0")


MTU = {**BOND, "10-armature-bond0.7.network": BOND["10-armature-bond0.7.network"] + "[Link]\nMTUBytes=9000\n"}
MODE = {**BOND, "10-armature-bond0.netdev": BOND["10-armature-bond0.netdev"] + "[Bond]\nMode=802.3ad\n"}
NO_VLAN = {name: text for name, text in BOND.items() if "bond0.7" not in name} | {
    "10-armature-bond0.network": "[Match]\nName=bond0\n"
}


@pytest.mark.parametrize(
    ("before", "after", "affected", "stale"),
    [
        pytest.param(BOND, BOND, [], [], id="nothing"),
        pytest.param(BOND, MTU, ["bond0.7"], [], id="one-link"),
        pytest.param(BOND, MODE, ["eth1", "eth2"], ["bond0"], id="bond-mode"),
        pytest.param(BOND, NO_VLAN, ["bond0"], ["bond0.7"], id="vlan-gone"),
        pytest.param({}, ETH0, ["eth0"], [], id="new-link"),
        pytest.param(ETH0, {}, ["eth0"], [], id="link-gone"),
        pytest.param({}, {"10-armature-e.network": "[Match]\nName=eth*\n"}, ["eth0", "eth1", "eth2"], [], id="pattern"),
    ],
)
def test_only_links_that_a_change_touches_are_configured_anew(before, after, affected, stale):
    assert core.affected_links(before, after, LINKS) == affected
    assert core.stale_devices(before, after) == stale


def test_claimed_links():
    assert core.claimed_links(BOND) == ["bond0", "bond0.7", "eth1", "eth2"]


def test_the_plan_removes_owned_units_that_are_not_wanted(host: Host):
    host.write(ETH0 | {"10-armature-old.network": "x", "20-foreign.network": "y"})
    change = core.unit_plan(core.present_units(host.root), ETH0)
    assert (change.writes, change.removals) == ({}, ("/etc/systemd/network/10-armature-old.network",))


def test_problems_of_the_arguments():
    units = {"eth0.network": "", "10-armature-a/b.network": "", "10-armature-eth0.conf": "", "10-armature-x.link": 1}
    hint = "Use 10-armature-<name>{.link,.netdev,.network}."
    assert host_network.problems(units, 1) == [
        "rollback_timeout: 1 is too short. Use 4 or more.",
        f"units: 'eth0.network' is no name of a unit. {hint}",
        f"units: '10-armature-a/b.network' is no name of a unit. {hint}",
        f"units: '10-armature-eth0.conf' is no name of a unit. {hint}",
        "units.10-armature-x.link: 1 is not text. Quote it.",
    ]


INTERFACES = """
source /etc/network/interfaces.d/*
auto lo eth0
iface lo inet loopback
iface eth0 inet static
    address 192.0.2.1/24
"""


def test_ifupdown_links(host: Host):
    folder = host.root / "etc/network/interfaces.d"
    folder.mkdir(parents=True)
    (host.root / "etc/network/interfaces").write_text(INTERFACES)
    (folder / "more").write_text("iface eth9 inet6 auto\nsource /etc/network/interfaces\n")
    assert core.ifupdown_links(host.root) == {}
    (host.root / "usr/sbin").mkdir(parents=True)
    (host.root / "usr/sbin/ifup").touch()
    assert core.ifupdown_links(host.root) == {
        "eth0": "/etc/network/interfaces",
        "eth9": "/etc/network/interfaces.d/more",
    }


def test_shadowing_units_come_first_and_match(host: Host):
    host.write({"05-cloud.network": "[Match]\nName=e*\n", "05-wlan.network": "[Match]\nName=wlan0\n"})
    host.write({"10-netplan-eth0.network": "[Match]\nName=eth0\n"})
    assert core.shadowing_units(ETH0, host.root) == [
        ("/etc/systemd/network/05-cloud.network", "10-armature-eth0.network", "eth0")
    ]


def test_conflicts_name_the_other_program_and_what_to_do(host: Host):
    host.failing.clear()
    found = host_network.conflicts(
        host.run,
        ETH0,
        ["eth0", "lo"],
        {"eth0": "/etc/network/interfaces", "eth9": "/etc/network/interfaces"},
        [("/run/systemd/network/05-x.network", "10-armature-eth0.network", "eth0")],
    )
    assert found == [
        "/etc/network/interfaces: 'eth0' is configured by ifupdown. Remove its stanza, leave the link up, and run "
        "again: networkd takes it over with the new units.",
        "/run/systemd/network/05-x.network: matches 'eth0' and comes before 10-armature-eth0.network, so networkd "
        "would take it. Remove or rename it.",
        "NetworkManager.service: is running and would configure eth0. Disable it with 'systemctl disable "
        "NetworkManager' and restart the host on networkd.",
    ]
    assert host.commands == [["systemctl", "is-active", "--quiet", "NetworkManager.service"]]


def test_no_conflicts_without_wanted_units(host: Host):
    assert host_network.conflicts(host.run, {}, ["eth0"], {"eth0": "/etc/network/interfaces"}, []) == []
    assert host.commands == []
