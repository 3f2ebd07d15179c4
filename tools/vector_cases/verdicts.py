# SPDX-License-Identifier: Apache-2.0
"""Signatures, honest and hostile, and what FIPS 186-5 says of each.

Most are built backwards. A verifier computes R = u1 G + u2 Q with u1 = e/s and u2 = r/s; so for any key Q and any u1
and u2 one can take r = x(R), s = r/u2 and e = u1 s, a valid signature without the secret, though not of a chosen
message. That leads a verifier to any place in its arithmetic.
"""

from collections.abc import Iterator

from wattpact.crypto import ecdsa, hashes
from wattpact.crypto.comb import count_rows
from wattpact.crypto.p256 import encode_point

from .crypto import LAST, ONE, RFC6979_SECRET, SAMPLE, point_cases
from .curve import GENERATOR, Affine, N, P, add, b32, finite, first_point, lift, times
from .form import Case

KEY, SIGNATURE = ecdsa.public_key(RFC6979_SECRET), ecdsa.sign(RFC6979_SECRET, SAMPLE)
R, S = int.from_bytes(SIGNATURE[:32], "big"), int.from_bytes(SIGNATURE[32:], "big")
BASE_COMBS = ((6, 2), (7, 2), (8, 2), (8, 4))
PEER_COMBS = ((4, 2), (5, 2), (6, 2), (7, 2))

Row = tuple[str, bytes, bytes, bytes, bool]
"""Name, public key, digest, signature, verdict."""


def verify_cases() -> "list[Case]":
    """FIPS 186-5: whether `signature` is by `public_key` over `digest`. A high s is fine here, and nothing raises."""
    rows = [*_malformed(), *_off_the_common_path(), *_extreme(), *_meetings()]
    names = ("name", "public_key", "digest", "signature", "ok")
    values = [(name, *(part.hex() for part in parts), ok) for name, *parts, ok in rows]
    return [dict(zip(names, row, strict=True)) for row in values]


def pair(r: int, s: int) -> bytes:
    """A signature's bytes."""
    return b32(r) + b32(s)


def forged(name: str, point: Affine, u1: int, u2: int) -> Iterator[Row]:
    """A signature under `point` that sends a verifier to u1 G + u2 point; and one for the digest after it."""
    meant = finite(add(times(u1, GENERATOR), times(u2, point)))
    r = meant[0] % N
    s = r * pow(u2, -1, N) % N
    digest = b32(u1 * s % N)
    key = encode_point(point)
    yield name, key, digest, pair(r, s), True
    other = b32((int.from_bytes(digest, "big") + 1) % N)
    yield name + ", another digest", key, other, pair(r, s), False


