"""Which disks may be taken: every kind of content, every reason to leave a disk alone, and Ceph's filters."""

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.armature_ceph_cephadm import CephadmError
from ansible.module_utils.armature_ceph_claims import judge
from ansible.module_utils.armature_ceph_devices import Observed, blocks_of, lvm_osds
from ansible.module_utils.armature_ceph_filters import Facts, FilterError, matches
from ansible.modules.ceph_osd_info import report
from ceph_host import FSID, IMAGE, OTHER, StorageHost, block, lv, options, paths

P1 = "/dev/disk/by-path/pci-1"
U1, U2 = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
SEEN = "It is listed to be wiped, but"


@pytest.fixture
def host(tmp_path: Path) -> StorageHost:
    host = StorageHost(tmp_path)
    host.disk("sdb", "pci-1")
    host.disk("sdc", "pci-2")
    return host


def look(host: StorageHost, wanted: dict[str, Any], known: tuple[str, ...] = ()) -> dict[str, Any]:
    host.commands.clear()
    return report(host.run, options(wanted, known), host.root)


def states(result: dict[str, Any]) -> list[str]:
    return [device["state"] for device in result["devices"]]


def test_empty_disks_are_free(host: StorageHost):
    assert look(host, paths("pci-1", "pci-2")) == {
        "changed": False,
        "devices": [
            {
                "group": "hdd",
                "use": "data",
                "path": f"/dev/disk/by-path/{path}",
                "device": device,
                "size": 4 * 10**12,
                "state": "free",
                "holds": "",
            }
            for path, device in {"pci-1": "/dev/sdb", "pci-2": "/dev/sdc"}.items()
        ],
        "osds": [],
        "problems": [],
        "to_wipe": [],
        "expected": 2,
        "inspected": True,
    }
    cephadm = ["/usr/local/sbin/cephadm", "--docker", "--image", IMAGE, "ceph-volume", "--"]
    columns = "NAME,KNAME,TYPE,SIZE,RO,ROTA,FSTYPE,LABEL,MODEL,VENDOR,MOUNTPOINTS"
    assert host.commands == [
        ["lsblk", "--json", "--bytes", "--paths", "--output", columns],
        [*cephadm, "inventory", "--format", "json"],
        [*cephadm, "lvm", "list", "--format", "json"],
        [*cephadm, "raw", "list", "--format", "json"],
        ["wipefs", "--no-act", "--json", "/dev/sdb"],
        ["wipefs", "--no-act", "--json", "/dev/sdc"],
    ]


def test_the_cluster_is_named_where_it_is(host: StorageHost):
    host.daemon(U1)
    look(host, paths("pci-1"))
    assert host.commands[1][4:8] == ["ceph-volume", "--fsid", FSID, "--"]


def test_a_disk_that_is_not_there(host: StorageHost):
    result = look(host, paths("pci-9"))
    assert states(result) == ["missing"]
    assert result["problems"] == [
        "sto-1: /dev/disk/by-path/pci-9 is not there. Look at the disk and its cable, or correct the path in site.yml; "
        "'lsblk' and 'ls -l /dev/disk/by-path' on sto-1 show what there is."
    ]


def test_how_many_osds_are_expected(host: StorageHost):
    wanted = paths("pci-1", "pci-2", "pci-9", per_device=2, db={"paths": ["/dev/sdc"]})
    wanted["groups"].append({"group": "ssd", "data": {"model": "X5"}, "db": None, "wal": None})
    host.disk("sdd", "pci-0", model="X5")
    assert look(host, wanted)["expected"] == 2 * 2 + 1


def test_a_path_that_is_no_disk(host: StorageHost):
    host.file("/dev/disk/by-path/pci-3")
    assert "sto-1: /dev/disk/by-path/pci-3 is no block device with a size." in look(host, paths("pci-3"))["problems"][0]


def test_a_disk_under_two_names(host: StorageHost):
    wanted = paths("pci-1", db={"paths": ["/dev/sdb"]})
    assert look(host, wanted)["problems"] == [
        "sto-1: /dev/sdb is wanted twice: for db of the group 'hdd', and as /dev/disk/by-path/pci-1 for data of 'hdd'. "
        "Name it once."
    ]


