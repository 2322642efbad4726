"""The first monitor: made once, begun again when it was cut off, and never where something could be lost."""

import fcntl
from dataclasses import replace
from pathlib import Path

import pytest
from ansible.module_utils import armature_ceph_bootstrap as core
from ansible.module_utils.armature_ceph_cephadm import CephadmError
from ansible.modules.ceph_bootstrap import change

FSID = "3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11"
OTHER = "00000000-0000-4000-8000-000000000001"
IMAGE = "quay.io/ceph/ceph:v18.2.7"
KEY = "ssh-rsa AAAA ceph-3f2c"
WANTED = core.Wanted(
    host="ctl-0",
    fsid=FSID,
    image=IMAGE,
    engine="docker",
    mon_address="fd00::10",
    config="[global]\nms_bind_ipv6 = true\n",
    ssh_user="root",
    members=[],
)
ONE = "[global]\n\tmon_host = [v2:[fd00::10]:3300/0,v1:[fd00::10]:6789/0]\n"
TWO = f"{ONE.rstrip()} [v2:[fd00::11]:3300/0,v1:[fd00::11]:6789/0]\n"


class Host:
    """A host's file system, and a cephadm that makes and removes clusters in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.commands: list[list[str]] = []
        self.image_here = True
        self.check_host = ""
        self.stops_at = ""

    def file(self, path: str, text: str = "") -> Path:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def cluster(self, fsid: str = FSID, admin: bool = True, conf: str = ONE) -> None:
        self.file(f"/var/lib/ceph/{fsid}/mon.ctl-0/config", conf)
        self.file("/etc/ceph/ceph.conf", f"[global]\n\tfsid = {fsid}\n")
        if admin:
            self.file("/etc/ceph/ceph.client.admin.keyring")
            self.file("/etc/ceph/ceph.pub", f"{KEY}\n")

    def mark(self) -> None:
        self.file(f"/var/lib/armature/ceph_bootstrap/{FSID}", "begun\n")

    @property
    def marked(self) -> bool:
        return (self.root / "var/lib/armature/ceph_bootstrap" / FSID).exists()

    def run(self, argv: list[str]) -> tuple[int, str, str]:
        self.commands.append(argv)
        if argv[0] == "docker":
            return (0, "sha256:1\n", "") if self.image_here else (1, "", "Error: No such image")
        if "check-host" in argv:
            return (1, "", self.check_host) if self.check_host else (0, "", "Host looks OK\n")
        if "rm-cluster" in argv:
            for path in (f"var/lib/ceph/{FSID}/mon.ctl-0/config", "etc/ceph/ceph.conf"):
                (self.root / path).unlink(missing_ok=True)
            (self.root / f"var/lib/ceph/{FSID}/mon.ctl-0").rmdir()
            (self.root / f"var/lib/ceph/{FSID}").rmdir()
        if "bootstrap" in argv:
            assert not (self.root / "var/lib/ceph" / FSID).exists()
            assert self.marked
            self.cluster(admin=not self.stops_at)
            return (
                (1, "Creating mgr...\n", f"ERROR: {self.stops_at}\n")
                if self.stops_at
                else (0, "Bootstrap complete.\n", "")
            )
        return (0, f"{KEY}\n", "") if "get-pub-key" in argv else (0, "", "")

    def change(self, wanted: core.Wanted = WANTED, check: bool = False) -> dict[str, object]:
        self.commands.clear()
        return change(self.run, wanted, check, self.root)

    def verbs(self) -> list[str]:
        verbs = ("inspect", "check-host", "bootstrap", "rm-cluster", "shell")
        return [next(verb for verb in verbs if verb in argv) for argv in self.commands]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_the_cluster_is_made(host: Host):
    assert host.change() == {
        "changed": True,
        "diff": [{"before_header": "Ceph", "after_header": "Ceph", "before": "", "after": f"cluster {FSID}\n"}],
        "public_key": KEY,
        "remade": False,
    }
    conf = f"{host.root}/var/lib/armature/ceph_bootstrap/ceph.conf"
    assert host.commands == [
        ["/usr/local/sbin/cephadm", "--docker", "check-host", "--expect-hostname", "ctl-0"],
        ["docker", "image", "inspect", "--format", "{{.Id}}", IMAGE],
        [
            *("/usr/local/sbin/cephadm", "--docker", "--image", IMAGE, "bootstrap"),
            *("--fsid", FSID, "--mon-ip", "[fd00::10]", "--config", conf, "--ssh-user", "root", "--skip-pull"),
            *("--skip-prepare-host", "--skip-dashboard", "--skip-monitoring-stack", "--skip-firewalld"),
            *("--orphan-initial-daemons", "--allow-overwrite"),
        ],
    ]
    assert Path(conf).read_text() == WANTED.config
    assert Path(conf).stat().st_mode & 0o777 == 0o600
    assert not host.marked
    log = host.root / "var/log/armature/ceph_bootstrap.log"
    assert "Bootstrap complete." in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_second_run_changes_nothing(host: Host):
    host.change()
    assert host.change() == {"changed": False, "diff": [], "public_key": KEY, "remade": False}
    assert host.commands == []


def test_check_mode_only_plans(host: Host):
    planned = host.change(check=True)
    assert (planned["changed"], planned["public_key"], host.commands) == (True, "", [])
    assert list(host.root.iterdir()) == []
    assert host.change()["diff"] == planned["diff"]


def test_podman_and_an_image_that_is_not_here(host: Host):
    def run(argv: list[str]) -> tuple[int, str, str]:
        return host.run(["docker", *argv[1:]]) if argv[0] == "podman" else host.run(argv)

    host.image_here = False
    change(run, replace(WANTED, engine="podman", ssh_user="operator"), False, host.root)
    argv = host.commands[-1]
    assert "--docker" not in argv
    assert "--skip-pull" not in argv
    assert argv[argv.index("--ssh-user") + 1] == "operator"


def test_a_host_that_is_not_ready(host: Host):
    host.check_host = (
        "docker is present\nERROR: lvcreate binary does not appear\nERROR: No time synchronization is active\n"
    )
    with pytest.raises(CephadmError) as error:
        host.change()
    assert str(error.value) == (
        "ctl-0: is not ready for Ceph: lvcreate binary does not appear; No time synchronization is active. Run "
        "playbooks/deploy_hosts.yml, and run again."
    )
    assert not host.marked


def test_a_bootstrap_that_fails_says_where_its_output_is_and_is_begun_again(host: Host):
    host.stops_at = "mgr not available after 15 tries"
    with pytest.raises(CephadmError) as error:
        host.change()
    assert "ended with status 1: ERROR: mgr not available after 15 tries. Its output is in " in str(error.value)
    assert "/var/log/armature/ceph_bootstrap.log on ctl-0, every step in /var/log/ceph/cephadm.log" in str(error.value)
    assert "Creating mgr..." in (host.root / "var/log/armature/ceph_bootstrap.log").read_text()
    assert host.marked

    host.stops_at = ""
    planned = host.change(check=True)
    assert (planned["changed"], planned["remade"], host.commands) == (True, True, [])
    assert planned["diff"][0]["before"] == f"cluster {FSID}, half made\n"
    result = host.change()
    assert (result["changed"], result["remade"], result["public_key"]) == (True, True, KEY)
    assert host.verbs() == ["rm-cluster", "check-host", "inspect", "bootstrap"]
    assert host.commands[0] == [
        *("/usr/local/sbin/cephadm", "--docker", "rm-cluster", "--force", "--keep-logs", "--fsid", FSID)
    ]
    assert (host.root / "var/log/armature/ceph_bootstrap.log").read_text().count("\n== ") == 1


def nothing(host: Host) -> None:
    pass


def finished(host: Host) -> None:
    host.cluster()


def placed_by_a_manager(host: Host) -> None:
    host.file(f"/var/lib/ceph/{FSID}/mon.ctl-0/config", TWO)
    host.file(f"/var/lib/ceph/{FSID}/config/ceph.client.admin.keyring")


def without_keyring(host: Host) -> None:
    host.cluster(admin=False)


def killed_at_the_end(host: Host) -> None:
    host.cluster()
    host.mark()


def marked_and_grown(host: Host) -> None:
    host.cluster(conf=TWO)
    host.mark()


def empty_folder(host: Host) -> None:
    (host.root / "var/lib/ceph" / FSID).mkdir(parents=True)


@pytest.mark.parametrize(
    ("before", "todo"),
    [
        (nothing, "make"),
        (finished, "nothing"),
        (placed_by_a_manager, "nothing"),
        (without_keyring, "remake"),
        (killed_at_the_end, "remake"),
        (marked_and_grown, "nothing"),
        (empty_folder, "remake"),
    ],
)
def test_what_must_be_done(host: Host, before, todo: str):
    before(host)
    assert core.plan(WANTED, core.look(FSID, host.root)) == todo


def test_a_mark_does_not_undo_a_cluster_that_other_hosts_have(host: Host):
    killed_at_the_end(host)
    assert core.plan(replace(WANTED, members=["sto-1"]), core.look(FSID, host.root)) == "nothing"


@pytest.mark.parametrize(
    ("members", "osd", "conf", "kept"),
    [
        ([], "osd.3", ONE, "osd.3"),
        (["sto-1", "sto-2"], "", ONE, "sto-1, sto-2"),
        ([], "", TWO, "a second monitor"),
    ],
)
def test_what_could_lose_something_is_not_removed(host: Host, members: list[str], osd: str, conf: str, kept: str):
    host.cluster(admin=False, conf=conf)
    host.mark()
    if osd:
        host.file(f"/var/lib/ceph/{FSID}/{osd}/fsid")
    with pytest.raises(CephadmError, match=f"cut off: it has {kept}. Copy the keyring from another"):
        host.change(replace(WANTED, members=members))
    assert host.commands == []


def test_a_cluster_that_other_hosts_have_is_not_made_twice(host: Host):
    with pytest.raises(CephadmError) as error:
        host.change(replace(WANTED, members=["ctl-1", "sto-1"]), check=True)
    assert str(error.value) == (
        f"ctl-0: the Ceph cluster {FSID} is on ctl-1, sto-1 already and has no part here; it must not be made twice. "
        "If ctl-0 was installed anew, put another of the monitors' hosts before it in site.yml; if the cluster is "
        "given up, run playbooks/destroy_ceph.yml first."
    )


def test_another_cluster_on_the_host(host: Host):
    host.cluster(OTHER)
    host.cluster()
    with pytest.raises(CephadmError) as error:
        host.change(check=True)
    assert str(error.value) == (
        f"ctl-0: has a part of the Ceph cluster {OTHER} in /var/lib/ceph/{OTHER}; this site's cluster is {FSID}, and a "
        f"host can be in one only. If {OTHER} is given up, run playbooks/destroy_ceph.yml with the site that it was "
        f"made from, or 'cephadm rm-cluster --force --fsid {OTHER}' on ctl-0."
    )


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"/etc/ceph/ceph.conf": f"[global]\nfsid = {OTHER}\n", "/etc/ceph/ceph.pub": ""},
            f"ctl-0: /etc/ceph/ceph.conf is of the Ceph cluster {OTHER}; this site's cluster is {FSID}. If nothing "
            "uses /etc/ceph/ceph.conf and /etc/ceph/ceph.pub, move that out of /etc/ceph and run again.",
        ),
        (
            {"/etc/ceph/ceph.client.admin.keyring": ""},
            "ctl-0: /etc/ceph/ceph.client.admin.keyring is of a Ceph cluster that nothing here names; this site's "
            f"cluster is {FSID}. If nothing uses /etc/ceph/ceph.client.admin.keyring, move that out of /etc/ceph and "
            "run again.",
        ),
    ],
)
def test_files_of_another_cluster_are_not_overwritten(host: Host, files: dict[str, str], message: str):
    for path, text in files.items():
        host.file(path, text)
    with pytest.raises(CephadmError) as error:
        host.change()
    assert str(error.value) == message
    assert host.commands == []


def test_files_that_this_cluster_left_behind_are_overwritten(host: Host):
    host.file("/etc/ceph/ceph.conf", f"[global]\n    fsid={FSID}\n")
    assert host.change()["changed"]


def test_a_run_that_still_goes_on_is_waited_for(host: Host):
    lock = host.file("/var/lib/armature/ceph_bootstrap/lock")
    without_keyring(host)
    with lock.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(CephadmError, match="ctl-0: an earlier run is still making the Ceph cluster here"):
            host.change()
        assert host.commands == []
    assert host.change()["remade"]


def test_the_public_key_of_a_host_that_did_not_make_the_cluster(host: Host):
    placed_by_a_manager(host)
    assert host.change(check=True)["public_key"] == KEY
    assert host.commands == [
        [
            *("/usr/local/sbin/cephadm", "--docker", "--image", IMAGE, "shell", "--fsid", FSID, "--"),
            *("ceph", "--connect-timeout", "20", "cephadm", "get-pub-key"),
        ]
    ]


def test_what_cannot_be_removed_is_said(host: Host):
    def run(argv: list[str]) -> tuple[int, str, str]:
        return (1, "", "ERROR: busy") if "rm-cluster" in argv else host.run(argv)

    without_keyring(host)
    with pytest.raises(CephadmError, match=r"1: ERROR: busy\. What is half made could not be removed"):
        change(run, WANTED, False, host.root)
    assert host.verbs() == []
