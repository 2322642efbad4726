"""What the loader makes of YAML; the table in tests/negative has the messages."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from armature.errors import Problem, SiteError
from armature.load import in_file_order, load_site, site_from_text
from armature.yaml_tree import MOST_NESTING, parse_tree

INVENTORIES = Path(__file__).parents[2] / "inventories"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0x10", 16),
        ("0o17", 15),
        ("-5", -5),
        ("010", "010"),
        ("1_000", "1_000"),
        ("2026.1", 2026.1),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        ("2026-01-01", "2026-01-01"),
        ("52:54:00:12:34:56", "52:54:00:12:34:56"),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("~", None),
        ("", None),
        ('"16"', "16"),
        ("'true'", "true"),
        ("|\n  a\n  b", "a\nb\n"),
        ("!!str 16", "16"),
    ],
)
def test_scalars(text: str, value: object) -> None:
    tree, _ = parse_tree(f"key: {text}\n")
    assert tree == {"key": value}
    assert type(tree["key"]) is type(value)


def test_numbers_too_long_stay_text() -> None:
    tree, problems = parse_tree(f"key: {'9' * 10_000}\n")
    assert tree == {"key": "9" * 10_000}
    assert not problems


def test_nesting_as_deep_as_allowed() -> None:
    depth = MOST_NESTING
    tree, problems = parse_tree("[" * depth + "]" * depth)
    assert isinstance(tree, list)
    assert not problems
    for opening in ("[", "- ", "{a: ", "? "):
        tree, problems = parse_tree(opening * 100_000)
        assert tree is None
        assert len(problems) == 1


def test_the_order_of_keys_is_kept() -> None:
    tree, _ = parse_tree("b: 1\na: 2\nc: {z: 1, y: 2}\n")
    assert list(tree) == ["b", "a", "c"]
    assert list(tree["c"]) == ["z", "y"]


def test_problems_are_in_file_order() -> None:
    tree = {"b": {"y": 1, "x": [1, 2, 3]}, "a": {"odd key": 1, "c": 2}}
    paths = ["a.c", "a['odd key']", "b.x[2]", "b.missing", "b.x[10]", "b.y", "line 3", "b"]
    ordered = [problem.path for problem in in_file_order([Problem(path, "") for path in paths], tree)]
    assert ordered == ["line 3", "b.missing", "b", "b.y", "b.x[10]", "b.x[2]", "a['odd key']", "a.c"]


def test_a_site_may_start_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "site.yml"
    file.write_bytes(b"\xef\xbb\xbf" + (INVENTORIES / "lab/site.yml").read_bytes())
    assert load_site(file).name == "lab"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file(tmp_path: Path) -> None:
    file = tmp_path / "site.yml"
    file.touch(0o000)
    with pytest.raises(SiteError, match="you may not read it"):
        load_site(file)


def test_paths_are_shown_as_people_type_them(repository: Path) -> None:
    with pytest.raises(SiteError) as caught:
        load_site(repository / "inventories/nowhere/site.yml")
    assert str(caught.value).startswith("inventories/nowhere/site.yml: 1 problem\n")


def big_site(hosts: int) -> str:
    """Return the text of a site with many hosts, each of which has what a host can have."""
    described = "".join(
        f"  h-{index}:\n    number: {index + 16}\n    hardware: server\n"
        f"    roles: [{'control, network' if index < 3 else 'compute'}]\n"
        f"    macs: {{n0: '02:00:00:00:{index // 256:02x}:{index % 256:02x}'}}\n"
        for index in range(hosts)
    )
    return f"""
name: big
prefix: fd00:b16::/48
domain: big.test
networks:
  api: {{number: 1, purposes: [admin, api]}}
  tunnel: {{number: 2, purposes: [tunnel], vlan: 2}}
  external: {{number: 3, purposes: [provider], vlan: 3}}
hardware:
  server: {{nics: [n0], networks: {{api: n0, tunnel: n0, external: n0}}}}
hosts:
{described}
vips:
  internal: {{number: 5, name: vip.big.test}}
"""


def test_a_thousand_hosts() -> None:
    assert len(site_from_text(big_site(1000), Path("site.yml")).hosts) == 1000
    with pytest.raises(SiteError) as caught:
        site_from_text(big_site(1000).replace("hardware: server", "hardware: sever"), Path("site.yml"))
    assert len(caught.value.problems) == 1000
