"""The cluster as its operator finds it."""

from __future__ import annotations

import re

from ceph import Ceph
from cloud import wait
from running_lab import Lab

from armature.addresses import host_address


def test_the_cluster_is_well(ceph: Ceph) -> None:
    assert ceph.health() == "HEALTH_OK"
    muted = ceph.ceph("health", "detail")["mutes"]
    assert muted == []


def test_nothing_listens_on_ipv4(lab: Lab, ceph: Ceph) -> None:
    """Every container of Ceph's has the network of its host, so each host is asked once for all of them.

    An object gateway goes by the name of one of its threads, notif-worker0.
    """
    assert lab.site.ceph is not None
    for host in lab.hosts:
        names = lab.ssh("docker", "ps", "--quiet", "--filter", f"name=ceph-{ceph.fsid}", host=host).split()
        assert names, f"{host} runs no container of Ceph's"
        modes = lab.ssh("docker", "inspect", "--format", "{{.HostConfig.NetworkMode}}", *names, host=host).split()
        assert set(modes) == {"host"}
        sockets = lab.ssh("ss", "--no-header", "--listening", "--tcp", "--udp", "--numeric", "--processes", host=host)
        ours = [line for line in sockets.splitlines() if re.search(r'\(\("(ceph-|rados|tcmu|notif-)', line)]
        assert ours, f"no socket of Ceph's on {host}:\n{sockets}"
        addresses = {line.split()[4].rsplit(":", 1)[0] for line in ours}
        assert {address[:1] for address in addresses} == {"["}, f"{host}: {sorted(addresses)}"


def test_an_osd_does_not_take_the_vip(lab: Lab, ceph: Ceph) -> None:
    """The first host has the VIP, on the network that OSDs bind to."""
    number = ceph.ceph("osd", "ls-tree", lab.host)[0]

    def state() -> tuple[int, set[str]]:
        (osd,) = [osd for osd in ceph.ceph("osd", "dump")["osds"] if osd["osd"] == number]
        found = {a["addr"].rsplit(":", 1)[0] for key in ("public_addrs", "cluster_addrs") for a in osd[key]["addrvec"]}
        return osd["up_from"] if osd["up"] else 0, found

    before, _found = state()
    lab.ssh("systemctl", "restart", f"ceph-{ceph.fsid}@osd.{number}.service")
    wait(lambda: True if state()[0] > before else None, 120, "OSD that is up again")
    own = {f"[{host_address(lab.site, lab.host, name)}]" for name in lab.site.hardware_of(lab.host).networks}
    assert state()[1] <= own
    ceph.wait_healthy()


def test_the_keys_are_in_no_readable_file(lab: Lab, ceph: Ceph) -> None:
    keys = [ceph.run("ceph", "auth", "print-key", f"client.{user}").strip() for user in ("glance", "cinder", "nova")]
    assert all(len(key) == 40 for key in keys)
    rendered = [path for path in lab.build.rglob("*") if path.is_file()]
    assert any(path.name.endswith(".keyring") for path in rendered)
    leaks = [path for path in rendered for key in keys if key.encode() in path.read_bytes()]
    assert leaks == []
