"""Write a release's tables from kolla-ansible's own files: ``python -m armature.compile.data RELEASE SHARE_DIR``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from armature.compile.data import Groups, Images, Ports

_SECTION = re.compile(r"^\[(?P<name>[^\]:]+)(:(?P<kind>children|vars))?\]$")
_VARIABLE = re.compile(r'^(?P<name>[a-z0-9_]+)_image: "(?P<value>.*)"$', re.MULTILINE)
_FULL = re.compile(
    r'^(?P<name>[a-z0-9_]+)_image_full: "\{\{ (?P<image>[a-z0-9_]+)_image \}\}:\{\{ [a-z0-9_]+ \}\}"$', re.MULTILINE
)
_REFERENCE = re.compile(r"\{\{ (?P<name>[a-z0-9_]+)_image \}\}")
_PORT = re.compile(r'^(?P<name>[a-z0-9_]+_port): "?(?P<number>\d+)"?$', re.MULTILINE)
_IMAGE_NAME = re.compile(r"\}\}(?P<name>[a-z0-9-]+)(\{\{ [a-z0-9_]+_version_suffix \}\})?$")


def groups_of(multinode: str) -> Groups:
    """Return the groups of an upstream inventory that are made of other groups, in its order.

    >>> groups_of("[control]\\ncontrol01\\n\\n[keystone:children]\\ncontrol\\n")
    {'keystone': ('control',)}
    """
    found: dict[str, list[str]] = {}
    members: list[str] = []
    for line in multinode.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if section := _SECTION.match(line):
            members = []
            if section["kind"] == "children":
                found[section["name"]] = members
        else:
            members.append(line.strip())
    return {name: tuple(children) for name, children in found.items()}


def images_of(defaults: str) -> Images:
    """Return image name -> variables, from the text of roles' defaults; raises ValueError for an unknown value.

    >>> images_of('a_image: "{{ docker_image_url }}a-b"\\na_image_full: "{{ a_image }}:{{ a_tag }}"\\n')
    {'a-b': ('a_image_full',)}
    """
    values = {match["name"]: match["value"] for match in _VARIABLE.finditer(defaults)}
    found: dict[str, list[str]] = {}
    for match in _FULL.finditer(defaults):
        value = values[match["image"]]
        while reference := _REFERENCE.fullmatch(value):
            value = values[reference["name"]]
        image = _IMAGE_NAME.search(value)
        if image is None:
            raise ValueError(f"{match['image']}_image: no image name in {value!r}")
        found.setdefault(image["name"], []).append(f"{match['name']}_image_full")
    return {name: tuple(sorted(variables)) for name, variables in sorted(found.items())}


def ports_of(defaults: str) -> Ports:
    """Return variable -> port, from the text of roles' defaults.

    >>> ports_of('a_port: "80"\\nb_port: "{{ a_port }}"\\n')
    {'a_port': 80}
    """
    found = {match["name"]: int(match["number"]) for match in _PORT.finditer(defaults)}
    return dict(sorted(found.items()))


def tables(share: Path) -> tuple[Groups, Images, Ports]:
    """Return the tables of the kolla-ansible whose share folder is ``share``."""
    ansible = share / "ansible"
    files = [*sorted((ansible / "group_vars").rglob("*.yml")), *sorted(ansible.glob("roles/*/defaults/main.yml"))]
    defaults = "\n".join(file.read_text() for file in files)
    multinode = (ansible / "inventory" / "multinode").read_text()
    return groups_of(multinode), images_of(defaults), ports_of(defaults)


def module_text(release: str, share: Path) -> str:
    """Return the text of a release's module."""
    lines = [f'"""Names of kolla-ansible, release {release}. Written by ``python -m armature.compile.data``."""']
    *named, ports = tables(share)
    for name, table in zip(("GROUPS", "IMAGES"), named, strict=True):
        lines += ["", f"{name}: dict[str, tuple[str, ...]] = {{"]
        for key, values in table.items():
            items = ", ".join(f'"{value}"' for value in values)
            lines.append(f'    "{key}": ({items}{"," if len(values) == 1 else ""}),')
        lines.append("}")
    lines += ["", "PORTS: dict[str, int] = {", *(f'    "{key}": {port},' for key, port in ports.items()), "}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(module_text(sys.argv[1], Path(sys.argv[2])))
