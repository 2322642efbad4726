"""The sections ``baremetal`` and ``baremetal_flavors`` of ``site.yml``, and BMCs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from armature.model_types import Arch, Line, MacAddress, Name, Number, RedfishSystem, ResourceClass, Strict

Trait = Annotated[str, StringConstraints(pattern=r"^CUSTOM_[A-Z0-9_]{1,248}$")]
"""What Placement takes as a trait of a site's own. Source: placement 15.0.0, ``schemas/trait.py``."""

CapabilityName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
CapabilityValue = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,128}$")]
"""Ironic keeps capabilities in one text: colons and commas divide them."""

FlavorName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
"""A flavor's name, which tenants write."""


class Bmc(Strict):
    """The BMC's address is the bmc network's prefix + the machine's number. Credentials are in the vault."""

    protocol: Literal["redfish", "ipmi"] = "redfish"
    system: RedfishSystem = "/redfish/v1/Systems/1"
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Without one: the protocol's own."""
    tls: Literal["verified", "unverified", "none"] = "verified"
    """Of Redfish. ``verified``: the BMC's certificate is of an authority that the controllers trust."""


class BaremetalNode(Strict):
    """A machine that tenants get whole, through Ironic. It has no disks, and boots from a volume of Cinder's."""

    number: Number
    mac: MacAddress
    """Of the NIC that boots."""
    arch: Arch = Arch.AARCH64
    resource_class: ResourceClass = "baremetal"
    traits: tuple[Trait, ...] = ()
    """What flavors may ask for beside the resource class."""
    capabilities: dict[CapabilityName, CapabilityValue] = Field(default_factory=dict)
    """Ironic's, beside those that Armature sets."""
    inspect: bool = False
    """Whether Ironic asks the BMC for processors, memory and NICs before it offers the node."""
    rack: Name | None = None
    bmc: Bmc = Field(default_factory=Bmc)


class BaremetalFlavor(Strict):
    """What tenants ask Nova for: one whole node of a resource class."""

    resource_class: ResourceClass
    traits: tuple[Trait, ...] = ()
    """Those that the node must have."""
    description: Line | None = None
    public: bool = True
    vcpus: Annotated[int, Field(ge=1, le=65536)] = 1
    memory: Annotated[int, Field(ge=1, le=1 << 30)] = 1
    """MiB. Both are for people to read: a node is given as a whole."""
