# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Replicated pools of a Ceph cluster and their CRUSH rules: what is there against what is wanted.

Source: Ceph 18.2.7, OSDMonitor.cc (prepare_new_pool, prepare_command_pool_set: setting ``size`` sets ``min_size``,
too), pg_pool_t::dump, CrushWrapper::dump_rule and add_simple_rule_at; librbd::api::Pool::init and rbd's execute_init:
the application, an object for the trash, and a first snapshot by which the pool gets its own kind of snapshots.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ansible.module_utils.armature_ceph import OBJECT_TIMEOUT, CephError, Step

REPLICATED = 1
"""A pool's type in dumps; 3 is erasure."""

GATEWAYS = ".rgw.root"
"""The one pool with a leading dot that the cluster does not begin with: else the first object gateway makes it."""

Pool = dict[str, Any]
"""type, size, min_size, rule, autoscale, pg_num, target_size_ratio, bulk and applications of a present pool."""

SETTINGS = {"rule": "crush_rule", "size": "size", "min_size": "min_size", "autoscale": "pg_autoscale_mode"}
SETTINGS.update({"pg_num": "pg_num", "target_size_ratio": "target_size_ratio", "bulk": "bulk"})
"""Field -> variable of ``ceph osd pool set``, in the order in which they are set: a size changes min_size."""


def present(listing: Iterable[dict[str, Any]], rules: Iterable[dict[str, Any]]) -> dict[str, Pool]:
    """Return name -> pool of ``ceph osd pool ls detail`` and ``ceph osd crush rule dump``."""
    names = {rule["rule_id"]: rule["rule_name"] for rule in rules}
    return {
        pool["pool_name"]: {
            "type": pool["type"],
            "size": pool["size"],
            "min_size": pool["min_size"],
            "rule": names.get(pool["crush_rule"], str(pool["crush_rule"])),
            "autoscale": pool["pg_autoscale_mode"],
            "pg_num": pool["pg_num_target"],
            "target_size_ratio": pool["options"].get("target_size_ratio", 0),
            "bulk": "bulk" in pool["flags_names"].split(","),
            "applications": sorted(pool["application_metadata"]),
        }
        for pool in listing
    }


