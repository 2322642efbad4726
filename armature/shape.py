"""The shape of a site: a tree of values -> :class:`Site`, every misfit as a problem in the house form.

Validation is pydantic's strict JSON mode: no text becomes a number, no number a boolean. Its error *types* are used,
its wording never is: a message says what is there, what belongs there and how to write it.
"""

from __future__ import annotations

import functools
import json
import types
from enum import EnumType
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Le
from pydantic import BaseModel, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from armature import baremetal_model, ceph_model, iscsi_model, model, model_types
from armature.errors import Problem, did_you_mean, quote, where


class Expected(NamedTuple):
    """What belongs to a place: its noun, and how to write it."""

    noun: str
    advice: str


def _pattern(annotation: Any) -> str:
    return next(str(item.pattern) for item in annotation.__metadata__ if isinstance(item, StringConstraints))


PATTERNS = {
    _pattern(annotation): Expected(noun, advice)
    for annotation, noun, advice in (
        (model.Name, "name", "Write lower-case letters, digits and hyphens, a letter first, 63 at most"),
        (model.DomainName, "domain name", "Write labels of lower-case letters, digits and hyphens, joined by dots"),
        (model.Interface, "interface name", "Write 15 letters, digits, _ or - at most, a letter first"),
        (
            model.MacAddress,
            "MAC address",
            "Write six pairs of lower-case hexadecimal digits, such as '52:54:00:12:34:56'",
        ),
        (model.Digest, "digest", "Write 'sha256:' and 64 lower-case hexadecimal digits"),
        (model.UserName, "account name", "Write lower-case letters, digits, _ and -, a letter or _ first, 32 at most"),
        (model.Service, "service", "Write lower-case letters, digits and _, as in kolla-ansible's enable_*"),
        (model.RedfishSystem, "Redfish system", "Write /redfish/v1/Systems/ and the system's id"),
        (model.ResourceClass, "resource class", "Write letters, digits, _, . and -, 80 at most"),
        (model.ImageNamespace, "image namespace", "Write lower-case letters, digits, ., _, - and /"),
        (model.ImageTag, "image tag", "Write letters, digits, _, . and -, 128 at most, no . or - first"),
        (model.ImageName, "image name", "Write it as kolla does, such as nova-api"),
        (model.VolumeTypeName, "volume type", "Write letters, digits, _, . and -, 127 at most, - . _ not first"),
        (model.VolumeBackend, "backend", "Write letters, digits, _, . and -, 128 at most, - . _ not first"),
        (model.Line, "line of text", "Write 255 characters at most"),
        (model.FlavorName, "flavor", "Write letters, digits, _, . and -, 100 at most, a letter or digit first"),
        (baremetal_model.Trait, "trait", "Write CUSTOM_ and capital letters, digits and _, 255 at most"),
        (baremetal_model.CapabilityName, "capability", "Write lower-case letters, digits and _, a letter first"),
        (baremetal_model.CapabilityValue, "value of a capability", "Write letters, digits, _, . and -, 128 at most"),
        (ceph_model.Fsid, "UUID", "Write what `uuidgen` prints, once for this cluster"),
        (model_types.PoolName, "pool name", "Write letters, digits, _, . and -, 63 at most, a letter or digit first"),
        (ceph_model.DeviceClass, "device class", "Write letters, digits, _ and -, a letter first, such as nvme"),
        (ceph_model.Application, "application", "Write lower-case letters, digits, _ and -, such as rbd"),
        (ceph_model.DiskWord, "word of a disk", "Write what the disk calls itself, or a part of it"),
        (ceph_model.DiskSize, "size of disks", "Write one such as 4TB, 3TB:, :8TB or 3TB:8TB"),
        (
            ceph_model.ConfigSection,
            "section",
            "Write global, mon, mgr, osd, mds, client, a daemon, or such as osd/class:ssd",
        ),
        (
            iscsi_model.Iqn,
            "IQN",
            "Write one such as iqn.2026-01.net.example:gateways: a month, a domain reversed, a name in lower case",
        ),
        (ceph_model.ConfigOption, "option", "Write it as `ceph config dump` does, such as osd_memory_target"),
    )
}
_ENUMS: dict[Any, str] = {
    model.Arch: "architecture",
    model.Role: "role",
    model.Purpose: "purpose",
    model.ContainerEngine: "container engine",
    model.HostDistribution: "distribution",
    ceph_model.CephRelease: "release of Ceph",
    ceph_model.FailureDomain: "failure domain",
}
_DOMAIN_NAME = TypeAdapter(model.DomainName)
_TYPES = {
    IPv6Network: Expected("IPv6 prefix", "Write one such as fd00:1::/48"),
    IPv6Address: Expected("IPv6 address", "Write one such as fd00:1::53"),
    IPv4Network: Expected("IPv4 subnet", "Write one such as 192.0.2.0/24"),
    bool: Expected("boolean", "Write true or false"),
    str: Expected("text", "Write text"),
    int: Expected("whole number", "Write a whole number"),
    float: Expected("number", "Write a number"),
}


