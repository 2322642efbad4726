STATE = "/var/lib/armature/host_network"
UNITS = "/etc/systemd/network"


def addresses(host, link: str) -> list[str]:
    return [address for address in host.interface(link, "inet6").addresses if not address.startswith("fe80")]


def test_networkd_runs_and_starts_with_the_host(host):
    networkd = host.service("systemd-networkd")
    assert networkd.is_running
    assert networkd.is_enabled


def test_owned_units_are_the_wanted_ones_and_foreign_units_stay(host):
    assert host.file(UNITS).listdir().count("10-armature-none0.network") == 0
    assert {"10-armature-eth0.network", "10-armature-eth1.network", "50-foreign.network"} <= set(
        host.file(UNITS).listdir()
    )


def test_links_have_the_addresses_of_the_site(host):
    assert addresses(host, "eth0") == ["fd00:a12a:1ac:1::10"]
    assert addresses(host, "eth1") == []
    assert f"Network File: {UNITS}/10-armature-eth0.network" in host.check_output("networkctl status eth0")


def test_name_and_names_of_the_site(host):
    assert host.check_output("hostname") == "mol-1"
    assert "fd00:a12a:1ac:1::10" in host.check_output("getent hosts mol-1")


def test_a_confirmed_change_leaves_no_rollback_behind(host):
    assert not host.file(STATE).exists
    assert "armature-network" not in host.check_output("systemctl list-timers --all")


def test_a_change_that_cuts_the_connection_rolls_itself_back(host, play):
    done = play("cut.yml")
    assert done.status != 0
    assert [message.split(". ")[0] for message in done.messages] == [
        "The host was not reached through its new network in time, so it restored its earlier units by itself"
    ]
    assert addresses(host, "eth0") == ["fd00:a12a:1ac:1::10"]
    assert not play("converge.yml").changes


def test_a_link_that_another_unit_configures_is_refused_and_left(host, play):
    done = play("conflict.yml")
    host.run_expect([0], f"rm {UNITS}/05-other.network")
    assert done.status != 0
    assert done.messages[0].splitlines()[0] == (
        f"{UNITS}/05-other.network: matches 'eth0' and comes before 10-armature-eth0.network, "
        "so networkd would take it. Remove or rename it."
    )
    assert not host.file(STATE).exists or host.file(f"{STATE}/state").content_string == "rolled_back\n"