HOLDS: list[tuple[str, dict[str, Any], str]] = [
    ("file-system", {"signatures": [("ext4", "home")]}, "an ext4 file system labelled 'home'"),
    ("xfs", {"signatures": [("xfs", "")]}, "an xfs file system"),
    ("table", {"signatures": [("gpt", ""), ("PMBR", "")]}, "an empty partition table (gpt)"),
    ("swap", {"signatures": [("swap", "")]}, "swap space"),
    (
        "volume",
        {"signatures": [("LVM2_member", "")], "group": "data"},
        "an LVM physical volume of the volume group 'data'",
    ),
    ("luks", {"signatures": [("crypto_LUKS", "")]}, "an encrypted volume (LUKS)"),
    ("zfs", {"signatures": [("zfs_member", "tank"), ("gpt", "")]}, "a member of a ZFS pool labelled 'tank'"),
    (
        "partitions",
        {"signatures": [("gpt", "")], "children": {"sdb1": [("vfat", "EFI")], "sdb2": []}},
        "2 partitions (/dev/sdb1: a vfat file system labelled 'EFI', /dev/sdb2: nothing known)",
    ),
    ("foreign-osd", {"raw": OTHER}, f"osd.3 of the Ceph cluster {OTHER}"),
    ("unknown-osd", {"raw": FSID}, f"osd.3 with the UUID {U1}, which this site's cluster does not know"),
]


def fill(host: StorageHost, what: dict[str, Any]) -> None:
    host.signatures["/dev/sdb"] = what.get("signatures", [])
    if "children" in what:
        host.blocks[0]["children"] = [block(f"/dev/{name}", "part") for name in what["children"]]
        host.signatures.update({f"/dev/{name}": found for name, found in what["children"].items()})
    if "raw" in what:
        host.raw(U1, what["raw"], "/dev/sdb")
    if "group" in what:
        host.volume_groups = {"/dev/sdb": what["group"]}


@pytest.mark.parametrize(("what", "holds"), [pytest.param(*row[1:], id=row[0]) for row in HOLDS])
def test_what_a_disk_holds_is_told_and_kept_unless_it_is_listed(host: StorageHost, what: dict[str, Any], holds: str):
    fill(host, what)
    result = look(host, paths("pci-1"))
    assert (states(result), result["to_wipe"], result["devices"][0]["holds"]) == (["data"], [], holds)
    assert result["problems"] == [
        f"sto-1: {P1} (/dev/sdb) holds {holds}. To take it for Ceph and lose what is on it, add to site.yml: "
        f"ceph: {{wipe: {{sto-1: [{P1}]}}}}."
    ]
    listed = look(host, paths("pci-1", wipe=("pci-1",)))
    assert (states(listed), listed["problems"], listed["to_wipe"]) == (["wipe"], [], [P1])


def test_a_disk_is_listed_by_any_of_its_names(host: StorageHost):
    fill(host, {"signatures": [("ext4", "")]})
    wanted = paths("pci-1")
    wanted["wipe"] = ["/dev/sdb", "/dev/disk/by-id/gone"]
    assert look(host, wanted)["to_wipe"] == [P1]


def raw_osd(host: StorageHost) -> None:
    host.raw(U1, FSID, "/dev/sdb")


def lvm_osd(host: StorageHost) -> None:
    host.signatures["/dev/sdb"] = [("LVM2_member", "")]
    host.blocks[0]["children"] = [block("/dev/mapper/ceph-osd", "lvm", kname="/dev/dm-0")]
    host.listed["lvm list"] = {"3": [lv(U1, FSID, "/dev/sdb")]}
    # As ceph-volume lists volumes a second time.
    host.raw(U1, FSID, "/dev/mapper/ceph-osd")


def encrypted_raw_osd(host: StorageHost) -> None:
    host.raw(U1, FSID, "/dev/mapper/ceph-dmcrypt")
    host.signatures = {"/dev/sdb": [("crypto_LUKS", "")]}
    host.blocks[0]["children"] = [block("/dev/mapper/ceph-dmcrypt", "crypt", kname="/dev/dm-0")]


def shared_db(host: StorageHost) -> None:
    host.listed["lvm list"] = {"3": [lv(U1, FSID, "/dev/sdb", "db")], "9": [lv(U2, FSID, "/dev/sdb", "db")]}


