"""Broken sites, each with every message it gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from armature.errors import SiteError
from armature.load import load_site, site_from_text

HERE = Path(__file__).parent
GOOD = (HERE / "good.yml").read_text()
GOOD_CEPH = (HERE / "good_ceph.yml").read_text()
GOOD_BAREMETAL = (HERE / "good_baremetal.yml").read_text()
CASES: list[tuple[str, dict[str, Any]]] = [
    (good, case)
    for good, cases in (
        (GOOD, "cases.yml"),
        (GOOD_CEPH, "cases_ceph.yml"),
        (GOOD_BAREMETAL, "cases_baremetal.yml"),
    )
    for case in yaml.safe_load((HERE / cases).read_text())
]
SITE = Path("inventories/good/site.yml")


@pytest.mark.parametrize("text", [GOOD, GOOD_CEPH, GOOD_BAREMETAL])
def test_the_good_site_is_sound(text: str) -> None:
    assert site_from_text(text, SITE).name == "good"


def test_cases_have_their_own_names() -> None:
    names = [case["case"] for _good, case in CASES]
    assert sorted(set(names)) == sorted(names)
    assert len(names) >= 60


@pytest.mark.parametrize(("text", "case"), CASES, ids=[case["case"].replace(" ", "-") for _good, case in CASES])
def test_messages(text: str, case: dict[str, Any]) -> None:
    for edit in case["edits"]:
        assert text.count(edit["old"]) == 1, "the old text must stand in the file once"
        text = text.replace(edit["old"], edit["new"])
    with pytest.raises(SiteError) as caught:
        site_from_text(text, SITE)
    expected = case["problems"].splitlines()
    count = f"{len(expected)} problem{'' if len(expected) == 1 else 's'}"
    assert str(caught.value) == "\n  ".join([f"{SITE}: {count}", *expected])


FILES = {
    "empty": (b"", "the file is empty. Describe a site: inventories/lon1/site.yml teaches how."),
    "comments": (b"# soon\n", "the file is empty. Describe a site: inventories/lon1/site.yml teaches how."),
    "list": (b"- a\n", "the file holds a list, not a mapping. Describe a site: inventories/lon1/site.yml teaches how."),
    "text": (b"lab\n", "the file holds 'lab', which is text, not a mapping. "
             "Describe a site: inventories/lon1/site.yml teaches how."),
    "latin": (b"name: lab\ndomain: b\xe4r\n", "line 2 is no UTF-8 text. Save the file as UTF-8."),
    "binary": (b"\x7fELF\x00\x01", "this is a binary file. Name a site.yml."),
    "control": (b"name: \x01", "no valid YAML: unacceptable character #x0001: control characters are not allowed in "
                '"<unicode string>", position 6. Correct it.'),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_files_that_hold_no_site(name: str, tmp_path: Path) -> None:
    content, message = FILES[name]
    file = tmp_path / "site.yml"
    file.write_bytes(content)
    with pytest.raises(SiteError) as caught:
        load_site(file)
    assert str(caught.value) == f"{file}: 1 problem\n  {message}"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing", "there is no such file. Name a site.yml."),
        (".", "this is a directory. Name the site.yml in it."),
        ("nul\0", "cannot be read: embedded null byte. Name a site.yml."),
        ("x" * 300, "cannot be read: File name too long. Name a site.yml."),
    ],
)
def test_files_that_cannot_be_read(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SiteError) as caught:
        load_site(tmp_path / name)
    assert [problem.message for problem in caught.value.problems] == [message]


def test_a_bomb_of_aliases_is_small(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60))]
    with pytest.raises(SiteError) as caught:
        site_from_text("\n".join(lines), tmp_path / "site.yml")
    assert "a59[1]: refers to the anchor 'a58'" in str(caught.value)


def test_a_copied_site_must_be_renamed() -> None:
    with pytest.raises(SiteError) as caught:
        site_from_text(GOOD, Path("inventories/better/site.yml"))
    assert [str(problem) for problem in caught.value.problems] == [
        "name: 'good' is not the name of the folder, 'better'. Give both one name."
    ]