def site_from_tree(tree: Any) -> tuple[model.Site | None, list[Problem]]:
    """Return the site and no problems, or None and every misfit of shape, in the order of the model's fields."""
    if not isinstance(tree, dict):
        found = "the file is empty" if tree is None else f"the file holds {_found(tree)}, not a mapping"
        return None, [Problem("", f"{found}. Describe a site: inventories/lon1/site.yml teaches how.")]
    try:
        return model.Site.model_validate_json(json.dumps(tree), strict=True), []
    except ValidationError as error:
        misfits = error.errors(include_url=False, include_context=False)
        # A list of one unknown name is also called too short.
        return None, [
            _problem(details) for details in misfits if details["type"] != "too_short" or not details["input"]
        ]


def annotation_at(*keys: str | int) -> Any:
    """Return the model's annotation of a place in the file, or None for a place that the model does not know.

    ``[key]`` after a mapping's key means that key itself, as pydantic has it.

    >>> annotation_at("networks", "api", "mtu") == model.Mtu
    True
    """
    annotation: Any = model.Site
    of_key: Any = None
    for key in keys:
        plain = _unwrap(annotation)
        if key == "[key]":
            annotation = of_key
        elif isinstance(plain, type) and issubclass(plain, BaseModel):
            annotation = _hints(plain).get(str(key))
        elif get_origin(plain) is dict:
            of_key, annotation = get_args(plain)
        elif get_origin(plain) is tuple:
            annotation = get_args(plain)[0]
        else:
            return None
    return annotation


@functools.cache
def _hints(plain: type[BaseModel]) -> dict[str, Any]:
    return get_type_hints(plain, include_extras=True)


def is_domain_name(text: str) -> bool:
    """Return whether ``text`` could stand where the model wants a domain name."""
    try:
        _DOMAIN_NAME.validate_python(text)
    except ValidationError:
        return False
    return True


