"""The site model: the shape of ``site.yml``.

Shapes, types and defaults live here; relations between values are checked in :mod:`armature.check`.
Defaults suit an arm64 production site. A site says only what differs.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network
from typing import Annotated, Any, Literal

from pydantic import Field

from armature.baremetal_model import BaremetalFlavor, BaremetalNode, Bmc, FlavorName
from armature.ceph_model import Ceph
from armature.model_types import (
    Arch,
    ContainerEngine,
    Digest,
    DomainName,
    HostDistribution,
    ImageName,
    ImageNamespace,
    ImageTag,
    Interface,
    Line,
    MacAddress,
    Mtu,
    Name,
    Number,
    Purpose,
    RedfishSystem,
    ResourceClass,
    Role,
    Service,
    Strict,
    UserName,
    VolumeBackend,
    VolumeTypeName,
)

__all__ = [
    "Arch",
    "BaremetalFlavor",
    "BaremetalNode",
    "Bmc",
    "Bond",
    "ContainerEngine",
    "Digest",
    "DomainName",
    "FlavorName",
    "Hardware",
    "Host",
    "HostDistribution",
    "ImageName",
    "ImageNamespace",
    "ImageTag",
    "Images",
    "Interface",
    "Line",
    "MacAddress",
    "Mtu",
    "Name",
    "Network",
    "Number",
    "Purpose",
    "RedfishSystem",
    "ResourceClass",
    "Role",
    "Service",
    "Site",
    "Strict",
    "Tls",
    "User",
    "UserName",
    "Verify",
    "Vip",
    "Vips",
    "VolumeBackend",
    "VolumeType",
    "VolumeTypeName",
]


class Network(Strict):
    number: Number
    """Fills the bits between the site's prefix and /64: prefix fd00:1::/48, number 0x20 -> fd00:1:0:20::/64."""
    purposes: Annotated[tuple[Purpose, ...], Field(min_length=1)]
    vlan: Annotated[int, Field(ge=1, le=4094)] | None = None
    """802.1Q tag on the interface that carries the network; without one, the network is untagged."""
    mtu: Mtu = 9000
    gateway: Number | None = None
    """Host number of the router on this network; on the admin network it becomes the default route."""
    ipv4: IPv4Network | None = None
    """IPv4 subnet that tenants may use on a provider network. Hosts never take an address from it."""


class Bond(Strict):
    nics: Annotated[tuple[Interface, ...], Field(min_length=1)]
    mode: Literal["802.3ad", "active-backup"] = "802.3ad"


class Hardware(Strict):
    """A kind of server: hosts name one, so that a rack of equal machines is described once."""

    arch: Arch = Arch.AARCH64
    nics: Annotated[tuple[Interface, ...], Field(min_length=1)]
    bonds: dict[Interface, Bond] = Field(default_factory=dict)
    networks: Annotated[dict[Name, Interface], Field(min_length=1)]
    """Network name -> NIC or bond that carries it; a network with a VLAN gets ``<interface>.<vlan>``."""
    disks: tuple[str, ...] = ()
    """Data disks, as stable paths (/dev/disk/by-path/...). The system disk is not listed."""


class Host(Strict):
    number: Number
    hardware: Name
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    rack: Name | None = None
    macs: dict[Interface, MacAddress] = Field(default_factory=dict)
    """NIC -> MAC address. A NIC with an address here is found by it and renamed; others go by their name."""
    bmc: Bmc | None = None


class Vip(Strict):
    number: Number
    """Fills the last hextet on the VIP's network: api network for internal, public network for external."""
    name: DomainName
    """What certificates and endpoints carry."""


class Vips(Strict):
    internal: Vip
    external: Vip | None = None
    """Without one, the internal VIP serves both."""
    virtual_router_id: Annotated[int, Field(ge=1, le=255)] = 51
    """VRRP id of keepalived: two sites on one link need two."""


class Tls(Strict):
    certificate: Literal["generated", "provided"] = "provided"
    """``generated``: kolla-ansible makes a CA and a certificate. ``provided``: PEM files in kolla/certificates/."""
    backend: bool = False
    """Also between HAProxy and the services behind it."""


