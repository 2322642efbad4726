"""Images that are one of kolla's and something more, each made from a small Containerfile in ``images/``.

A derived image's tag is its base's with a few digits of what it is made from: what is changed gets another tag, and
kolla-ansible makes the container anew. A unit test compares the digits with the files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from armature.iscsi import CINDER, section
from armature.model import Arch, Role, Site
from armature.release import release

MENDS = (
    "armature/__init__.py",
    "armature/upstream/image.py",
    "armature/upstream/image_mends.py",
    "armature/upstream/mend.py",
)
"""Files of the repository that an image with mends is made from, beside its Containerfile.

Without ``armature/upstream/__init__.py``, which brings kolla-ansible's mends, the folder is a namespace package.
"""


@dataclass(frozen=True)
class Derived:
    """One image: kolla's name of it, the hosts that run it, when a site has it, and what it is made from."""

    name: str
    role: Role
    wanted: Callable[[Site], bool]
    digits: str
    tag_variable: str
    """kolla-ansible's variable for the tag."""
    files: tuple[str, ...] = ()


DERIVED = (
    Derived(
        name="cinder-volume",
        role=CINDER,
        wanted=lambda site: section(site) is not None,
        digits="7c7fa637",
        tag_variable="cinder_volume_tag",
        files=MENDS,
    ),
)


def derived_globals(site: Site) -> dict[str, str]:
    """Return kolla-ansible's variables that name the derived images of the site."""
    return {image.tag_variable: f"{{{{ openstack_tag }}}}{_suffix(image)}" for image in DERIVED if image.wanted(site)}


def derived_images(site: Site, host: str) -> list[dict[str, Any]]:
    """Return the images that a host makes: ``name``, ``image`` and ``base`` in full, and ``files`` of the repository.

    With a registry, the first host of each architecture makes an image for all. Raises KeyError for an unknown host.
    """
    arch = site.hardware_of(host).arch
    return [
        {
            "name": image.name,
            "base": _full(site, image, arch),
            "image": f"{_full(site, image, arch)}{_suffix(image)}",
            "files": [f"images/{image.name}/Containerfile", *image.files],
        }
        for image in DERIVED
        if image.wanted(site) and host in _makers(site, image, arch)
    ]


def _makers(site: Site, image: Derived, arch: Arch) -> list[str]:
    hosts = [host for host in site.hosts_with(image.role) if site.hardware_of(host).arch is arch]
    return hosts[:1] if site.images.registry else hosts


def _suffix(image: Derived) -> str:
    return f"-armature-{image.digits}"


def _full(site: Site, image: Derived, arch: Arch) -> str:
    registry = f"{site.images.registry}/" if site.images.registry else ""
    tag = site.images.tag or release(site.release).image_tag(arch)
    return f"{registry}{site.images.namespace}/{image.name}:{tag}"
