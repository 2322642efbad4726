"""kolla-ansible's venv: its name, and how it is made."""

import sys
from pathlib import Path

import pytest

from armature.kolla import KollaError, venv
from armature.kolla.venv import cache_folder, is_complete, make_venv, uv_options, venv_name


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"HOME": "/home/a"}, "/home/a/.cache/armature"),
        ({"HOME": "/home/a", "XDG_CACHE_HOME": ""}, "/home/a/.cache/armature"),
        ({"HOME": "/home/a", "XDG_CACHE_HOME": "/var/cache"}, "/var/cache/armature"),
    ],
)
def test_cache_folder(environment: dict[str, str], folder: str):
    assert str(cache_folder(environment)) == folder


def test_the_name_depends_on_everything_that_goes_in(tmp_path: Path):
    (tmp_path / "mends.py").write_text("1")
    name = venv_name("2026.1", ["a==1"], "b==1", tmp_path)
    assert name.startswith("2026.1-")
    assert name == venv_name("2026.1", ["a==1"], "b==1", tmp_path)
    others = {venv_name("2026.1", ["a==2"], "b==1", tmp_path), venv_name("2026.1", ["a==1"], "b==2", tmp_path)}
    (tmp_path / "mends.py").write_text("2")
    others.add(venv_name("2026.1", ["a==1"], "b==1", tmp_path))
    assert len(others - {name}) == 3


@pytest.mark.parametrize(
    ("settings", "options", "environment"),
    [
        ("", [], {}),
        ("global.timeout='60'", [], {}),
        ("global.index-url='https://a/simple'", ["--index-url", "https://a/simple"], {}),
        (
            ":env:.index-url='https://b/simple'\nglobal.index-url='https://a/simple'\ninstall.index-url='https://c/simple'",
            ["--index-url", "https://b/simple"],
            {},
        ),
        (
            "global.extra-index-url='https://a\\nhttps://b'\n:env:.find-links='/wheels'",
            ["--extra-index-url", "https://a", "--extra-index-url", "https://b", "--find-links", "/wheels"],
            {},
        ),
        ("global.cert='/etc/ca.crt'", [], {"SSL_CERT_FILE": "/etc/ca.crt"}),
    ],
)
def test_uv_looks_where_pip_looks(settings: str, options: list[str], environment: dict[str, str]):
    assert uv_options(settings) == (options, environment)


def finish(path: Path) -> list[str]:
    return [sys.executable, "-c", f"open({str(path / 'mended')!r}, 'x')"]


@pytest.mark.parametrize("uv", [True, False])
def test_a_half_made_venv_is_made_anew_and_a_whole_one_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uv: bool
):
    if not uv:
        monkeypatch.setattr(venv, "_find_uv", lambda: None)
    # Nothing is installed: a requirement whose marker is false needs no index.
    requirements = ["nothing==1; python_version < '3'"]
    path = tmp_path / "2026.1-abc"
    (path / "lib").mkdir(parents=True)
    (path / "lib/half-made").touch()
    make_venv(path, requirements, "", finish)
    assert is_complete(path)
    assert (path / "mended").is_file()
    assert (path / "bin/python").exists()
    assert not (path / "lib/half-made").exists()
    # The second time, finish would fail on the file that is there.
    make_venv(path, requirements, "", finish)


def test_a_venv_whose_mending_fails_is_not_complete(tmp_path: Path):
    path = tmp_path / "2026.1-abc"
    with pytest.raises(KollaError, match=r"ended with status 3:\nno cure"):
        make_venv(path, ["nothing==1; python_version < '3'"], "", lambda made: [
            sys.executable, "-c", "import sys; print('no cure', file=sys.stderr); sys.exit(3)"
        ])  # fmt: skip
    assert not is_complete(path)
