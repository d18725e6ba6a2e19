from ipaddress import ip_address

import pytest

from app.domain.errors import InvalidValueError
from app.domain.targets import (
    Target,
    check_addresses,
    is_public,
    parse_allowance,
    parse_target,
)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.org", Target("https", "example.org", 443, "/")),
        (
            "HTTPS://Example.ORG:8443/a/b?c=d&e",
            Target("https", "example.org", 8443, "/a/b?c=d&e"),
        ),
        ("https://example.org?x", Target("https", "example.org", 443, "/?x")),
        ("https://93.184.215.14/", Target("https", "93.184.215.14", 443, "/")),
        ("https://[2606:2800::1]:443/", Target("https", "2606:2800::1", 443, "/")),
        ("http://receiver.lan:8080/in", Target("http", "receiver.lan", 8080, "/in")),
    ],
)
def test_an_address_is_taken_apart(url: str, target: Target) -> None:
    assert parse_target(url) == target


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.org", "//example.org/", "https:", "https://", "https:///path"),
        *("file:///etc/passwd", "gopher://example.org/", "redis://example.org:6379/", "ftp://a/"),
        *("https://a@b.example/", "https://a:b@b.example/", "https://b.example@/"),
        *("https://example.org:/", "https://example.org:0/", "https://example.org:65536/"),
        *("https://example.org:+443/", "https://example.org:4 43/"),
        *("https://example.org/#there", "https://example.org\\@127.0.0.1/", "https://a b.example/"),
        *("https://example。org/", "https://①②⑦.0.0.1/", "https://bücher.example/"),
        *("https://example.org/\r\nX: y", "https://example.org/\0", "https://example.org/\t"),
        *("https://%31%32%37.0.0.1/", "https://a..b/", "https://-a.example/", "https://[::1"),
        *("https://[127.0.0.1]/", "https://[example.org]/", "https://::1/", "https://[v1.x]/"),
        # Old spellings of 127.0.0.1 and 169.254.169.254, which resolvers still read.
        *("https://0/", "https://0x7f.1/", "https://127.1/", "https://2130706433/"),
        *("https://017700000001/", "https://0177.0.0.1/", "https://127.0.0.1./"),
        *("https://0xa9fea9fe/", "https://0251.0376.0251.0376/", "https://2852039166/"),
        *("https://0xa9.0xfe.0xa9.0xfe/", "https://169.254.0251.254/", "https://1.2.3.0x/"),
        "https://example.org/" + "a" * 2000,
    ],
)
def test_what_two_libraries_could_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(InvalidValueError):
        parse_target(url)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.1"),
        *("192.168.0.1", "169.254.169.254", "100.64.0.1", "100.127.255.254", "192.0.0.8"),
        *("192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1"),
        *("240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1"),
        *("2001:db8::1", "100::1", "64:ff9b:1::1"),
        # Those that lead to one of IPv4: mapped, compatible, NAT64, 6to4.
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1"),
        *("64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::10.0.0.1"),
        *("2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:80ff:fffe"),
    ],
)
def test_an_address_around_us_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("1.1.1.1", "93.184.215.14", "100.63.255.255", "100.128.0.1", "172.32.0.1"),
        *("2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"),
    ],
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


def test_one_private_address_among_several_is_enough_to_refuse() -> None:
    target = parse_target("https://example.org/")
    check_addresses(target, (ip_address("1.1.1.1"),))
    with pytest.raises(InvalidValueError, match="public addresses only") as refusal:
        check_addresses(target, (ip_address("1.1.1.1"), ip_address("10.0.0.7")))
    assert "10.0.0.7" not in str(refusal.value)


@pytest.mark.parametrize("url", ["http://example.org/", "https://example.org:6379/"])
def test_of_public_hosts_only_https_and_its_ports_are_asked(url: str) -> None:
    with pytest.raises(InvalidValueError, match="OUTGOING_ALLOW"):
        check_addresses(parse_target(url), (ip_address("1.1.1.1"),))


@pytest.mark.parametrize(
    "allowed", ["receiver.lan", "10.1.0.0/16", "other, 10.1.2.3 ,RECEIVER.lan"]
)
def test_what_the_operator_allows_may_be_asked_at_any_port(allowed: str) -> None:
    target = parse_target("http://receiver.lan:8080/in")
    check_addresses(target, (ip_address("10.1.2.3"),), parse_allowance(allowed))


@pytest.mark.parametrize("allowed", ["", "receiver", "10.2.0.0/16", "::/0", "eceiver.lan"])
def test_what_is_not_allowed_stays_refused(allowed: str) -> None:
    target = parse_target("https://receiver.lan/in")
    with pytest.raises(InvalidValueError):
        check_addresses(target, (ip_address("10.1.2.3"),), parse_allowance(allowed))


def test_a_host_that_is_allowed_in_part_keeps_to_the_rules_of_the_internet() -> None:
    both = ip_address("10.1.2.3"), ip_address("1.1.1.1")
    with pytest.raises(InvalidValueError):
        check_addresses(parse_target("http://mixed.example/"), both, parse_allowance("10.1.0.0/16"))


@pytest.mark.parametrize("text", ["10.1.0.1/16", "https://a.example", "a b", "0x7f.1", "a:80", "*"])
def test_an_allowance_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match="neither a host nor a network"):
        parse_allowance(text)
