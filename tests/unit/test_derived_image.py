"""Derived images: what they are called, when they are built, and that their tag says what they are made from."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.modules.derived_image import LABEL, EngineError, change
from ceph_sites import ceph_site, iscsi_site

from armature.compile.kolla_globals import keys_set, kolla_globals
from armature.derived import DERIVED, MENDS, derived_images

REPOSITORY = Path(__file__).parents[2]
BASE = "registry.good.test/openstack.kolla/cinder-volume:2026.1"
IMAGE = f"{BASE}-armature-0a1b2c3d"
GIVEN: dict[str, Any] = {
    "engine": "docker",
    "image": IMAGE,
    "base": BASE,
    "context": "/c",
    "arguments": {"PIP_INDEX_URL": "https://pypi.good.test/simple"},
    "registry": False,
}


@pytest.mark.parametrize("image", DERIVED, ids=[image.name for image in DERIVED])
def test_a_tag_says_what_the_image_is_made_from(image: Any) -> None:
    whole = hashlib.sha256()
    for name in (f"images/{image.name}/Containerfile", *image.files):
        whole.update(name.encode() + b"\0" + (REPOSITORY / name).read_bytes())
    assert image.digits == whole.hexdigest()[:8], f"write digits={whole.hexdigest()[:8]!r}"


def test_every_containerfile_is_used() -> None:
    folders = {file.parent.name for file in REPOSITORY.glob("images/*/Containerfile")}
    assert folders == {image.name for image in DERIVED}


def test_mends_import_nothing_that_an_image_has_not(tmp_path: Path) -> None:
    for name in MENDS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, tmp_path / name)
    # Without site-packages: of Python's own there is enough.
    code = "import sys; sys.path.insert(0, '.'); from armature.upstream.image import main; sys.exit(main(['cinder']))"
    argv = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "cinder: is not installed here.\n")


def test_names() -> None:
    site = iscsi_site("{}", ("services: [", "images: {registry: registry.good.test}\nservices: ["))
    (image,) = derived_images(site, "ctl-1")
    assert image["base"] == "registry.good.test/openstack.kolla/cinder-volume:2026.1-debian-trixie-aarch64"
    assert image["image"] == f"{image['base']}-armature-{DERIVED[0].digits}"
    assert image["files"][0] == "images/cinder-volume/Containerfile"
    assert derived_images(site, "ctl-2") == derived_images(site, "igw-1") == []
    assert len(derived_images(iscsi_site(), "ctl-2")) == 1
    assert kolla_globals(site)["cinder_volume_tag"] == f"{{{{ openstack_tag }}}}-armature-{DERIVED[0].digits}"
    assert "cinder_volume_tag" in keys_set(site)


def test_a_site_that_needs_none() -> None:
    assert derived_images(ceph_site(), "ctl-1") == []
    assert "cinder_volume_tag" not in kolla_globals(ceph_site())


class Engine:
    """Images by name -> id, and derived ones -> the id of their base."""

    def __init__(self, images: dict[str, str], derived: dict[str, str] | None = None) -> None:
        self.images, self.derived = images, derived or {}
        self.asked: list[list[str]] = []

    def run(self, argv: list[str]) -> tuple[int, str, str]:
        if argv[1:3] == ["image", "inspect"]:
            if argv[3] not in self.images:
                return 1, "[]", f"Error: No such image: {argv[3]}"
            labels = {LABEL: self.derived[argv[3]]} if argv[3] in self.derived else None
            return 0, json.dumps([{"Id": self.images[argv[3]], "Config": {"Labels": labels}}]), ""
        self.asked.append(argv)
        if argv[1] == "build":
            self.images[IMAGE], self.derived[IMAGE] = "sha256:new", self.images[BASE]
        if argv[1] == "pull" and argv[-1] not in self.images:
            return 1, "", "manifest unknown"
        return 0, "", ""


def test_an_image_is_built_once() -> None:
    engine = Engine({BASE: "sha256:base"})
    assert change(engine.run, GIVEN, check=True) == {"changed": True, "plan": [f"build {IMAGE}"]}
    assert engine.asked == []
    assert change(engine.run, GIVEN, check=False)["changed"]
    words = ["docker", "build", "--network", "host", "--build-arg"]
    assert engine.asked == [
        [*words, f"BASE={BASE}", "--build-arg", "PIP_INDEX_URL=https://pypi.good.test/simple", "--label",
         f"{LABEL}=sha256:base", "--tag", IMAGE, "--file", "/c/Containerfile", "/c"]
    ]  # fmt: skip
    assert change(engine.run, GIVEN, check=False) == {"changed": False, "plan": []}


def test_another_base_makes_another_image() -> None:
    engine = Engine({BASE: "sha256:newer", IMAGE: "sha256:x"}, {IMAGE: "sha256:base"})
    assert change(engine.run, GIVEN, check=True)["plan"] == [f"build {IMAGE} anew, for its base is another"]


def test_with_a_registry_images_travel() -> None:
    engine = Engine({BASE: "sha256:base"})
    result = change(engine.run, GIVEN | {"registry": True}, check=False)
    assert result["plan"] == [f"build {IMAGE}", f"push {IMAGE}"]
    assert [argv[1] for argv in engine.asked] == ["pull", "pull", "build", "push"]
    assert not change(engine.run, GIVEN | {"registry": True}, check=False)["changed"]


def test_without_a_base() -> None:
    assert change(Engine({}).run, GIVEN, check=True)["changed"]
    with pytest.raises(EngineError, match="is not on this host, and there is no registry"):
        change(Engine({}).run, GIVEN, check=False)
    with pytest.raises(EngineError, match="'docker pull' ended with status 1: manifest unknown"):
        change(Engine({}).run, GIVEN | {"registry": True}, check=False)
