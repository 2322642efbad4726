"""The mends themselves. The texts are kolla-ansible's own, of the versions named."""

from __future__ import annotations

from armature.upstream.mend import Mend

_SEEN = ("20.6.0", "22.2.0")
_ANY = "{{ '[::]' if api_address_family == 'ipv6' else '0.0.0.0' }}"
_OVN_DB = "ansible/roles/ovn-db/tasks"
_ADDRESS = "api_interface_address"
_IN_URL = "(api_interface_address | put_address_in_context('url') | regex_escape)"

_WORKER = "from ansible.module_utils.kolla_container_worker import ContainerWorker\n"
_WORKERS = "".join(
    f"from ansible.module_utils.kolla_{engine}_worker import {worker}\n"
    for engine, worker in (("docker", "DockerWorker"), ("podman", "PodmanWorker"))
)


def _optional(imports: str) -> str:
    """Return the import lines so that a host without what they import passes over them."""
    return (
        "\ntry:\n"
        + "".join(f"    {line}\n" for line in imports.split("\n") if line)
        + "except ImportError:\n    pass\n"
    )


def _kick(database: str, port: int) -> tuple[tuple[str, str], ...]:
    """Return the replacements for one database: the search for a replaced member, and the condition on it."""
    places = (
        rf"regex_search('\\((\\w{{4}}) at tcp:' + ADDRESS + ':{port}\\)'",
        f"ovn_{database}_db_cluster_status.stdout is search('at tcp:' + ADDRESS)",
    )
    return tuple((place.replace("ADDRESS", _ADDRESS), place.replace("ADDRESS", _IN_URL)) for place in places)


MENDS = (
    Mend(
        name="ovn-databases-listen-on-ipv6",
        why="OVN's databases listen on IPv4 alone, so nothing reaches them over an IPv6-only API network and the"
        " deployment fails at 'Wait for ovn-nb-db'. Upstream has no variable for it.",
        versions=_SEEN,
        file=f"{_OVN_DB}/bootstrap-db.yml",
        replacements=tuple(
            (
                f"set-connection ptcp:{{{{ ovn_{database}_db_port }}}}:0.0.0.0",
                f"set-connection ptcp:{{{{ ovn_{database}_db_port }}}}:{_ANY}",
            )
            for database in ("nb", "sb")
        ),
    ),
    Mend(
        name="ovn-databases-forget-replaced-member",
        why="A member's address is searched for without the brackets that OVN prints around it, so a replaced"
        " controller's old member stays in the cluster and counts for its quorum.",
        versions=_SEEN,
        file=f"{_OVN_DB}/bootstrap-initial.yml",
        replacements=(*_kick("nb", 6643), *_kick("sb", 6644)),
    ),
    Mend(
        name="docker-images-by-digest",
        why="An image named by its digest is asked for as a tag of that name and not found; once there, it is never"
        " recognised, and every run makes its container anew.",
        versions=_SEEN,
        file="ansible/module_utils/kolla_docker_worker.py",
        replacements=(
            (
                "            repo_tags = image.get('RepoTags')\n",
                "            repo_tags = (image.get('RepoTags') or []) + (image.get('RepoDigests') or [])\n",
            ),
            (
                "        image, tag = self.parse_image()\n",
                "        image, _, tag = self.params.get('image').partition('@')\n"
                "        if not tag:\n"
                "            image, tag = self.parse_image()\n",
            ),
        ),
    ),
    Mend(
        name="container-module-under-mitogen",
        why="Mitogen sends with a module what it imports at its top, and this one imports its workers later, so that no"
        " container is started under Mitogen.",
        versions=_SEEN,
        file="ansible/library/kolla_container.py",
        replacements=((_WORKER, _WORKER + _WORKERS),),
    ),
    *(
        Mend(
            name=f"{engine}-worker-without-its-library",
            why="Mitogen imports all that it sent with a module, and a host has its own engine's library alone, so that"
            " no container is started under Mitogen.",
            versions=_SEEN,
            file=f"ansible/module_utils/kolla_{engine}_worker.py",
            replacements=((imports, _optional(imports)),),
        )
        for engine, imports in (
            ("docker", "\nimport docker\n"),
            ("podman", "\nfrom podman.errors import APIError\nfrom podman import PodmanClient\n"),
        )
    ),
)
"""Every mend, in the order in which they are applied."""