def settings(wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a wanted pool that are compared: those that the site leaves to Ceph are not there.

    While the autoscaler is on, ``pg_num`` is only what a new pool begins with.
    """
    found = {field: wanted.get(field) for field in SETTINGS}
    found["target_size_ratio"] = found["target_size_ratio"] or 0
    found["bulk"] = bool(found["bulk"])
    if found["autoscale"] == "on":
        found["pg_num"] = None
    return {field: value for field, value in found.items() if value is not None}


def differing(wanted: dict[str, Any], present: Pool) -> dict[str, Any]:
    """Return the fields of a wanted pool that must be set, in their order."""
    found = {field: value for field, value in settings(wanted).items() if not _same(value, present[field])}
    if "size" in found and wanted.get("min_size") is not None:
        found["min_size"] = wanted["min_size"]
    return {field: found[field] for field in SETTINGS if field in found}


def _same(value: Any, other: Any) -> bool:
    return math.isclose(value, other) if isinstance(value, float) else bool(value == other)


def steps(name: str, wanted: dict[str, Any], present: Pool | None) -> list[Step]:
    """Return what makes one pool so. Raises CephError for a pool that Armature must not touch."""
    if present is None:
        return _creation(name, wanted)
    if present["type"] != REPLICATED:
        raise CephError(
            f"pool {name}: is there and is erasure-coded, which cannot be changed. Rename it with "
            f"'ceph osd pool rename {name} <other>', or choose another name in site.yml."
        )
    found = [_setting(name, field, value, present[field]) for field, value in differing(wanted, present).items()]
    return [*found, *_application(name, wanted["application"], present["applications"])]


def shown(wanted: dict[str, Any], present: Pool | None) -> tuple[Any, Any]:
    """Return a pool before, None when it is not there, and after, for a diff."""
    after = {**settings(wanted), "applications": [wanted["application"]]}
    return None if present is None else {field: present[field] for field in after}, after


def _creation(name: str, wanted: dict[str, Any]) -> list[Step]:
    if name.startswith(".") and name != GATEWAYS:
        raise CephError(f"pool {name}: Ceph makes pools with such names by itself. Remove it from site.yml.")
    number = (str(wanted["pg_num"]),) if wanted.get("pg_num") else ()
    options = ("--pool_type", "replicated", "--rule", wanted["rule"], "--size", str(wanted["size"]))
    bulk = ("--bulk",) if wanted.get("bulk") else ()
    mode = ("--autoscale_mode", wanted["autoscale"]) if wanted.get("autoscale") else ()
    sure = ("--yes-i-really-mean-it",) if name == GATEWAYS else ()
    create = ("osd", "pool", "create", name, *number, *options, *mode, *bulk, *sure)
    later = {field: settings(wanted).get(field) for field in ("min_size", "target_size_ratio")}
    return [
        Step(f"pool {name}: create it with {wanted['size']} copies by the rule {wanted['rule']}", create),
        *(_setting(name, field, value, None) for field, value in later.items() if value),
        *_application(name, wanted["application"], []),
    ]


def _setting(name: str, field: str, value: Any, before: Any) -> Step:
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    # The monitors refuse a single copy unless they are told that this is no mistake.
    sure = ("--yes-i-really-mean-it",) if (field, value) == ("size", 1) else ()
    came = "" if before in (None, value) else f", was {str(before).lower()}"
    words = ("osd", "pool", "set", name, SETTINGS[field], shown, *sure)
    return Step(f"pool {name}: set {field} to {shown}{came}", words)


def _application(name: str, wanted: str, present: list[str]) -> list[Step]:
    if wanted in present:
        return []
    if present:
        raise CephError(
            f"pool {name}: is there and belongs to {', '.join(present)}, not {wanted}. Choose another name in "
            f"site.yml; if nothing uses it, 'ceph osd pool application disable {name} {present[0]} "
            "--yes-i-really-mean-it' first."
        )
    if wanted == "rbd":
        words = ("pool", "init", name, "--rados-osd-op-timeout", str(OBJECT_TIMEOUT))
        return [Step(f"pool {name}: prepare it for RBD", words, program="rbd")]
    return [Step(f"pool {name}: enable {wanted}", ("osd", "pool", "application", "enable", name, wanted))]


def rule_steps(wanted: dict[str, dict[str, Any]], rules: Iterable[dict[str, Any]]) -> list[Step]:
    """Return the steps that make the CRUSH rules of all wanted pools. Raises CephError for one that does otherwise."""
    found, there = {}, {rule["rule_name"]: rule for rule in rules}
    for pool in wanted.values():
        rule, domain, device_class = pool["rule"], pool["failure_domain"], pool.get("device_class")
        if rule not in there:
            where = f"{domain}s with disks of class {device_class}" if device_class else f"{domain}s"
            words = ("osd", "crush", "rule", "create-replicated", rule, "default", domain)
            found[rule] = Step(
                f"rule {rule}: create it, over {where}", words + ((device_class,) if device_class else ())
            )
        elif _meaning(there[rule]) != (_root(device_class), domain):
            root, present = _meaning(there[rule])
            raise CephError(
                f"rule {rule}: takes from '{root}' over '{present}', not from '{_root(device_class)}' over '{domain}'. "
                f"Rename it with 'ceph osd crush rule rename {rule} <other>' and run again; pools that use it keep it "
                "until then."
            )
    return list(found.values())


def _root(device_class: str | None) -> str:
    return f"default~{device_class}" if device_class else "default"


def _meaning(rule: dict[str, Any]) -> tuple[str, str]:
    """Return where a rule begins and over which type of bucket it spreads copies, each "" for a rule of other kinds."""
    ops = {step.get("op", ""): step for step in rule["steps"]}
    choose = ops.get("chooseleaf_firstn") or ops.get("choose_firstn") or {}
    return ops.get("take", {}).get("item_name", ""), choose.get("type", "")