@pytest.mark.parametrize("make", [raw_osd, lvm_osd, encrypted_raw_osd, shared_db])
def test_an_osd_that_the_cluster_knows_stays_also_when_it_is_listed(host: StorageHost, make):
    make(host)
    result = look(host, paths("pci-1", wipe=("pci-1",)), (U1,))
    assert (states(result), result["problems"], result["to_wipe"]) == (["osd"], [], [])
    assert result["osds"][0]["known"]
    assert result["osds"][0]["number"] == 3


@pytest.mark.parametrize("make", [raw_osd, lvm_osd, encrypted_raw_osd])
@pytest.mark.parametrize("fsid", [FSID, OTHER])
def test_an_osd_with_its_daemon_here_is_never_wiped(host: StorageHost, make, fsid: str):
    make(host)
    host.daemon(U1, fsid=fsid)
    result = look(host, paths("pci-1", wipe=("pci-1",)))
    assert (states(result), result["to_wipe"]) == (["refused"], [])
    assert result["problems"] == [
        f"sto-1: {P1} (/dev/sdb) holds osd.3 of the Ceph cluster {fsid}, which this site's cluster does not list, and "
        "whose daemon is on this host. It is never wiped. If it is not needed, remove the daemon: "
        f"'cephadm rm-daemon --force --fsid {fsid} --name osd.3'."
    ]


def test_osds_are_reported_once_with_all_their_devices(host: StorageHost):
    lvm_osd(host)
    host.listed["raw list"][U2] = {"osd_uuid": U2, "device_db": "/dev/sdc"}
    assert look(host, paths("pci-1"), (U1,))["osds"] == [
        {"uuid": U1, "number": 3, "fsid": FSID, "devices": ["/dev/mapper/ceph-osd", "/dev/sdb"], "known": True},
        {"uuid": U2, "number": -1, "fsid": "", "devices": ["/dev/sdc"], "known": False},
    ]
    assert f"holds a part of an OSD ({U2})." in look(host, paths("pci-2"))["problems"][0]


def test_a_database_on_a_partition_belongs_to_the_volume_before_it():
    volumes = [lv(U1, FSID, "/dev/sdb"), {"tags": {"PARTUUID": "x"}, "type": "db", "path": "/dev/sdc1"}]
    assert [(osd.uuid, osd.devices) for osd in lvm_osds({"3": volumes})] == [(U1, ("/dev/sdb",)), (U1, ("/dev/sdc1",))]


USED: list[tuple[str, dict[str, Any], str]] = [
    ("mounted", block("/dev/sdb1", "part", mounts=["/boot", "/"]), "mounted at /boot and /"),
    (
        "volume",
        block("/dev/sdb1", "part", children=[block("/dev/mapper/vg-root", "lvm", kname="/dev/dm-0", mounts=["/"])]),
        "mounted at /",
    ),
    ("swap", block("/dev/sdb1", "part", mounts=["[SWAP]"]), "mounted at [SWAP]"),
    ("array", block("/dev/md0", "raid1"), "a member of the array /dev/md0"),
    ("mapping", block("/dev/mapper/luks-1", "crypt", kname="/dev/dm-1"), "opened as /dev/mapper/luks-1"),
    (
        "path",
        block("/dev/mapper/mpatha", "mpath", kname="/dev/dm-2"),
        "a path of /dev/mapper/mpatha, which is the name to use",
    ),
]


@pytest.mark.parametrize(("child", "words"), [pytest.param(*row[1:], id=row[0]) for row in USED])
def test_a_disk_that_the_host_uses_is_never_wiped(host: StorageHost, child: dict[str, Any], words: str):
    host.blocks[0]["children"] = [child]
    host.signatures["/dev/sdb"] = [("gpt", "")]
    result = look(host, paths("pci-1", wipe=("pci-1",)))
    assert (states(result), result["to_wipe"]) == (["refused"], [])
    assert result["problems"] == [
        f"sto-1: {P1} (/dev/sdb) is in use by this host: {words}. It is never wiped. Free it, or take another disk."
    ]


def busy(host: StorageHost) -> Observed:
    return Observed(
        blocks=blocks_of(host.run(["lsblk", "", "", "", "", ""])[1]),
        real={P1: "/dev/sdb"},
        inventory={},
        busy=frozenset({"/dev/sdb"}),
    )


