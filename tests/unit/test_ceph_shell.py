"""How modules ask a cluster: exact calls, and what is said when it does not answer."""

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils import armature_ceph
from ansible.module_utils.armature_ceph import Ceph, CephError, Step
from fake_ceph import CEPH, FSID, IMAGE, SHELL, FakeCeph, no_cluster

LOOK = f"Look at 'cephadm shell --fsid {FSID} -- ceph -s' on ctl-0, mend the cause and run again."


class Runner:
    """Answers every command with the same."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.result = (status, out, err)
        self.calls: list[tuple[list[str], str | None]] = []

    def __call__(self, argv: list[str], data: str | None) -> tuple[int, str, str]:
        self.calls.append((argv, data))
        return self.result


def ceph(runner: Runner, root: Path = Path("/nonexistent")) -> Ceph:
    return Ceph(runner, FSID, IMAGE, "ctl-0", root)


def said(runner: Runner, root: Path = Path("/nonexistent")) -> str:
    with pytest.raises(CephError) as error:
        ceph(runner, root).json("osd", "tree")
    return str(error.value)


def test_a_command_is_called_in_the_shell_of_the_cluster():
    runner = Runner(0, "done", "")
    assert ceph(runner).call("orch", "apply", "-i", "-", data="a: 1\n") == "done"
    assert runner.calls == [
        (
            [
                *("cephadm", "--image", "quay.io/ceph/ceph:v18.2.7"),
                *("shell", "--fsid", "3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11", "--"),
                *("ceph", "--connect-timeout", "20", "orch", "apply", "-i", "-"),
            ],
            "a: 1\n",
        )
    ]


def test_a_monitor_of_this_host_is_named(tmp_path: Path):
    runner = Runner(0, "done", "")
    (tmp_path / "var/lib/ceph" / FSID / "mon.ctl-0").mkdir(parents=True)
    ceph(runner, tmp_path).call("osd", "tree")
    assert runner.calls[0][0][3:9] == ["shell", "--fsid", FSID, "--name", "mon.ctl-0", "--"]


def test_an_answer_in_json():
    runner = Runner(0, '\n[{"name": "a"}]\n', "Inferring config\n")
    assert ceph(runner).json("config", "dump") == [{"name": "a"}]
    assert runner.calls == [([*CEPH, "config", "dump", "--format", "json"], None)]


def test_several_answers_in_one_call():
    runner = Runner(0, '{"a": 1}\n\n[2]\n\n', "dumped monmap epoch 1\n")
    assert ceph(runner).json_all("status", "osd pool ls detail") == [{"a": 1}, [2]]
    assert runner.calls == [([*CEPH, "--format", "json"], "status\nosd pool ls detail\n")]


@pytest.mark.parametrize(
    ("out", "err", "why"),
    [
        ('{"a": 1}\n', "Error EINVAL: it failed\n", "Error EINVAL: it failed"),
        ('{"a": 1}\n', "", "1 answers in JSON instead of 2"),
        ("No services reported\n", "", "no JSON: 'No services reported'"),
        ('[1]\n[{"key": "AQ', "", "JSON that is cut off"),
    ],
)
def test_one_of_several_answers_fails(out: str, err: str, why: str):
    with pytest.raises(CephError) as error:
        ceph(Runner(0, out, err)).json_all("status", "versions")
    assert str(error.value) == f"ctl-0: 'ceph status; ceph versions' ended with status 0: {why}. {LOOK}"


@pytest.mark.parametrize(
    ("status", "out", "err", "message"),
    [
        (
            22,
            "",
            "Inferring config /var/lib/ceph/x/mon.a/config\nError EINVAL: invalid command\n",
            f"ctl-0: 'ceph osd tree' ended with status 22: Error EINVAL: invalid command. {LOOK}",
        ),
        (1, "", "", f"ctl-0: 'ceph osd tree' ended with status 1: no message. {LOOK}"),
        (
            1,
            "",
            "[errno 2] RADOS object not found (error connecting to the cluster)\n",
            "ctl-0: 'ceph osd tree' ended with status 1: [errno 2] RADOS object not found (error connecting to the "
            f"cluster). {LOOK}",
        ),
        (
            127,
            "",
            "cephadm: No such file or directory",
            "ctl-0: cephadm: No such file or directory. Run playbooks/deploy_ceph.yml, which installs cephadm.",
        ),
        (0, "nothing\n", "", f"ctl-0: 'ceph osd tree' ended with status 0: no JSON: 'nothing'. {LOOK}"),
    ],
)
def test_a_command_that_fails(status: int, out: str, err: str, message: str):
    assert said(Runner(status, out, err)) == message


@pytest.mark.parametrize(
    "err",
    [
        "[errno 110] RADOS timed out (error connecting to the cluster)\n",
        "Cluster connection interrupted or timed out\n",
        "Inferring config /var/lib/ceph/x/mon.ctl-0/config\ntimed out\n",
    ],
)
def test_monitors_that_do_not_answer_are_named(tmp_path: Path, err: str):
    conf = tmp_path / "etc/ceph/ceph.conf"
    conf.parent.mkdir(parents=True)
    conf.write_text("[global]\n\tmon_host = [v2:[fd00::1]:3300/0,v1:[fd00::1]:6789/0] [v2:[fd00::2]:3300/0]\n")
    assert said(Runner(1, "", err), tmp_path) == (
        f"ctl-0: no monitor of the Ceph cluster {FSID} answered within 20 s ([fd00::1], [fd00::2]). See that more than "
        f"half of their hosts run and reach one another, and look at 'systemctl list-units ceph-{FSID}@mon*' there; "
        "then run again."
    )
    conf.unlink()
    assert "(/etc/ceph/ceph.conf names none)" in said(Runner(1, "", err), tmp_path)


def test_a_long_error_is_cut():
    message = said(Runner(1, "", f"Error EINVAL: {'x' * 1000}"))
    assert message == f"ctl-0: 'ceph osd tree' ended with status 1: Error EINVAL: {'x' * 286} [...]. {LOOK}"


def test_rbd_complains_with_status_0():
    with pytest.raises(CephError) as error:
        ceph(Runner(0, "", "rbd: error registered application: (110) Connection timed out\n")).rbd("pool", "init", "a")
    why = "rbd: error registered application: (110) Connection timed out"
    assert str(error.value) == f"ctl-0: 'rbd pool init a' ended with status 0: {why}. {LOOK}"


def test_steps_are_carried_out_in_order_until_one_fails(tmp_path: Path):
    fake = FakeCeph(tmp_path)
    fake.failures["pool init b"] = (2, "rbd: couldn't connect to the cluster!\n")
    steps = [
        Step("", ("config", "rm", "osd", "x")),
        Step("", ("orch", "apply", "-i", "-"), data="{}\n"),
        Step("", ("pool", "init", "a"), program="rbd"),
        Step("", ("pool", "init", "b"), program="rbd"),
        Step("", ("never",)),
    ]
    with pytest.raises(CephError, match="'rbd pool init b' ended with status 2"):
        fake.ceph().carry_out(steps)
    assert fake.changes == [
        ([*CEPH, "config", "rm", "osd", "x"], None),
        ([*CEPH, "orch", "apply", "-i", "-"], "{}\n"),
        ([*SHELL, "rbd", "pool", "init", "a"], None),
    ]


def test_no_active_manager(tmp_path: Path):
    fake = FakeCeph(tmp_path, {"mgr stat": {"available": True}, "osd tree": {"nodes": []}})
    assert fake.ceph().with_manager("osd tree") == [{"nodes": []}]
    assert fake.ceph().with_manager() == []
    fake.answers["mgr stat"] = {"available": False, "active_name": ""}
    with pytest.raises(CephError) as error:
        fake.ceph().with_manager("osd tree")
    assert str(error.value) == (
        f"ctl-0: the Ceph cluster {FSID} has no active manager. Look at 'systemctl list-units ceph-{FSID}@mgr*' on the "
        "managers' hosts, start one and run again."
    )


def test_no_cluster(tmp_path: Path):
    fake = no_cluster(tmp_path)
    assert not fake.ceph().exists()
    assert fake.ceph().found(lenient=True) is False
    with pytest.raises(CephError) as error:
        fake.ceph().found(lenient=False)
    assert str(error.value) == f"ctl-0: no cluster {FSID} here. Run playbooks/deploy_ceph.yml."
    assert fake.calls == []


def test_a_cluster_whose_bootstrap_was_cut_off_is_none_for_those_who_may_go_without(tmp_path: Path):
    fake = FakeCeph(tmp_path)
    assert fake.ceph().found(lenient=True) is True
    assert fake.calls == []
    mark = tmp_path / "var/lib/armature/ceph_bootstrap" / FSID
    mark.parent.mkdir(parents=True)
    mark.write_text("begun\n")
    assert fake.ceph().found(lenient=True) is True
    fake.failures["ceph"] = (1, "[errno 2] RADOS object not found (error connecting to the cluster)\n")
    assert fake.ceph().found(lenient=True) is False
    assert fake.ceph().found(lenient=False) is True


def test_the_runner_passes_words_on_as_they_are():
    calls: list[tuple[list[str], dict[str, Any]]] = []

    def run_command(argv: list[str], **options: Any) -> tuple[int, str, str]:
        calls.append((argv, options))
        if argv == ["absent"]:
            raise FileNotFoundError(2, "No such file or directory")
        return 0, "out", "err"

    run = armature_ceph.runner(run_command)
    assert run(["ceph", "$cluster"], "input") == (0, "out", "err")
    assert run(["absent"], None) == (127, "", "absent: No such file or directory")
    options = {"handle_exceptions": False, "expand_user_and_vars": False}
    assert calls == [(["ceph", "$cluster"], {"data": "input", **options}), (["absent"], {"data": None, **options})]
