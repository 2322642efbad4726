# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Which disks the filters of an OSD service take, as Ceph's managers decide it.

Source: python-common of Ceph 18.2.7: ceph/deployment/drive_selection/{filter,matchers,selector}.py; ceph-volume's
util/disk.py, human_readable_size.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

FILTERS = ("model", "vendor", "size", "rotational")
UNITS = {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
_RANGE = re.compile(r"(?P<low>\d+[KMGT]B?)?:(?P<high>\d+[KMGT]B?)?")
_EXACT = re.compile(r"\d+\.?\d*[KMGT]B?")


class FilterError(ValueError):
    """A filter that Ceph does not understand."""


@dataclass(frozen=True)
class Facts:
    """What Ceph compares: ``size`` as ceph-volume prints it ("2.73 TB")."""

    model: str
    vendor: str
    size: str
    rotational: bool


def readable_size(size: float) -> str:
    """Return a number of bytes as ceph-volume prints it: in steps of 1024, with the names of the steps of 1000.

    >>> readable_size(3e12)
    '2.73 TB'
    """
    for unit in ("B", "KB", "MB", "GB", "TB", "PB"):
        if size < 1024 or unit == "PB":
            break
        size /= 1024
    return f"{size:.2f} {unit}"


def size_range(text: str) -> tuple[float, float]:
    """Return the smallest and the largest size, in bytes, that a filter takes. Raises FilterError.

    >>> size_range("3TB:")
    (3000000000000.0, inf)
    >>> size_range("10G:50G"), size_range(":60G"), size_range("2.73TB")
    ((10000000000.0, 50000000000.0), (0.0, 60000000000.0), (2730000000000.0, 2730000000000.0))
    """
    limits = _RANGE.fullmatch(text)
    if limits and text != ":":
        low, high = limits["low"], limits["high"]
        return _bytes(low) if low else 0.0, _bytes(high) if high else float("inf")
    if _EXACT.fullmatch(text):
        return _bytes(text), _bytes(text)
    raise FilterError(f"size '{text}' is none that Ceph understands. Write 10G:50G, 10G:, :50G or 10G")


def _bytes(text: str) -> float:
    """Return bytes; Ceph reads the units in steps of 1000, also in what ceph-volume printed.

    >>> _bytes("2.73 TB")
    2730000000000.0
    """
    number = re.match(r"[\d.]+", text)
    return float(number[0] if number else 0) * UNITS.get(text.rstrip("B")[-1:], 0.0)


def matches(selection: dict[str, Any], facts: Facts) -> bool:
    """Return whether a disk meets all filters of a selection; without filters every disk does. Raises FilterError.

    A disk's size is compared as it is printed: a disk of 3 TB is printed as 2.73 TB, and so is smaller than ``3TB:``.

    >>> matches({"size": "3TB:"}, Facts("", "", "2.73 TB", True))
    False
    """
    if selection.get("size"):
        low, high = size_range(selection["size"])
        if not low <= _bytes(facts.size) <= high:
            return False
    return (
        (selection.get("model") or "") in facts.model
        and (selection.get("vendor") or "") in facts.vendor
        and selection.get("rotational") in (None, facts.rotational)
    )


def described(selection: dict[str, Any]) -> str:
    """Return a selection's filters in words.

    >>> described({"paths": None, "model": "ST4000", "size": None, "rotational": True, "limit": 2})
    "model 'ST4000', rotational true"
    """
    words = {True: "true", False: "false"}
    return ", ".join(
        f"{name} {words[value]}" if isinstance(value, bool) else f"{name} '{value}'"
        for name, value in ((name, selection.get(name)) for name in FILTERS)
        if value is not None
    )