def test_a_disk_that_the_kernel_holds_for_a_reason_that_lsblk_does_not_see(host: StorageHost):
    verdict = judge("sto-1", FSID, paths("pci-1", wipe=("pci-1",)), [], busy(host))
    assert (verdict.wipe, verdict.claims[0].state) == ((), "refused")
    assert "is in use by this host: the kernel or a program holds it." in verdict.problems[0]


def too_small(host: StorageHost) -> None:
    host.blocks[0]["size"] = 5 * 1024**3 - 512


def read_only(host: StorageHost) -> None:
    host.blocks[0]["ro"] = True


def unreadable(host: StorageHost) -> None:
    host.failing["--json /dev/sdb"] = "wipefs: error: /dev/sdb: probing initialization failed: Input/output error"


def rejected(host: StorageHost) -> None:
    host.inventory("sdb").update(available=False, rejected_reasons=["id_bus", "Used by ceph-disk"])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (too_small, "has 5119 MiB, and Ceph takes no disk below 5120 MiB (5 GiB). Take a larger one."),
        (read_only, "is read-only. Look at its write protection, or take another disk."),
        (
            unreadable,
            "cannot be read: wipefs: error: /dev/sdb: probing initialization failed: Input/output error. Replace the "
            "disk, or take it out of site.yml.",
        ),
        (rejected, "is not taken by Ceph: Used by ceph-disk; id_bus. Take another disk."),
    ],
)
def test_a_disk_that_ceph_cannot_take(host: StorageHost, spoil, words: str):
    spoil(host)
    result = look(host, paths("pci-1", wipe=("pci-1",)))
    assert (states(result), result["problems"]) == (["refused"], [f"sto-1: {P1} (/dev/sdb) {words}"])


@pytest.mark.parametrize("kind", ["ceph_bluestore", "crypto_LUKS", "LVM2_member"])
def test_a_disk_that_may_hold_an_osd_of_a_daemon_here_is_not_wiped(host: StorageHost, kind: str):
    host.signatures["/dev/sdb"] = [(kind, "")]
    host.daemon(U2, "osd.7")
    result = look(host, paths("pci-1", wipe=("pci-1",)))
    assert (states(result), result["to_wipe"]) == (["data"], [])
    assert f"{SEEN} osd.7 may be on it: this host has the daemon, and no disk shows its data." in result["problems"][0]
    assert "'cephadm ceph-volume -- lvm zap --destroy /dev/sdb'" in result["problems"][0]
    host.raw(U2, FSID, "/dev/sdc")
    assert look(host, paths("pci-1", wipe=("pci-1",)), (U2,))["to_wipe"] == ([P1] if kind != "ceph_bluestore" else [])


def test_a_label_that_cannot_be_read_is_not_wiped_below_a_cluster_that_has_osds(host: StorageHost):
    host.signatures["/dev/sdb"] = [("ceph_bluestore", "")]
    result = look(host, paths("pci-1", wipe=("pci-1",)), (U2,))
    assert (states(result), result["to_wipe"]) == (["data"], [])
    assert f"{SEEN} whether the cluster knows this OSD cannot be told." in result["problems"][0]
    assert look(host, paths("pci-1", wipe=("pci-1",)))["to_wipe"] == [P1]


def test_a_volume_group_that_reaches_over_to_a_disk_that_stays(host: StorageHost):
    host.signatures = {"/dev/sdb": [("LVM2_member", "")], "/dev/sdc": [("LVM2_member", "")]}
    host.volume_groups = {"/dev/sdb": "data", "/dev/sdc": "data", "/dev/sda2": "system"}
    result = look(host, paths("pci-1", wipe=("pci-1",)))
    assert result["to_wipe"] == []
    assert f"{SEEN} its volume group is also on /dev/sdc, which is not listed or is in use." in result["problems"][0]
    assert look(host, paths("pci-1", "pci-2", wipe=("pci-1", "pci-2")))["to_wipe"] == [P1, "/dev/disk/by-path/pci-2"]
    host.blocks[1]["mountpoints"] = ["/srv"]
    assert look(host, paths("pci-1", wipe=("pci-1", "pci-2")))["to_wipe"] == []


