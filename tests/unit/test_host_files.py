from pathlib import Path

from ansible.modules import host_files


def run(root: Path, files: dict[str, str], check: bool = False) -> dict:
    return host_files.change("someone", files, 0o644, check, root)


def test_first_run_writes_second_run_changes_nothing(tmp_path: Path):
    first = run(tmp_path, {"/etc/a": "1\n"})
    assert (first["changed"], first["written"], first["removed"]) == (True, ["/etc/a"], [])
    second = run(tmp_path, {"/etc/a": "1\n"})
    assert (second["changed"], second["diff"]) == (False, [])


def test_a_file_that_is_no_longer_wanted_is_removed_and_a_foreign_one_stays(tmp_path: Path):
    run(tmp_path, {"/etc/a": "1\n", "/etc/b": "2\n"})
    (tmp_path / "etc/foreign").write_text("x")
    result = run(tmp_path, {"/etc/a": "1\n"})
    assert result["removed"] == ["/etc/b"]
    assert sorted(file.name for file in (tmp_path / "etc").iterdir()) == ["a", "foreign"]
    assert not run(tmp_path, {"/etc/a": "1\n"})["changed"]


def test_check_mode_reports_the_same_and_writes_nothing(tmp_path: Path):
    run(tmp_path, {"/etc/a": "1\n"})
    check = run(tmp_path, {"/etc/b": "2\n"}, check=True)
    assert (tmp_path / "etc/a").exists()
    assert not (tmp_path / "etc/b").exists()
    assert check == run(tmp_path, {"/etc/b": "2\n"})


def test_a_file_that_was_already_there_is_taken_over(tmp_path: Path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/a").write_text("1\n")
    assert not run(tmp_path, {"/etc/a": "1\n"})["changed"]
    assert run(tmp_path, {})["removed"] == ["/etc/a"]


def test_problems_quote_the_value():
    assert host_files.problems("a-b", {"etc/a": "1", "/b": 5, "/c/../d": ""}) == [
        "owner: 'a-b' is not a name. Use letters, digits and underscores.",
        "files: 'etc/a' is not an absolute path. Begin it with a slash, without '..'.",
        "files./b: 5 is not text. Quote it.",
        "files: '/c/../d' is not an absolute path. Begin it with a slash, without '..'.",
    ]