def _malformed() -> Iterator[Row]:
    """Values and lengths that are refused before any arithmetic, beside the honest signature they are made of."""
    yield "RFC 6979 A.2.5 with low s", KEY, SAMPLE, SIGNATURE, True
    yield "RFC 6979 A.2.5 as printed, s above n/2", KEY, SAMPLE, pair(R, N - S), True
    for name, left, right in (
        ("r is 0", 0, S),
        ("s is 0", R, 0),
        ("both 0", 0, 0),
        ("r is n", N, S),
        ("s is n", R, N),
        ("r is n + 1", N + 1, S),
        ("s is n + 1", R, N + 1),
        ("both n", N, N),
        ("both 1", 1, 1),
        ("r is 1, s is n - 1", 1, N - 1),
        ("r is n - 1, s is 1", N - 1, 1),
        ("r is p", P, S),
        ("r is p - n", P - N, S),
        ("s is p", R, P),
        ("r and s exchanged", S, R),
        ("n - r", N - R, S),
        ("all ones", (1 << 256) - 1, (1 << 256) - 1),
    ):
        yield name, KEY, SAMPLE, pair(left, right), False
    for name, raw in (
        ("nothing", b""),
        ("63 bytes", SIGNATURE[:63]),
        ("65 bytes", SIGNATURE + b"\x00"),
        ("65 bytes, a zero in front", b"\x00" + SIGNATURE),
        ("DER", b"\x30\x44\x02\x20" + SIGNATURE[:32] + b"\x02\x20" + SIGNATURE[32:]),
        ("little-endian", SIGNATURE[31::-1] + SIGNATURE[:31:-1]),
    ):
        yield "signature: " + name, KEY, SAMPLE, raw, False
    yield "another digest", KEY, hashes.sha256(b"test"), SIGNATURE, False
    yield "digest of 31 bytes", KEY, SAMPLE[:31], SIGNATURE, False
    yield "digest of 33 bytes", KEY, SAMPLE + b"\x00", SIGNATURE, False
    yield "digest of 64 bytes", KEY, SAMPLE + bytes(32), SIGNATURE, False
    yield "no digest", KEY, b"", SIGNATURE, False
    for case in point_cases():
        if not case["ok"]:
            yield "key: %s" % case["name"], bytes.fromhex(case["hex"]), SAMPLE, SIGNATURE, False
    yield "another key", ecdsa.public_key(ONE), SAMPLE, SIGNATURE, False
    opposite = KEY[:33] + b32(P - int.from_bytes(KEY[33:], "big"))
    yield "the opposite key", opposite, SAMPLE, SIGNATURE, False


def _off_the_common_path() -> Iterator[Row]:
    """x(R) above n, R = infinity, and the two halves u1 G and u2 Q equal, opposite or missing."""
    above = first_point(N)  # x = n + t, so that r = t and r + n = x
    t, s = above[0] - N, 123456789
    key = _key_for(above, t, s, SAMPLE)
    yield "x above n: r is x - n", key, SAMPLE, pair(t, s), True
    yield "x above n: r is x", key, SAMPLE, pair(above[0], s), False
    small = first_point(1)
    wrapped = P - N + small[0]  # r + n = p + x: the same number mod p, another mod n
    key = _key_for(small, wrapped, s, SAMPLE)
    yield "r + n reaches x only mod p", key, SAMPLE, pair(wrapped, s), False
    zero = ecdsa.sign(RFC6979_SECRET, bytes(32))
    yield "the digest is 0", KEY, bytes(32), zero, True
    yield "the digest is n", KEY, b32(N), zero, True
    over = ecdsa.sign(RFC6979_SECRET, b"\xff" * 32)
    yield "the digest is all ones", KEY, b"\xff" * 32, over, True
    yield "the digest is all ones less n", KEY, b32((1 << 256) - 1 - N), over, True
    scalar, e = int.from_bytes(RFC6979_SECRET, "big"), int.from_bytes(SAMPLE, "big") % N
    half = e * pow(scalar, -1, N) % N  # with s = e and r = half, u1 = 1 and u2 Q = G
    doubled = finite(times(2, GENERATOR))[0]
    e_two = doubled * scalar % N  # then r = x(2 G), s = e: a signature whose nonce is 2
    yield "both halves equal", KEY, b32(e_two), pair(doubled, e_two), True
    yield "both halves equal, r another", KEY, SAMPLE, pair(half, e), False
    yield "both halves cancel", KEY, SAMPLE, pair(N - half, e), False
    yield "both halves cancel, high s", KEY, SAMPLE, pair(half, N - e), False


def _key_for(point: Affine, r: int, s: int, digest: bytes) -> bytes:
    """The public key under which (r, s) over `digest` leads a verifier to `point`: Q = (s R - e G) / r."""
    minus_e = -int.from_bytes(digest, "big") % N
    total = add(times(s, point), times(minus_e, GENERATOR))
    return encode_point(finite(times(pow(r, -1, N), total)))