def _unwrap(annotation: Any) -> Any:
    """Return the bare type: without its constraints, and the X of ``X | None``."""
    if get_origin(annotation) is Annotated:
        return _unwrap(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return _unwrap(next(option for option in get_args(annotation) if option is not type(None)))
    return annotation


def _constraints(annotation: Any) -> list[Any]:
    """Return the constraints on ``annotation``, also those inside ``X | None``."""
    if get_origin(annotation) in (Union, types.UnionType):
        return [item for option in get_args(annotation) for item in _constraints(option)]
    if get_origin(annotation) is not Annotated:
        return []
    found: list[Any] = []
    for item in annotation.__metadata__:
        found += getattr(item, "metadata", [item])
    return found


def expected(annotation: Any) -> Expected:
    """Return what belongs to a place with this annotation."""
    plain, constraints = _unwrap(annotation), _constraints(annotation)
    for item in constraints:
        if isinstance(item, StringConstraints) and item.pattern is not None:
            return PATTERNS[str(item.pattern)]
    if plain in (int, float):
        bounds = {type(item): item for item in constraints}
        if Ge in bounds and Le in bounds:
            noun, low, high = _TYPES[plain].noun, bounds[Ge].ge, bounds[Le].le
            return Expected(noun, f"Write a {noun} from {low} to {high}")
    if isinstance(plain, EnumType):
        return Expected(_ENUMS[plain], f"Use one of {', '.join(_values(plain))}")
    origin = get_origin(plain)
    if origin is Literal:
        return Expected("value", f"Use one of {', '.join(_values(plain))}")
    if origin is tuple:
        return Expected("list", f"Write a list: [{_noun(get_args(plain)[0])}, ...]")
    if origin is dict:
        of_key, of_value = get_args(plain)
        return Expected("mapping", f"Write a mapping: {{{_noun(of_key)}: {_noun(of_value)}}}")
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        return Expected("mapping", f"Write a mapping with {_and(list(plain.model_fields))}")
    return _TYPES.get(plain, Expected("value", "`armature schema` describes it"))


def _values(plain: Any) -> list[str]:
    """Return what may be written where an enumeration or a Literal stands."""
    return [str(value) for value in (plain if isinstance(plain, EnumType) else get_args(plain))]


def _noun(annotation: Any) -> str:
    plain = _unwrap(annotation)
    return "value" if plain is Any else expected(annotation).noun


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _found(value: Any) -> str:
    if isinstance(value, dict | list) or value is None:
        return quote(value)
    if isinstance(value, str):
        return f"{quote(value)}, which is text"
    kind = "boolean" if isinstance(value, bool) else "number"
    return f"{quote(value)}, which is a {kind}"


def _problem(details: ErrorDetails) -> Problem:
    """Translate one of pydantic's errors."""
    keys, value, kind = details["loc"], details["input"], details["type"]
    place = where(*(key for key in keys if key != "[key]"))
    if kind == "missing":
        return Problem(place, _missing(annotation_at(*keys)))
    if kind == "extra_forbidden":
        plain = _unwrap(annotation_at(*keys[:-1]))
        return Problem(place, f"unknown key {quote(keys[-1])}. {did_you_mean(str(keys[-1]), list(plain.model_fields))}")
    wanted = expected(annotation_at(*keys))
    if kind == "too_short":
        return Problem(place, f"the {wanted.noun} is empty. {wanted.advice}.")
    if kind in ("greater_than_equal", "less_than_equal"):
        return Problem(place, f"{quote(value)} is out of range. {wanted.advice}.")
    return Problem(place, f"{_misfit(value, wanted, annotation_at(*keys))}.")


def _missing(annotation: Any) -> str:
    return f"missing. {expected(annotation).advice}."


def _misfit(value: Any, wanted: Expected, annotation: Any) -> str:
    """Say what is wrong with ``value`` and what to do, without the full stop."""
    plain = _unwrap(annotation)
    is_number = isinstance(value, int | float)
    textual = plain is str or plain in (IPv6Network, IPv6Address, IPv4Network) or isinstance(plain, EnumType)
    if value is None:
        return f"nothing stands here. {wanted.advice}, or leave the key out"
    if plain is str and is_number:
        kind = "boolean" if isinstance(value, bool) else "number"
        return f'{quote(value)} is a {kind} here, not text. Quote it: "{quote(value)}"'
    if plain is int and isinstance(value, str) and _is_int(value):
        return f"{quote(value)} is text. Write the number without quotes and leading zeros"
    if isinstance(value, str) and (isinstance(plain, EnumType) or get_origin(plain) is Literal):
        return f"unknown {wanted.noun} {quote(value)}. {did_you_mean(value, _values(plain))}".removesuffix(".")
    if isinstance(value, dict | list):
        return f"{quote(value)} stands where a {wanted.noun} belongs. {wanted.advice}"
    if plain in (IPv6Network, IPv4Network) and isinstance(value, str):
        return _misfit_network(value, wanted, plain)
    if textual and is_number:
        return f"{quote(value)} is a number, not {_article(wanted.noun)}. {wanted.advice}"
    return f"{quote(value)} is {_no(wanted.noun)}. {wanted.advice}"


def _is_int(text: str) -> bool:
    try:
        int(text, 0 if text[:2] in ("0x", "0o", "0b") else 10)
    except ValueError:
        return False
    return True


def _misfit_network(value: str, wanted: Expected, plain: type) -> str:
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        return f"{quote(value)} is no {wanted.noun}. {wanted.advice}"
    if isinstance(network, plain):
        return f"{quote(value)} has bits set beyond its length. Write {network}"
    return f"{quote(value)} is an IPv{network.version} prefix, not an {wanted.noun}. {wanted.advice}"


def _article(noun: str) -> str:
    return noun if noun == "text" else f"{'an' if noun[0] in 'aeiouAEIOU' or noun.startswith('IPv') else 'a'} {noun}"


def _no(noun: str) -> str:
    return "not text" if noun == "text" else f"no {noun}"
