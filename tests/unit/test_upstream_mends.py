"""Mends of kolla-ansible: on excerpts of upstream's texts, and on the real files where they are installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment

from armature.release import RELEASES
from armature.upstream import MENDS, Mend, MendError, apply_mends
from armature.upstream.__main__ import main

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "armature" / "kolla-ansible"

BOOTSTRAP = """
    --inactivity-probe={{ ovn_nb_db_inactivity_probe }}
    set-connection ptcp:{{ ovn_nb_db_port }}:0.0.0.0
    set-connection ptcp:{{ ovn_sb_db_port }}:0.0.0.0
"""

INITIAL = r"""
        ovn_nb_old_node: "{{ ovn_nb_db_cluster_status | regex_search('\\((\\w{4}) at tcp:' + api_interface_address + ':6643\\)', '\\1') | first }}"
        - (ovn_nb_db_cluster_status.stdout is search('at tcp:' + api_interface_address)) and x
        ovn_sb_old_node: "{{ ovn_sb_db_cluster_status | regex_search('\\((\\w{4}) at tcp:' + api_interface_address + ':6644\\)', '\\1') | first }}"
        - (ovn_sb_db_cluster_status.stdout is search('at tcp:' + api_interface_address)) and x
"""  # noqa: E501

WORKER = """
class DockerWorker(ContainerWorker):
    def check_image(self):
        find_image = ':'.join(self.parse_image())
        for image in self.dc.images():
            repo_tags = image.get('RepoTags')
            if not repo_tags:
                continue
            for image_name in repo_tags:
                if image_name == find_image:
                    return image
        return dict()

    def pull_image(self):
        image, tag = self.parse_image()
        return self.dc.pull(repository=image, tag=tag)
"""

PODMAN = """
from podman.errors import APIError
from podman import PodmanClient

import shlex
"""

MODULE = """
import traceback

from ansible.module_utils.kolla_container_worker import ContainerWorker


def main():
    from ansible.module_utils.kolla_docker_worker import DockerWorker
    return DockerWorker
"""

DOCKER = f"\nimport docker\nimport json\n{WORKER}"

EXCERPTS = {
    "ovn-databases-listen-on-ipv6": BOOTSTRAP,
    "ovn-databases-forget-replaced-member": INITIAL,
    "docker-images-by-digest": DOCKER,
    "container-module-under-mitogen": MODULE,
    "docker-worker-without-its-library": DOCKER,
    "podman-worker-without-its-library": PODMAN,
}

VERSIONS = [release.kolla_ansible for release in RELEASES.values()]


def mend(name: str) -> Mend:
    return next(mend for mend in MENDS if mend.name == name)


def share(folder: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        file = folder / mend(name).file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def state(folder: Path) -> dict[str, str]:
    return {str(file): file.read_text() for file in folder.rglob("*") if file.is_file()}


def test_every_mend_has_an_excerpt_and_says_why() -> None:
    assert set(EXCERPTS) == {mend.name for mend in MENDS}
    assert all(mend.why.endswith(".") for mend in MENDS)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_release_is_mended_once(version: str, tmp_path: Path) -> None:
    folder = share(tmp_path, EXCERPTS)
    assert apply_mends(folder, version) == list(EXCERPTS)
    after = state(folder)
    assert apply_mends(folder, version) == []
    assert state(folder) == after


def test_the_container_module_names_its_workers_at_its_top() -> None:
    head = mend("container-module-under-mitogen").apply(MODULE).split("def main")[0]
    assert [line.split()[-1] for line in head.splitlines() if "_worker import" in line] == [
        *("ContainerWorker", "DockerWorker", "PodmanWorker")
    ]


def test_a_worker_is_read_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("podman", "podman.errors"):
        monkeypatch.setitem(sys.modules, name, None)
    text = mend("podman-worker-without-its-library").apply(PODMAN)
    names: dict[str, Any] = {}
    exec(text, names)
    assert "shlex" in names
    with pytest.raises(ModuleNotFoundError):
        exec(PODMAN, {})


@pytest.mark.parametrize(("family", "address"), [("ipv6", "[::]"), ("ipv4", "0.0.0.0")], ids=["ipv6", "ipv4"])
def test_ovn_listens_in_the_family_of_the_api_network(family: str, address: str) -> None:
    text = mend("ovn-databases-listen-on-ipv6").apply(BOOTSTRAP)
    rendered = (
        Environment().from_string(text).render(api_address_family=family, ovn_nb_db_port=6641, ovn_sb_db_port=6642)
    )
    assert [line.strip() for line in rendered.splitlines()[-2:]] == [
        f"set-connection ptcp:6641:{address}",
        f"set-connection ptcp:6642:{address}",
    ]


@pytest.mark.parametrize(("address", "in_url"), [("fd00::12", "[fd00::12]"), ("10.0.0.12", "10.0.0.12")])
def test_replaced_member_is_found_as_ovn_prints_it(address: str, in_url: str) -> None:
    text = mend("ovn-databases-forget-replaced-member").apply(INITIAL)
    expression = re.search(r'ovn_nb_old_node: "\{\{ (.*) \| first \}\}"', text)
    assert expression
    environment = Environment()
    environment.filters |= {
        "regex_search": lambda value, pattern, group: re.search(pattern, value).expand(group),  # type: ignore[union-attr]
        "regex_escape": re.escape,
        "put_address_in_context": lambda value, _: f"[{value}]" if ":" in value else value,
    }
    # YAML makes one backslash of two, and Ansible two of one again before Jinja reads them.
    render = environment.compile_expression(expression[1])
    status = f"Servers:\n    1f2e (1f2e at tcp:[fd00::11]:6643)\n    ab12 (ab12 at tcp:{in_url}:6643) last msg"
    assert render(ovn_nb_db_cluster_status=status, api_interface_address=address) == "ab12"


class Engine:
    """Docker's API as far as the worker asks for it."""

    def images(self) -> list[dict[str, Any]]:
        digest = "registry:5000/ns/nova-api@sha256:ab"
        tagged = {"Id": "tagged", "RepoTags": ["registry:5000/ns/nova-api:t"], "RepoDigests": None}
        return [{"Id": "dangling", "RepoTags": None}, {"Id": "locked", "RepoTags": [], "RepoDigests": [digest]}, tagged]

    def pull(self, repository: str, tag: str) -> tuple[str, str]:
        return repository, tag


