from pathlib import Path

import pytest
from ansible.module_utils import armature_files as files


def test_plan_writes_what_differs_and_removes_what_is_owned_and_unwanted():
    change = files.plan(
        present={"/a": "1", "/b": "2", "/c": "3"},
        wanted={"/a": "1", "/b": "two", "/d": "4"},
        owned=["/a", "/b", "/c", "/gone"],
    )
    assert change.writes == {"/b": "two", "/d": "4"}
    assert change.removals == ("/c",)
    assert change.before == {"/b": "2", "/c": "3"}


def test_plan_of_equal_files_is_false():
    assert not files.plan({"/a": "1"}, {"/a": "1"}, ["/a"])


def test_diff_has_both_texts_of_each_file():
    change = files.plan({"/b": "2", "/c": "3"}, {"/b": "two"}, ["/c"])
    assert change.diff() == [
        {"before_header": "/b", "after_header": "/b", "before": "2", "after": "two"},
        {"before_header": "/c", "after_header": "(absent)", "before": "3", "after": ""},
    ]


def test_observe_reads_files_only(tmp_path: Path):
    (tmp_path / "a").write_text("1")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("a")
    assert files.observe(["/a", "/folder", "/link", "/none"], tmp_path) == {"/a": "1"}


def test_apply_writes_removes_and_makes_folders(tmp_path: Path):
    (tmp_path / "old").write_text("x")
    files.apply(files.plan({"/old": "x"}, {"/new/file": "text\n"}, ["/old"]), tmp_path, 0o600)
    assert (tmp_path / "new/file").read_text() == "text\n"
    assert (tmp_path / "new/file").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "old").exists()


def test_write_keeps_the_mode_of_a_file_and_replaces_a_link(tmp_path: Path):
    (tmp_path / "target").write_text("kept")
    (tmp_path / "link").symlink_to("target")
    files.write(tmp_path / "link", "new")
    assert (tmp_path / "target").read_text() == "kept"
    (tmp_path / "script").write_text("x")
    (tmp_path / "script").chmod(0o755)
    files.write(tmp_path / "script", "y")
    assert (tmp_path / "script").stat().st_mode & 0o777 == 0o755


def test_write_leaves_nothing_behind_when_it_fails(tmp_path: Path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        files.write(tmp_path / "folder", "text")
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]