def test_a_volume_group_that_a_known_osd_shares(host: StorageHost):
    host.signatures = {"/dev/sdb": [("LVM2_member", "")], "/dev/sdc": [("LVM2_member", "")]}
    host.volume_groups = {"/dev/sdb": "ceph-db", "/dev/sdc": "ceph-db"}
    host.listed["lvm list"] = {"3": [lv(U1, FSID, "/dev/sdc", "db")]}
    assert look(host, paths("pci-1", "pci-2", wipe=("pci-1", "pci-2")), (U1,))["to_wipe"] == []


def test_a_logical_volume_is_not_wiped(host: StorageHost):
    host.blocks[0]["children"] = [block("/dev/mapper/vg-osd", "lvm", kname="/dev/dm-0")]
    host.file("/dev/dm-0")
    host.signatures["/dev/dm-0"] = [("xfs", "")]
    wanted = paths(data={"paths": ["/dev/dm-0"]})
    wanted["wipe"] = ["/dev/dm-0"]
    assert "and is of the kind 'lvm', which is not wiped by itself" in look(host, wanted)["problems"][0]


def test_without_cephadm_nothing_is_said_of_what_may_be_an_osd(host: StorageHost):
    (host.root / "usr/local/sbin/cephadm").unlink()
    host.signatures = {"/dev/sdb": [("LVM2_member", "")], "/dev/sdc": [("ext4", "")]}
    result = look(host, paths("pci-1", "pci-2", wipe=("pci-1",)))
    assert (states(result), result["inspected"], result["to_wipe"]) == (["unknown", "data"], False, [])
    assert [argv[0] for argv in host.commands] == ["lsblk", "wipefs", "wipefs"]


def test_a_loop_device_that_ceph_volume_does_not_list(host: StorageHost):
    host.disk("loop7", kind="loop", size=6 * 1024**3)
    wanted = paths(data={"paths": ["/dev/loop7"]})
    assert states(look(host, wanted)) == ["free"]
    host.signatures["/dev/loop7"] = [("xfs", "")]
    assert look(host, wanted)["problems"][0].startswith("sto-1: /dev/loop7 holds an xfs file system. To take it")


def test_the_error_of_ceph_volume(host: StorageHost):
    host.failing["raw list"] = (
        "/usr/bin/docker: stderr no such thing\nRuntimeError: Failed command: /usr/bin/docker run"
    )
    with pytest.raises(CephadmError) as error:
        look(host, paths("pci-1"))
    assert str(error.value) == (
        f"sto-1: '/usr/local/sbin/cephadm --docker --image {IMAGE} ceph-volume -- raw list --format json' ended with "
        "status 1: no such thing. Run it by hand on sto-1; every step is in /var/log/ceph/cephadm.log."
    )
    host.failing.clear()
    host.listed["inventory"] = None

    def run(argv: list[str]) -> tuple[int, str, str]:
        return (0, "oops\n", "") if "inventory" in argv else host.run(argv)

    with pytest.raises(CephadmError, match="answered no JSON: oops"):
        report(run, options(paths("pci-1")), host.root)


def filtered(wipe: tuple[str, ...] = (), **selection: Any) -> dict[str, Any]:
    return paths(data={"paths": None, **selection}, wipe=wipe)


def devices(result: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(device["use"], device["device"], device["state"]) for device in result["devices"]]


@pytest.mark.parametrize(
    ("selection", "taken"),
    [
        ({}, ["/dev/sdb", "/dev/sdc", "/dev/sdd"]),
        ({"model": "ST4"}, ["/dev/sdb", "/dev/sdc"]),
        ({"vendor": "SEA", "rotational": False}, ["/dev/sdd"]),
        ({"rotational": True, "limit": 1}, ["/dev/sdb"]),
        ({"size": "3TB:"}, ["/dev/sdb", "/dev/sdc"]),
        ({"size": ":1TB"}, ["/dev/sdd"]),
    ],
)
def test_filters_choose_as_ceph_does(host: StorageHost, selection: dict[str, Any], taken: list[str]):
    host.disk("sdd", "pci-0", model="MZ7", rota=False, shown="447.13 GB")
    result = look(host, filtered(**selection))
    assert ([device["device"] for device in result["devices"]], result["problems"]) == (taken, [])


