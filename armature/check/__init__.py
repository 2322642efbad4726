"""Every relation between values of a site that can be wrong.

Shapes are :mod:`armature.shape`'s; here each value is sound by itself. One module a part of the file, each a
generator of problems; :func:`armature.load.load_site` puts them into file order.
"""

from __future__ import annotations

from collections.abc import Iterator

from armature.check.baremetal import baremetal_problems
from armature.check.ceph import ceph_problems
from armature.check.cinder import cinder_problems
from armature.check.hardware import hardware_problems
from armature.check.hosts import host_problems
from armature.check.images import image_problems
from armature.check.kolla import override_problems, release_problems, service_problems
from armature.check.metadata import metadata_problems
from armature.check.networks import network_problems
from armature.check.numbers import number_problems
from armature.check.people import user_problems
from armature.check.site import site_problems
from armature.check.verify import verify_problems
from armature.check.vips import vip_problems
from armature.check.volume_types import volume_type_problems
from armature.errors import Problem
from armature.model import Site

_CHECKS = (
    release_problems,
    site_problems,
    user_problems,
    network_problems,
    hardware_problems,
    host_problems,
    number_problems,
    vip_problems,
    service_problems,
    cinder_problems,
    baremetal_problems,
    metadata_problems,
    volume_type_problems,
    image_problems,
    ceph_problems,
    verify_problems,
    override_problems,
)


def problems(site: Site) -> Iterator[Problem]:
    """Yield every problem of ``site``. Linear in the site's size; raises nothing."""
    for check in _CHECKS:
        yield from check(site)
