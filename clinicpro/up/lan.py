"""What this machine is called on the practice's network, and at which address."""

from __future__ import annotations

import fcntl
import ipaddress
import re
import socket
import struct
from collections.abc import Iterator

# linux/sockios.h and linux/if.h
SIOCGIFFLAGS, SIOCGIFADDR = 0x8913, 0x8915
IFF_UP, IFF_LOOPBACK, IFF_POINTOPOINT = 0x1, 0x8, 0x10
# Networks inside this machine: containers and virtual machines, where no phone is.
INNER = re.compile(r"(docker|br-|veth|virbr|vnet|lxc|lxd|podman|cni|flannel|cali)")
# Addresses for documentation (RFC 5737, RFC 3849): asked for a route, never sent anything.
FAR_AWAY = ((socket.AF_INET, "203.0.113.1"), (socket.AF_INET6, "2001:db8::1"))
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def find_hosts() -> tuple[str, ...]:
    """The addresses and then the names by which phones may reach this machine.

    The first is the address on the network that the way out of this machine leads through. None
    without a network.
    """
    addresses = find_addresses()
    return (*addresses, *_names()) if addresses else ()


def find_addresses() -> tuple[str, ...]:
    """IPv4 addresses on the network; an IPv6 one only where there is no other.

    The way out may be a tunnel (VPN), where no phone of the practice is: its address comes last.
    """
    routed = [address for family, far in FAR_AWAY if (address := _leaving_from(family, far))]
    found = sorted(_of_interfaces(), key=lambda address: address not in routed)
    found += [address for address in routed if ":" not in address and address not in found]
    return tuple(found or routed)


def _leaving_from(family: int, far: str) -> str | None:
    """Which of our addresses the way to `far` leaves from. A UDP socket sends nothing for that."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))
            address = str(probe.getsockname()[0])
    except OSError:  # no such protocol, or no way out
        return None
    return address if _is_of_network(address) else None


def _of_interfaces() -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[:15])
            try:
                flags = struct.unpack_from("H", fcntl.ioctl(asked, SIOCGIFFLAGS, request), 16)[0]
                if not flags & IFF_UP or flags & (IFF_LOOPBACK | IFF_POINTOPOINT):
                    continue
                answer = fcntl.ioctl(asked, SIOCGIFADDR, request)
            except OSError:  # it has no address
                continue
            address = socket.inet_ntoa(answer[20:24])
            if not INNER.match(name) and _is_of_network(address):
                yield address


def _is_of_network(address: str) -> bool:
    known = ipaddress.ip_address(address)
    return not (known.is_loopback or known.is_link_local or known.is_unspecified)


def _names() -> Iterator[str]:
    """The machine's own name, bare, by multicast DNS, and in full where it has a domain."""
    full = socket.gethostname().lower().rstrip(".")
    label = full.split(".", 1)[0]
    if not LABEL.fullmatch(label) or label == "localhost":
        return
    yield f"{label}.local"
    yield label
    if full != label and all(LABEL.fullmatch(part) for part in full.split(".")):
        yield full
