"""Keys of clients: made once, capabilities corrected, and a key itself never changed, deleted or shown."""

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.armature_ceph import CephError
from ansible.modules.ceph_key import change, problems
from fake_ceph import CEPH, FSID, Answers, FakeCeph, no_cluster

SECRET = "AQBvaBMAAAAAABAA0Kd3JwKPZPnFHTDEzsFu0g=="


def entry(entity: str, key: str = "AQ==", **caps: str) -> dict[str, Any]:
    """An entry of `ceph auth ls --format json`."""
    return {"entity": entity, "key": key, "caps": caps}


ADMIN = entry("client.admin", "ADMIN==", mds="allow *", mgr="allow *", mon="allow *", osd="allow *")
GLANCE = {"mon": "profile rbd", "osd": "profile rbd pool=images", "mgr": "profile rbd pool=images"}
KEYS = {"client.glance": {"caps": GLANCE}, "client.nova": {"caps": {"mon": "profile rbd", "osd": "profile rbd"}}}


def cluster(root: Path, *listings: list[dict[str, Any]]) -> FakeCeph:
    return FakeCeph(root, {"auth ls": Answers([{"auth_dump": listing} for listing in listings])})


def test_keys_are_made_and_capabilities_changed(tmp_path: Path):
    nova = entry("client.nova", "N0VA==", mon="profile rbd")
    after = [ADMIN, nova, entry("client.glance", SECRET, **GLANCE)]
    fake = cluster(tmp_path, [ADMIN, nova], after)
    result = change(fake.ceph(), KEYS, check=False)
    assert result["plan"] == ["key client.glance: create it", "key client.nova: change its capabilities"]
    glance = ("mgr", "profile rbd pool=images", "mon", "profile rbd", "osd", "profile rbd pool=images")
    assert fake.changes == [
        ([*CEPH, "auth", "get-or-create", "client.glance", *glance], None),
        ([*CEPH, "auth", "caps", "client.nova", "mon", "profile rbd", "osd", "profile rbd"], None),
    ]
    assert result["keyrings"] == {
        "client.glance": f"[client.glance]\n\tkey = {SECRET}\n",
        "client.nova": "[client.nova]\n\tkey = N0VA==\n",
    }
    assert [(diff["before"], diff["after"]) for diff in result["diff"]] == [
        ("", "mon: profile rbd\nosd: profile rbd pool=images\nmgr: profile rbd pool=images\n"),
        ("mon: profile rbd\n", "mon: profile rbd\nosd: profile rbd\n"),
    ]
    assert SECRET not in str(result["diff"])


def test_a_second_run_changes_nothing(tmp_path: Path):
    nova = entry("client.nova", mon="profile rbd", osd="profile rbd")
    fake = cluster(tmp_path, [ADMIN, entry("client.glance", SECRET, **GLANCE), nova])
    result = change(fake.ceph(), KEYS, check=False)
    assert (result["changed"], result["diff"], result["plan"]) == (False, [], [])
    assert sorted(result["keyrings"]) == ["client.glance", "client.nova"]
    assert (fake.changes, fake.reads) == ([], ["auth ls"])


def test_capabilities_of_a_kind_that_is_no_longer_wanted_go(tmp_path: Path):
    fake = cluster(tmp_path, [entry("client.a", mon="profile rbd", mds="allow *")])
    change(fake.ceph(), {"client.a": {"caps": {"mon": "profile rbd"}}}, check=False)
    assert fake.changes == [([*CEPH, "auth", "caps", "client.a", "mon", "profile rbd"], None)]


def test_check_mode_only_plans_and_leaves_out_what_is_not_there(tmp_path: Path):
    fake = cluster(tmp_path, [ADMIN, entry("client.nova", mon="profile rbd")])
    planned = change(fake.ceph(), KEYS, check=True)
    assert fake.changes == []
    assert list(planned["keyrings"]) == ["client.nova"]
    real = change(fake.ceph(), KEYS, check=False)
    assert {**real, "keyrings": planned["keyrings"]} == planned


def test_without_a_cluster_check_mode_plans_everything_and_a_run_fails(tmp_path: Path):
    fake = no_cluster(tmp_path)
    planned = change(fake.ceph(), KEYS, check=True)
    assert planned["plan"] == ["key client.glance: create it", "key client.nova: create it"]
    assert planned["keyrings"] == {}
    with pytest.raises(CephError, match=f"no cluster {FSID} here"):
        change(fake.ceph(), KEYS, check=False)
    assert fake.calls == []


def test_an_error_shows_no_key(tmp_path: Path):
    fake = cluster(tmp_path, [])

    def run(argv: list[str], data: str | None) -> tuple[int, str, str]:
        return 0, f'{{"auth_dump": [{{"entity": "client.admin", "key": "{SECRET}", ', ""

    fake.run = run
    with pytest.raises(CephError) as error:
        change(fake.ceph(), KEYS, check=False)
    assert "JSON that is cut off" in str(error.value)
    assert SECRET not in str(error.value)


def test_problems_quote_the_value():
    bad = {
        "osd.0": {"caps": {"mon": "allow *"}},
        "client.admin": {"caps": {"mon": "allow r"}},
        "client.a": {},
        "client.b": {"caps": {"mon": 5}},
        "client.c": "allow",
    }
    assert problems(bad) == [
        "keys: 'osd.0' is Ceph's own. Use a name that begins with 'client.'.",
        "keys: 'client.admin' is Ceph's own. Use a name that begins with 'client.'.",
        "keys.client.a: has no 'caps'. Say what it may do, as 'mon: profile rbd'.",
        "keys.client.b.caps.mon: 5 is not text. Quote it.",
        "keys.client.c: has no 'caps'. Say what it may do, as 'mon: profile rbd'.",
    ]
    assert problems(KEYS) == []