def _extreme() -> Iterator[Row]:
    """Keys with extreme coordinates or tiny secrets, scalars of few or many ones, s whose inverse is special."""
    for name, secret in (
        ("G", ONE),
        ("-G", LAST),
        ("2 G", b32(2)),
        ("3 G", b32(3)),
        ("-2 G", b32(N - 2)),
    ):
        yield (
            "the key is " + name,
            ecdsa.public_key(secret),
            SAMPLE,
            ecdsa.sign(secret, SAMPLE),
            True,
        )
    zero = lift(0)
    keys = {
        "x is small": first_point(1),
        "x is next to p": first_point(P - 1, -1),
        "x has a long row of zeros": first_point(1 << 224),
        "x has a long row of ones": first_point((1 << 255) - 1),
        "x is 2**96 - 1": first_point((1 << 96) - 1),
        "x is next to n": first_point(N - 1, -1),
    }
    if zero is not None:
        keys["x is 0"] = zero
    for name, point in keys.items():
        yield from forged("key: " + name, point, 0x1234567 << 200, 0x89ABCDEF << 190)
    point = first_point(5)
    scalars = {
        "1": 1,
        "2": 2,
        "15": 15,
        "16": 16,
        "17": 17,
        "31": 31,
        "n - 1": N - 1,
        "n - 2": N - 2,
        "(n - 1)/2": N >> 1,
        "(n + 1)/2": (N >> 1) + 1,
        "2**128": 1 << 128,
        "2**128 - 1": (1 << 128) - 1,
        "2**255": 1 << 255,
        "2**255 - 1": (1 << 255) - 1,
        "16 zeros in 32 bits": 0xFFFF0000 * ((1 << 256) // ((1 << 32) - 1)) % N,
    }
    for name, scalar in scalars.items():
        yield from forged("u1 is " + name, point, scalar, 0x6789 << 230)
        yield from forged("u2 is " + name, point, 0x6789 << 230, scalar)
    yield from forged("u1 is 0", point, 0, 0x6789 << 230)
    yield from forged("u1 and u2 are 1", point, 1, 1)


def _meetings() -> Iterator[Row]:
    """For every shape of combs: a sum on the way meets an equal or opposite entry, where plain addition fails.

    Rows are added from the top; where the base's top row comes in, the running sum is m Q, and the first of its entries
    is g G, or the first two of them if they are added first. With Q = (g/m) G both are the same point, with -g/m
    opposite.
    """
    u1, u2 = 0x7F3B << 238 | 0xABCD1235, 0x5EC << 244 | 0x99991237
    for peer in PEER_COMBS:
        for base in BASE_COMBS:
            first = count_rows(*base) - 1
            if count_rows(*peer) <= first:
                continue  # the base's rows come first
            m = sum(
                _weight(u2, peer, row, table) << (row - first) for row, table in _upper(peer, first)
            )
            one = _weight(u1, base, first, 0)
            for added, g in (
                ("one by one", one),
                ("two by two", one + _weight(u1, base, first, 1)),
            ):
                for name, sign in (("equal", 1), ("opposite", -1)):
                    point = finite(times(sign * g * pow(m, -1, N) % N, GENERATOR))
                    shapes = "combs %d x %d and %d x %d, %s" % (*base, *peer, added)
                    yield from forged("%s points meet, %s" % (name, shapes), point, u1, u2)


def _upper(shape: tuple[int, int], first: int) -> Iterator[tuple[int, int]]:
    """(row, table) of all entries that are added before those of row `first` of the base."""
    for row in range(first, count_rows(*shape)):
        for table in range(shape[1]):
            yield row, table


def _weight(scalar: int, shape: tuple[int, int], row: int, table: int) -> int:
    """The multiple of its point that one entry stands for, without the row's own power of two; `scalar` is odd."""
    teeth, combs = shape
    rows = count_rows(teeth, combs)
    stride = rows * combs
    signs = (scalar + (1 << teeth * stride) - 1) >> 1
    at = table * rows + row
    return sum(
        (1 if signs >> (at + tooth * stride) & 1 else -1) << (table * rows + tooth * stride)
        for tooth in range(teeth)
    )
