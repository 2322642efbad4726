"""Where ``verify.yml`` puts its router and its tenant network."""

from __future__ import annotations

from collections.abc import Iterator

from armature.check.common import largest_network
from armature.errors import Problem, choice, did_you_mean
from armature.model import Purpose, Site


def verify_problems(site: Site) -> Iterator[Problem]:
    """Yield problems of the section ``verify``; the router's number is judged with all numbers."""
    if site.verify is None:
        return
    name, number = site.verify.provider_network, site.verify.network
    providers = site.networks_for(Purpose.PROVIDER)
    if name not in site.networks:
        yield Problem("verify.provider_network", f"unknown network {name!r}. {did_you_mean(name, providers)}")
    elif name not in providers:
        yield Problem("verify.provider_network", f"{name!r} is no provider network. {choice(providers)}.")
    elif site.networks[name].gateway is None:
        yield Problem(
            "verify.provider_network",
            f"{name!r} has no gateway, so its router would lead nowhere. Set networks.{name}.gateway.",
        )
    largest = largest_network(site)
    for owner, network in site.networks.items():
        if network.number == number:
            yield Problem(
                "verify.network", f"{number:#x} already belongs to the network {owner}. Choose a free number."
            )
            return
    if number > largest:
        yield Problem(
            "verify.network",
            f"{number:#x} does not fit between the prefix {site.prefix} and /64. Use {largest:#x} at most.",
        )
