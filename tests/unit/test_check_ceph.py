"""Relations of the section ``ceph`` that a table of single edits shows badly; tests/negative has the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from ceph_sites import OSDS, POOLS, ceph_site, one_host, problems_of

from armature.ceph import IMAGES, registry_of
from armature.ceph_model import CephRelease
from armature.check import problems
from armature.check.ceph import OWN_OPTIONS
from armature.load import load_site
from armature.release import RELEASES

LON1 = Path(__file__).parents[2] / "inventories/lon1/site.yml"


def test_sound_sites() -> None:
    assert list(problems(one_host())) == []
    assert problems_of() == []


def test_every_release_has_an_image_that_the_check_accepts() -> None:
    assert IMAGES.keys() == set(CephRelease)
    for release in CephRelease:
        line = "  image: registry.good.test:5000/ceph/ceph:v18.2.7\n"
        assert problems_of((line, f"  release: {release}\n")) == []


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("ceph:v18", None),
        ("lab/ceph:18.2.7", None),
        ("quay.io/ceph/ceph:v18", "quay.io"),
        ("localhost/ceph:v18", "localhost"),
        ("registry:5000/ceph@sha256:" + "0" * 64, "registry:5000"),
    ],
)
def test_images(image: str, registry: str | None) -> None:
    assert registry_of(image) == registry
    assert problems_of(("registry.good.test:5000/ceph/ceph:v18.2.7", image)) == []


@pytest.mark.parametrize(
    ("count", "sound"), [(1, True), (2, False), (3, True), (5, True), (7, True), (8, False), (9, False)]
)
def test_monitors_are_few_and_odd(count: int, sound: bool) -> None:
    monitoring = "roles: [control, network, monitoring]}\n"
    names = [(f"mon-{i}", f"r{i % 3 + 1}") for i in range(count)]
    hosts = "".join(
        f"  {name}: {{number: {0x40 + i}, rack: {rack}, hardware: server, roles: [monitoring]}}\n"
        for i, (name, rack) in enumerate(names)
    )
    found = problems_of(
        (monitoring, f"roles: [control, network]}}\n{hosts}"), ("  osds:\n", "  mon: monitoring\n  osds:\n")
    )
    assert found == ([] if sound else ["ceph.mon"])


@pytest.mark.parametrize(
    ("racks", "sound"),
    [
        (("r1", "r2", "r3"), True),
        (("r1", "r1", "r3"), False),
        (("r1", "r1", "r1"), False),
        (("r1", "r2", None), True),
        ((None, None, None), True),
    ],
)
def test_no_rack_has_most_monitors(racks: tuple[str | None, ...], sound: bool) -> None:
    edits = [
        (f"number: 0x1{i}, rack: r{i},", f"number: 0x1{i}," + (f" rack: {rack}," if rack else ""))
        for i, rack in enumerate(racks, start=1)
    ]
    assert problems_of(*edits) == ([] if sound else ["ceph.mon"])


def test_in_two_racks_one_has_most_monitors_and_that_is_so() -> None:
    edits = [("number: 0x13, rack: r3", "number: 0x13, rack: r2"), ("number: 0x33, rack: r3", "number: 0x33, rack: r2")]
    assert problems_of(*edits, ("images: {size: 3, failure_domain: rack}", "images: {size: 3}")) == []


def test_a_disk_is_taken_by_the_group_that_names_it() -> None:
    """A group without data takes what is left, whatever stands first."""
    more = "    more: {hardware: [mixed], data: {paths: [/dev/disk/by-path/slow-2]}}\n"
    assert problems_of((OSDS, OSDS + more)) == []
    assert problems_of((OSDS, more + OSDS)) == []


def test_a_path_may_be_used_by_two_hardwares() -> None:
    same = "[/dev/disk/by-path/fast-1, /dev/disk/by-path/fast-2, /dev/disk/by-path/slow-1, /dev/disk/by-path/slow-2]"
    flash = "[/dev/disk/by-path/flash-1, /dev/disk/by-path/flash-2]"
    osds = (
        "    slow: {hardware: [mixed], db: {paths: [/dev/disk/by-path/fast-1]}}\n"
        "    flash: {hardware: [flash], db: {paths: [/dev/disk/by-path/fast-1]}}\n"
    )
    assert problems_of((flash, same), (OSDS, osds)) == []


def test_filters_are_not_counted() -> None:
    """How many OSDs a filter makes shows on the host alone."""
    assert problems_of(("volumes: {size: 2}", "volumes: {size: 10, failure_domain: osd}")) == []


def test_osds_are_counted_with_those_that_share_a_disk() -> None:
    filters = 'data: {rotational: false, size: "1TB:"}'
    for per_device, sound in ((1, False), (2, True)):
        edits = (
            (filters, f"data: {{paths: [/dev/disk/by-path/flash-1]}}\n      per_device: {per_device}"),
            ("volumes: {size: 2}", "volumes: {size: 6, failure_domain: osd}"),
        )
        assert problems_of(*edits) == ([] if sound else ["ceph.pools.volumes.size"])


def test_classes_for_all_pools_ceph_s_own_among_them() -> None:
    classes = "".join(
        f"    {name}: {{size: 2, device_class: hdd{more}}}\n"
        for name, more in (
            (".mgr", ", application: mgr"),
            ("images", ""),
            ("vms", ""),
            ("volumes", ""),
            ("backups", ""),
        )
    )
    assert problems_of((POOLS, classes)) == []
    assert problems_of((POOLS, classes.replace(".mgr", "other"))) == ["ceph.pools"]


def test_pools_follow_the_services() -> None:
    without = "    images: {size: 3}\n    vms: {size: 3}\n"
    assert problems_of((POOLS, without)) == ["ceph.pools", "ceph.pools"]
    assert problems_of((POOLS, without), ("cinder, cinder_backup, valkey", "valkey")) == []


def test_pools_that_are_not_said_are_those_of_openstack() -> None:
    site = ceph_site(("  pools:\n" + POOLS, ""))
    assert site.ceph is not None
    assert list(site.ceph.pools) == ["images", "volumes", "vms", "backups"]
    assert {(pool.size, pool.failure_domain.value) for pool in site.ceph.pools.values()} == {(3, "host")}


@pytest.mark.parametrize("option", sorted(OWN_OPTIONS))
def test_options_that_armature_sets(option: str) -> None:
    assert problems_of(("osd_memory_target: 2147483648", f"{option}: x")) == [f"ceph.config.osd.{option}"]


@pytest.mark.parametrize("release", RELEASES)
def test_what_controllers_may_agree_through(release: str) -> None:
    edits = (('release: "2026.1"\n', f'release: "{release}"\nhost_distribution: debian-bookworm\n'),)
    for service in ("valkey", "redis", "etcd", "memcached", "heat"):
        found = problems_of(*edits, ("cinder_backup, valkey", f"cinder_backup, {service}"))
        agreed = service in RELEASES[release].coordination_services
        assert ("services[1]" not in found) is agreed, service


def test_one_controller_agrees_with_itself() -> None:
    edits = [
        (
            f"hardware: server, roles: [control, network]}}\n  {after}",
            f"hardware: server, roles: [network]}}\n  {after}",
        )
        for after in ("ctl-3", "cmp-1")
    ]
    assert problems_of(*edits, (", valkey", "")) == []


def test_overrides_may_stand_for_services() -> None:
    overrides = "kolla_overrides: {enable_etcd: true}\nceph:\n"
    assert problems_of((", valkey", ""), ("ceph:\n", overrides)) == []


@pytest.mark.parametrize("overrides", [{"enable_cinder_backend_nfs": True}, {"skip_cinder_backend_check": True}])
def test_cinder_without_ceph(overrides: dict[str, bool]) -> None:
    site = load_site(LON1)
    kept = {"services": ("cinder", "barbican"), "baremetal": {}, "baremetal_flavors": {}}
    bare = site.model_copy(update={**kept, "ceph": None, "kolla_overrides": overrides})
    assert list(problems(bare)) == []
    assert [problem.path for problem in problems(bare.model_copy(update={"kolla_overrides": {}}))] == ["services[0]"]


def test_a_large_site_is_checked_in_no_time() -> None:
    """A thousand storage hosts: work that grows with the square of their number would take minutes."""
    site = load_site(LON1)
    model = site.hosts["sto-1"]
    many = {f"sto-{i}": model.model_copy(update={"number": 0x2000 + i, "rack": f"r{i % 3 + 1}"}) for i in range(1000)}
    hosts = {name: host for name, host in site.hosts.items() if not name.startswith("sto")} | many
    assert list(problems(site.model_copy(update={"hosts": hosts}))) == []
