"""The folder that kolla-ansible reads."""

import stat
from pathlib import Path

import pytest

from armature.kolla import KollaError
from armature.kolla.tree import Change, apply, as_diff, changes, digest, join, read_tree


def put(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)


def test_writes_what_is_wanted_and_removes_what_is_owned(tmp_path: Path):
    put(tmp_path, globals="old", kept="mine", config__nova="gone", config__a__b="same")
    wanted = {"globals": b"new", "config/a/b": b"same", "config/heat/x": b"1"}
    planned = changes(tmp_path, wanted, ["config"])
    assert planned == [
        Change("config/heat/x", None, b"1"),
        Change("globals", b"old", b"new"),
        Change("config/nova", b"gone", None),
    ]
    apply(tmp_path, planned)
    assert read_tree(tmp_path) == {**wanted, "kept": b"mine"}
    assert changes(tmp_path, wanted, ["config"]) == []


def test_files_are_for_the_owner_alone(tmp_path: Path):
    root = tmp_path / "build"
    apply(root, [Change("config/a", None, b"1")])
    assert [stat.S_IMODE((root / name).stat().st_mode) for name in ("", "config", "config/a")] == [0o700, 0o700, 0o600]
    (root / "config/a").chmod(0o644)
    assert changes(root, {"config/a": b"1"}, []) == [Change("config/a", b"1", b"1")]
    apply(root, changes(root, {"config/a": b"1"}, []))
    assert stat.S_IMODE((root / "config/a").stat().st_mode) == 0o600


def test_empty_folders_go(tmp_path: Path):
    put(tmp_path, config__a__b__c="1", config__d="2")
    apply(tmp_path, changes(tmp_path, {"config/d": b"2"}, ["config"]))
    assert sorted(path.name for path in (tmp_path / "config").iterdir()) == ["d"]


def test_a_file_of_two_sources_is_refused_and_both_are_named():
    with pytest.raises(KollaError) as raised:
        join({"site.yml": {"config/nova.conf": b""}, "inventories/lon1/kolla": {"config/nova.conf": b""}})
    assert str(raised.value) == (
        "1 file(s) come from two places. Say it in site.yml (kolla_overrides), or take the file away.\n"
        "  inventories/lon1/kolla/config/nova.conf: Armature writes this file too, from site.yml."
    )


def test_digest_depends_on_paths_and_contents():
    assert digest({"a": b"1", "b": b"2"}) == digest({"b": b"2", "a": b"1"})
    assert len({digest({"a": b"1"}), digest({"a": b"2"}), digest({"b": b"1"}), digest({})}) == 4


def test_the_diff_of_a_secret_has_hashes_alone():
    shown = as_diff(Change("passwords.yml", b"hunter2", b"hunter3"), secret=True)
    assert "hunter" not in str(shown)
    assert shown["before"] != shown["after"]
    assert as_diff(Change("globals.yml", None, b"a: 1\n"), secret=False) == {
        "before_header": "globals.yml",
        "after_header": "globals.yml",
        "before": "",
        "after": "a: 1\n",
    }