class Base:
    """Upstream's parse_image. Source: ansible/module_utils/kolla_container_worker.py, 22.2.0."""

    def __init__(self, image: str) -> None:
        self.params, self.dc = {"image": image}, Engine()

    def parse_image(self) -> Any:
        full_image = self.params["image"]
        image = full_image.split("/", 1)[1] if "/" in full_image else full_image
        return full_image.rsplit(":", 1) if ":" in image else (full_image, "latest")


def worker(text: str, image: str) -> Any:
    module = types.ModuleType("worker")
    module.__dict__["ContainerWorker"] = Base
    exec(text, module.__dict__)
    return module.__dict__["DockerWorker"](image)


@pytest.mark.parametrize(
    ("image", "pulled", "found"),
    [
        ("registry:5000/ns/nova-api@sha256:ab", ("registry:5000/ns/nova-api", "sha256:ab"), "locked"),
        ("registry:5000/ns/nova-api:t", ("registry:5000/ns/nova-api", "t"), "tagged"),
        ("registry:5000/ns/nova-api", ("registry:5000/ns/nova-api", "latest"), None),
    ],
)
def test_docker_pulls_and_finds_images_by_digest_and_by_tag(
    image: str, pulled: tuple[str, str], found: str | None
) -> None:
    mended = worker(mend("docker-images-by-digest").apply(WORKER), image)
    assert mended.pull_image() == pulled
    assert mended.check_image().get("Id") == found


def test_without_the_mend_docker_does_not_find_images_by_digest() -> None:
    broken = worker(WORKER, "registry:5000/ns/nova-api@sha256:ab")
    assert broken.pull_image() == ("registry:5000/ns/nova-api@sha256", "ab")
    assert broken.check_image() == {}


def test_unknown_text_stops_before_any_file_is_written(tmp_path: Path) -> None:
    folder = share(tmp_path, EXCERPTS | {"docker-worker-without-its-library": "\nimport docker\n"})
    before = state(folder)
    with pytest.raises(MendError, match=r"kolla_docker_worker\.py: mend 'docker-images-by-digest' finds neither"):
        apply_mends(folder, "22.2.0")
    assert state(folder) == before


def test_half_of_a_mend_is_completed(tmp_path: Path) -> None:
    half = BOOTSTRAP.replace("0.0.0.0", "{{ '[::]' if api_address_family == 'ipv6' else '0.0.0.0' }}", 1)
    folder = share(tmp_path, EXCERPTS | {"ovn-databases-listen-on-ipv6": half})
    assert "ovn-databases-listen-on-ipv6" in apply_mends(folder, "22.2.0")
    assert ":0.0.0.0\n" not in (folder / mend("ovn-databases-listen-on-ipv6").file).read_text()


def test_command_says_what_it_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(share(tmp_path, EXCERPTS))
    assert main([folder, "22.2.0"]) == 0
    assert capsys.readouterr().out.splitlines() == ["changed", *EXCERPTS]
    assert main([folder, "22.2.0"]) == 0
    assert capsys.readouterr().out.splitlines() == ["unchanged"]


def test_command_refuses_a_version_that_nobody_looked_at(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "armature.upstream", str(tmp_path), "21.3.0"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == "kolla-ansible 21.3.0: no mends are known for this version. Use one of 20.6.0, 22.2.0.\n"


def test_command_names_a_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "22.2.0"]) == 1
    assert "bootstrap-db.yml: mend 'ovn-databases-listen-on-ipv6' cannot read it" in capsys.readouterr().err


@pytest.mark.parametrize("name", RELEASES)
def test_real_files_take_every_mend(name: str, tmp_path: Path) -> None:
    installed = sorted(CACHE.glob(f"{name}-*/share/kolla-ansible/ansible"))
    if not installed:
        pytest.skip(f"no kolla-ansible of {name} below {CACHE}")
    version = RELEASES[name].kolla_ansible
    for wanted in MENDS:
        (tmp_path / wanted.file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(installed[-1].parent / wanted.file, tmp_path / wanted.file)
    apply_mends(tmp_path, version)
    assert apply_mends(tmp_path, version) == []
    for wanted in MENDS:
        text = (tmp_path / wanted.file).read_text()
        assert all(text.count(mended) == 1 for _, mended in wanted.replacements)
        if wanted.file.endswith(".py"):
            compile(text, wanted.file, "exec")
