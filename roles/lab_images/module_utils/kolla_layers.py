"""The small layer and the configuration of one kolla image, read from upstream's Dockerfile templates."""

from __future__ import annotations

import hashlib
import io
import os
import re
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PLAIN_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# (what upstream's file says, what Debian trixie needs)
FOR_TRIXIE = (
    ('"rsa" "dsa" ', '"rsa" '),  # OpenSSH has no DSA host keys any more
    ('MYSQL_CMDLINE="mysql -sN', 'MYSQL_CMDLINE="mysql --disable-ssl-verify-server-cert -sN'),  # MariaDB >= 11.4
)


@dataclass
class Image:
    """What distinguishes one image from the common layer."""

    name: str
    files: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    """Path without leading slash -> (content, mode)."""
    user: str | None = None
    entrypoint: list[str] = field(default_factory=lambda: ["dumb-init", "--single-child", "--"])
    in_openstack: bool = False

    def config(self, architecture: str, kolla_version: str) -> dict[str, Any]:
        """Return the ``config`` object of the OCI image configuration.

        Source: OCI image specification, config.md; kolla_container reads the labels and fails without them.
        """
        path = f"/var/lib/kolla/venv/bin:{PLAIN_PATH}" if self.in_openstack else PLAIN_PATH
        environment = [
            "LANG=C.UTF-8",
            "KOLLA_BASE_DISTRO=debian",
            f"KOLLA_BASE_ARCH={architecture}",
            "DEBIAN_FRONTEND=noninteractive",
        ]
        if self.name == "kolla-toolbox":
            path = f"/opt/ansible/bin:{PLAIN_PATH}"
            environment.append("ANSIBLE_LIBRARY=/usr/share/ansible")
        config: dict[str, Any] = {
            "Env": [*environment, f"PATH={path}"],
            "Entrypoint": self.entrypoint,
            "Cmd": ["kolla_start"],
            "Labels": {"kolla_version": kolla_version, "name": self.name, "maintainer": "Armature lab"},
        }
        if self.user:
            config["User"] = self.user
        return config

    def layer(self) -> tuple[bytes, str]:
        """Return the layer as an uncompressed tar, the same for the same files, and its digest."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for path, (content, mode) in sorted(self.files.items()):
                member = tarfile.TarInfo(path)
                member.size, member.mode = len(content), mode
                tar.addfile(member, io.BytesIO(content))
        data = buffer.getvalue()
        return data, hashlib.sha256(data).hexdigest()


class Dockerfiles:
    """Upstream's tree of Dockerfile templates.

    Only what differs between images is read: files copied, users, entry points. Packages are in the common layer.
    Source: kolla's docker/*/Dockerfile.j2.
    """

    def __init__(self, kolla: Path) -> None:
        top = kolla / "share/kolla/docker"
        self.folders = {Path(root).name: Path(root) for root, _, files in os.walk(top) if "Dockerfile.j2" in files}

    def chain(self, name: str) -> list[str]:
        """Return the images below ``name`` without ``base``, lowest first; raises KeyError for an unknown image."""
        names: list[str] = []
        while name != "base":
            names.insert(0, name)
            template = (self.folders[name] / "Dockerfile.j2").read_text()
            parent = re.search(r"^FROM .*image_prefix }}([a-z0-9-]+):", template, re.MULTILINE)
            if parent is None:
                raise ValueError(f"{self.folders[name]}/Dockerfile.j2 names no parent image")
            name = parent.group(1)
        return names

    def image(self, name: str) -> Image:
        """Return what sets image ``name`` apart from the common layer."""
        image = Image(name)
        for link in self.chain(name):
            image.in_openstack |= link == "openstack-base"
            self._read(image, self.folders[link])
        return image

    def _read(self, image: Image, folder: Path) -> None:
        template = (folder / "Dockerfile.j2").read_text()
        for line in re.findall(r"^(?:COPY|ADD) (.+)$", template, re.MULTILINE):
            *sources, target = line.split()
            for source in sources:
                if (folder / source).is_file() and not target.startswith(("/etc/apt", "/var/lib")):
                    self._copy(image, folder / source, target)
        for empty in re.findall(r"(/usr/local/bin/kolla_\w+)", " ".join(re.findall(r"touch (.+)", template))):
            image.files.setdefault(empty.lstrip("/"), (b"", 0o644))
        for user in re.findall(r"^USER (\S+)", template, re.MULTILINE):
            image.user = user
        if 'ENTRYPOINT ["dumb-init", "--"]' in template:
            image.entrypoint = ["dumb-init", "--"]

    @staticmethod
    def _copy(image: Image, source: Path, target: str) -> None:
        path = (target + source.name if target.endswith("/") else target).lstrip("/")
        text = source.read_text()
        for wrong, right in FOR_TRIXIE:
            text = text.replace(wrong, right)
        data_file = source.name in ("ansible.cfg", "requirements.yml")
        mode = 0o440 if "sudoers" in path else 0o644 if data_file else 0o755
        image.files[path] = (text.encode(), mode)