def test_a_disk_that_a_filter_chose_has_its_lasting_name(host: StorageHost):
    host.signatures["/dev/sdb"] = [("ext4", "")]
    assert f"sto-1: {P1} (/dev/sdb) holds an ext4" in look(host, filtered(limit=2))["problems"][0]


def test_filters_pass_over_what_ceph_passes_over(host: StorageHost):
    host.disk("sda", "pci-0", children=[block("/dev/sda1", "part", mounts=["/"])])
    too_small(host)
    result = look(host, filtered())
    assert (devices(result), result["problems"]) == ([("data", "/dev/sdc", "free")], [])


def test_a_disk_with_data_is_no_problem_when_the_limit_is_reached_without_it(host: StorageHost):
    host.signatures["/dev/sdb"] = [("ext4", "")]
    assert devices(look(host, filtered(limit=1))) == [("data", "/dev/sdc", "free")]
    assert len(look(host, filtered())["problems"]) == 1
    assert look(host, filtered(wipe=("pci-1",), limit=1))["to_wipe"] == [P1]


def test_an_osd_that_is_there_counts_for_the_limit(host: StorageHost):
    raw_osd(host)
    assert devices(look(host, filtered(limit=1), (U1,))) == [("data", "/dev/sdb", "osd")]


def test_one_disk_is_chosen_for_one_use(host: StorageHost):
    host.disk("sdd", "pci-0")
    wanted = paths(data={"limit": 1}, db={"limit": 1}, wal={"paths": ["/dev/sdb"]})
    assert devices(look(host, wanted)) == [
        ("wal", "/dev/sdb", "free"),
        ("data", "/dev/sdc", "free"),
        ("db", "/dev/sdd", "free"),
    ]


def test_a_filter_that_matches_nothing_shows_what_there_is(host: StorageHost):
    assert look(host, filtered(model="X5", size="8TB:", rotational=True))["problems"] == [
        "sto-1: ceph.osds.hdd.data (model 'X5', size '8TB:', rotational true) matches no disk. Correct the filter, or "
        "take the host out of the group. sto-1 has /dev/sdb (SEAGATE ST4000, 3.64 TB, rotating), /dev/sdc (SEAGATE "
        "ST4000, 3.64 TB, rotating); Ceph compares the sizes that are shown here."
    ]


def test_a_filter_that_matches_only_disks_in_use(host: StorageHost):
    host.blocks[0]["mountpoints"] = ["/"]
    assert look(host, filtered())["problems"] == []
    host.blocks[1]["mountpoints"] = ["/srv"]
    assert look(host, filtered())["problems"] == [
        f"sto-1: ceph.osds.hdd.data (any) matches only disks that Ceph cannot take: {P1} (/dev/sdb) is in use by this "
        "host: mounted at /; /dev/disk/by-path/pci-2 (/dev/sdc) is in use by this host: mounted at /srv. Correct it."
    ]


def test_a_size_that_ceph_does_not_understand(host: StorageHost):
    assert look(host, filtered(size="3 TB"))["problems"] == [
        "sto-1: ceph.osds.hdd.data: size '3 TB' is none that Ceph understands. Write 10G:50G, 10G:, :50G or 10G."
    ]


def test_without_cephadm_filters_choose_among_what_lsblk_lists(host: StorageHost):
    (host.root / "usr/local/sbin/cephadm").unlink()
    host.disk("loop7", kind="loop")
    assert devices(look(host, filtered(model="ST4000", size="3TB:"))) == [
        ("data", "/dev/sdb", "free"),
        ("data", "/dev/sdc", "free"),
    ]


SIZES = [
    ("3TB:", "2.73 TB", False),
    ("2.73TB", "2.73 TB", True),
    ("2T:3T", "2.73 TB", True),
    (":500G", "447.13 GB", True),
    (":400GB", "447.13 GB", False),
    ("100M:", "1.00 PB", False),
]


@pytest.mark.parametrize(("wanted", "shown", "match"), SIZES)
def test_sizes(wanted: str, shown: str, match: bool):
    assert matches({"size": wanted}, Facts("", "", shown, True)) is match


@pytest.mark.parametrize("wanted", [":", "3tb:", "3", "big", "1P:", "3TB:x"])
def test_sizes_that_are_none(wanted: str):
    with pytest.raises(FilterError):
        matches({"size": wanted}, Facts("", "", "2.73 TB", True))
