"""A docker image archive of many images on one common layer, written without a container engine."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import IO, Any

CHUNK = 1 << 20


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def write_archive(
    out: IO[bytes], base: Path, images: list[tuple[str, dict[str, Any], bytes, str]], architecture: str
) -> dict[str, str]:
    """Write an archive that ``docker load`` and ``podman load`` take; return each reference's image id.

    ``images``: (reference, OCI config object, layer, layer's digest). ``base`` is the common layer, a plain tar.
    Source: Docker image specification 1.2, "Combined image JSON + filesystem changeset format".
    """
    base_digest = digest_of(base)
    manifest = []
    ids = {}
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.add(base, arcname=f"{base_digest}/layer.tar", filter=_anonymous)
        for reference, config, layer, layer_digest in images:
            configuration = {
                "architecture": architecture,
                "os": "linux",
                "created": "1970-01-01T00:00:00Z",
                "config": config,
                "rootfs": {"type": "layers", "diff_ids": [f"sha256:{base_digest}", f"sha256:{layer_digest}"]},
                "history": [{"created_by": "common layer"}, {"created_by": reference}],
            }
            data = json.dumps(configuration, sort_keys=True).encode()
            name = hashlib.sha256(data).hexdigest()
            _add(tar, f"{name}.json", data)
            _add(tar, f"{name}/layer.tar", layer)
            ids[reference] = f"sha256:{name}"
            layers = [f"{base_digest}/layer.tar", f"{name}/layer.tar"]
            manifest.append({"Config": f"{name}.json", "RepoTags": [reference], "Layers": layers})
        _add(tar, "manifest.json", json.dumps(manifest).encode())
    return ids


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.mtime = member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