class VolumeType(Strict):
    description: Line | None = None
    public: bool = True
    """For all tenants; otherwise for those that an operator names to Cinder."""
    default: bool = False
    """What a volume gets whose maker names no type. Without any, the type is Cinder's own, which is not encrypted."""
    backend: VolumeBackend | None = None
    """Where the volumes are, as kolla-ansible calls the backend (rbd-1); only for sites with several."""
    encrypted: bool = False
    """By LUKS, where the volume is used: Ceph keeps what nobody reads without the volume's own key."""
    key_size: Literal[128, 256] | None = None
    """Bits of AES; 256 unless told otherwise. Barbican makes no longer keys."""


class Images(Strict):
    registry: str | None = None
    """host[:port] by name. Without one, images are expected on the hosts."""
    namespace: ImageNamespace = "openstack.kolla"
    tag: ImageTag | None = None
    """Without one: the release's own tag for the hosts' architecture."""
    lock: dict[Arch, dict[ImageName, Digest]] = Field(default_factory=dict)
    """Architecture -> image name (nova-api) -> digest. A locked image is pulled by digest, whatever its tag."""


class User(Strict):
    authorized_keys: Annotated[tuple[str, ...], Field(min_length=1)]


class Verify(Strict):
    """Where ``verify.yml`` puts its router: your border router needs one static route for it."""

    provider_network: Name
    router: Number
    """Host number of the verification router on the provider network."""
    network: Number
    """Number of the tenant network that the border routes to that router."""


class Site(Strict):
    name: Name
    release: str = "2026.1"
    """OpenStack release, as kolla-ansible names it."""
    prefix: IPv6Network
    """Everything at this site has an address from this prefix (/32 to /56)."""
    domain: DomainName
    host_distribution: HostDistribution = HostDistribution.DEBIAN_TRIXIE
    container_engine: ContainerEngine = ContainerEngine.DOCKER
    dns: tuple[IPv6Address, ...] = ()
    ntp: tuple[str, ...] = ()
    """Servers by name or IPv6 address; without any, hosts keep the clock they have."""
    ssh_user: UserName = "root"
    users: dict[UserName, User] = Field(default_factory=dict)
    """Operators' accounts on every host: sudo without a password, ssh keys only."""
    networks: Annotated[dict[Name, Network], Field(min_length=1)]
    tenant_mtu: Mtu = 1500
    """What a virtual machine sees on a Geneve network; the tunnel network must carry it and its headers."""
    hardware: Annotated[dict[Name, Hardware], Field(min_length=1)]
    hosts: Annotated[dict[Name, Host], Field(min_length=1)]
    baremetal: dict[Name, BaremetalNode] = Field(default_factory=dict)
    baremetal_flavors: dict[FlavorName, BaremetalFlavor] = Field(default_factory=dict)
    """What Nova offers of the nodes. Flavors that do not stand here are left as they are."""
    vips: Vips
    tls: Tls = Field(default_factory=Tls)
    services: tuple[Service, ...] = ("heat", "horizon")
    """Beside the core (Keystone, Glance, Placement, Nova, Neutron), as kolla-ansible names them in ``enable_*``."""
    volume_types: dict[VolumeTypeName, VolumeType] = Field(default_factory=dict)
    """What Cinder offers. Types that do not stand here are left as they are."""
    images: Images = Field(default_factory=Images)
    ceph: Ceph | None = None
    """Without it the site has no Ceph, and images and disks are where kolla-ansible puts them."""
    verify: Verify | None = None
    kolla_overrides: dict[str, Any] = Field(default_factory=dict)
    """Passed to kolla-ansible's globals untouched. A key that Armature sets too is a problem."""

    def hosts_with(self, role: Role) -> list[str]:
        """Names of the hosts with ``role``, in file order."""
        return [name for name, host in self.hosts.items() if role in host.roles]

    def networks_for(self, purpose: Purpose) -> list[str]:
        """Names of the networks with ``purpose``, in file order."""
        return [name for name, network in self.networks.items() if purpose in network.purposes]

    def hardware_of(self, host: str) -> Hardware:
        """The hardware of the host called ``host``; raises KeyError when either name is unknown."""
        return self.hardware[self.hosts[host].hardware]
