"""Ports: what people type must be free, what they never see is picked free."""

import socket

import pytest

from clinicpro.up import StartError, ports
from tests.instance import free_port
from tests.up.settings import some_settings


@pytest.fixture
def taken():
    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port()))
        other.listen()
        yield other.getsockname()[1]


def test_a_taken_port_is_one_sentence_that_says_what_to_do(taken):
    with pytest.raises(StartError) as refused:
        ports.check_public(some_settings(port=taken))
    assert str(refused.value) == (
        f"Port {taken} is taken by another program: stop it, or start with "
        f"PORT={taken + 1} make run."
    )


def test_the_https_port_is_named_by_its_own_setting(taken):
    with pytest.raises(StartError, match=f"HTTPS_PORT={taken + 1} make run"):
        ports.check_public(some_settings(https_port=taken))


def test_one_port_for_both_is_refused():
    with pytest.raises(StartError, match="give them two numbers"):
        ports.check_public(some_settings(port=9001, https_port=9001))


def test_inner_ports_are_free_and_all_different(taken):
    names = tuple(f"P{number}" for number in range(40))
    picked = ports.pick_inner({}, names)
    assert len(set(picked.values())) == 40
    assert taken not in picked.values()


def test_a_port_that_served_before_serves_again_unless_it_is_taken(taken):
    free = free_port()
    picked = ports.pick_inner({"A": str(free), "B": str(taken), "C": "nonsense"}, ("A", "B", "C"))
    assert picked["A"] == free
    assert picked["B"] != taken


def test_inner_ports_stay_out_of_the_range_of_outgoing_connections():
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        lowest = int(file.read().split()[0])
    picked = ports.pick_inner({}, tuple(f"P{number}" for number in range(20)))
    assert max(picked.values()) + ports.GRPC_OFFSET < lowest
