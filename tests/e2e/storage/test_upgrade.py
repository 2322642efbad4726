"""Every daemon moves to another image while a server writes, and back again."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from ceph import Ceph
from running_lab import Lab
from writer import Writer

pytestmark = pytest.mark.long

OTHER = "lab/ceph:rebuilt"


@pytest.fixture
def other_image(lab: Lab, ceph: Ceph) -> Iterator[str]:
    """The same programs in an image of another identity, on every host, as a rebuilt image is."""
    lab.ssh("docker", "create", "--name", "rebuilt", ceph.image, "true")
    lab.ssh("docker", "commit", "--change", "'LABEL org.opencontainers.image.revision=2'", "rebuilt", OTHER)
    lab.ssh("docker", "rm", "rebuilt")
    for host in lab.hosts[1:]:
        with subprocess.Popen(lab.ssh_argv("docker", "save", OTHER), stdout=subprocess.PIPE) as save:
            subprocess.run(lab.ssh_argv("docker", "load", host=host), stdin=save.stdout, check=True, timeout=600)
        assert save.returncode == 0
    yield OTHER
    for host in lab.hosts:
        lab.ssh("docker", "image", "rm", OTHER, host=host)


def images(ceph: Ceph) -> set[str]:
    return {daemon["container_image_name"] for daemon in ceph.ceph("orch", "ps", "--refresh")}


def test_an_upgrade(lab: Lab, ceph: Ceph, other_image: str, writing: Writer) -> None:
    if len(lab.hosts) < 3:
        pytest.skip("needs a second manager: make lab SITE=lab-three")
    said = lab.play("upgrade_ceph.yml", "-e", f"image={other_image}")
    assert f"All of Ceph runs {other_image}." in " ".join(said.split())
    assert images(ceph) == {other_image}
    writing.goes_on()
    lab.play("upgrade_ceph.yml")
    assert images(ceph) == {ceph.image}
    ceph.wait_healthy()
    writing.goes_on()


def test_an_image_that_is_not_there(lab: Lab, ceph: Ceph) -> None:
    said = lab.play_that_fails("upgrade_ceph.yml", "-e", "image=lab/ceph:missing")
    assert "lab/ceph:missing" in said
    assert images(ceph) == {ceph.image}
