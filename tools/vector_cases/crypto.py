# SPDX-License-Identifier: Apache-2.0
"""Hashes, keys and the signatures that a secret gives."""

from wattpact.crypto import ecdsa, hashes
from wattpact.crypto.field import N, P
from wattpact.crypto.p256 import encode_point

from .curve import GENERATOR, b32, first_point, lift
from .form import Case
from .story import secret

RFC6979_SECRET = bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
SAMPLE = hashes.sha256(b"sample")
ONE, LAST = b32(1), b32(N - 1)
MEETING = {
    (6, 2): 0x7FFFFFFFFFF80000000000800000000007FFFFFFFFFF7FFFFFFFFFF800000,
    (7, 2): 0xFFFFFFFFFC0000000010000000004000000000FFFFFFFFFBFFFFFFFFF00000,
    (8, 2): 0x1FFFFFFFE00000002000000020000000200000001FFFFFFFE000000020000,
    (8, 4): 0x1FFFFFFFE0000000200000001FFFFFFFE0000000200000001FFFFFFFE000000,
}
"""By teeth and tables: -2 times an entry of the last table, which the last addition then adds to its equal mod n."""


def sign_cases() -> "list[Case]":
    """`public_key` belongs to `secret`, and signing `digest` gives `signature` (RFC 6979, then s <= n/2)."""
    made: list[Case] = []
    for name, key, digest in (
        ("RFC 6979 A.2.5, sample", RFC6979_SECRET, SAMPLE),
        ("RFC 6979 A.2.5, test", RFC6979_SECRET, hashes.sha256(b"test")),
        ("secret 1", ONE, SAMPLE),
        ("secret 2", b32(2), SAMPLE),
        ("secret n - 1", LAST, SAMPLE),
        ("secret n - 2", b32(N - 2), SAMPLE),
        *[
            ("secret where a comb of %d x %d meets itself" % shape, b32(last), SAMPLE)
            for shape, last in MEETING.items()
        ],
        ("digest 0", RFC6979_SECRET, bytes(32)),
        ("digest n", RFC6979_SECRET, b32(N)),
        ("digest n + 1", RFC6979_SECRET, b32(N + 1)),
        ("digest of all ones", RFC6979_SECRET, b"\xff" * 32),
        *[("key %d" % n, secret(str(n)), hashes.sha256(b"%d" % n)) for n in range(6)],
    ):
        public, signature = ecdsa.public_key(key), ecdsa.sign(key, digest)
        made.append(
            {
                "name": name,
                "secret": key.hex(),
                "digest": digest.hex(),
                "public_key": public.hex(),
                "signature": signature.hex(),
                "ok": True,
            }
        )
    for name, bad in (
        ("secret 0", bytes(32)),
        ("secret n", b32(N)),
        ("secret n + 1", b32(N + 1)),
        ("secret of all ones", b"\xff" * 32),
        ("secret of 31 bytes", ONE[1:]),
        ("secret of 33 bytes", b"\x00" + ONE),
        ("no secret", b""),
    ):
        made.append({"name": name, "secret": bad.hex(), "digest": SAMPLE.hex(), "ok": False})
    return made


def point_cases() -> "list[Case]":
    """`hex` is a public key, or is none."""
    good = GENERATOR
    x, y = b32(good[0]), b32(good[1])
    key = b"\x04" + x + y
    no_root = next(n for n in range(2, 100) if lift(n) is None)
    small = first_point(0)
    return [
        {"name": name, "hex": raw.hex(), "ok": ok}
        for name, raw, ok in (
            ("G", key, True),
            ("-G", encode_point((good[0], P - good[1])), True),
            ("a point with a small x", encode_point(small), True),
            ("a point with x above n", encode_point(first_point(N)), True),
            ("nothing", b"", False),
            ("infinity, SEC 1", b"\x00", False),
            ("infinity, filled up", bytes(65), False),
            ("x = 0, y = 0", b"\x04" + bytes(64), False),
            ("y + 1", b"\x04" + x + b32(good[1] + 1), False),
            ("x and y exchanged", b"\x04" + y + x, False),
            ("x on the twist", b"\x04" + b32(no_root) + b32(1), False),
            ("x + p", b"\x04" + b32(small[0] + P) + b32(small[1]), False),
            ("x = p", b"\x04" + b32(P) + y, False),
            ("y = p", b"\x04" + x + b32(P), False),
            ("y = 0", b"\x04" + x + bytes(32), False),
            ("all ones", b"\x04" + b"\xff" * 64, False),
            ("compressed", b"\x03" + x, False),
            ("hybrid", b"\x07" + x + y, False),
            ("without its first byte", x + y, False),
            ("64 bytes", key[:64], False),
            ("66 bytes", key + b"\x00", False),
        )
    ]


def hash_cases() -> "list[Case]":
    """`kind` of `hex` (under `key`, if it is an HMAC) is `result`."""
    rfc4231 = b"\x0b" * 20
    made: list[Case] = []
    for name, key, text in (
        ("RFC 4231 case 1", rfc4231, b"Hi There"),
        ("RFC 4231 case 2", b"Jefe", b"what do ya want for nothing?"),
        (
            "RFC 4231 case 6, long key",
            b"\xaa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
        ),
        ("key of one block", bytes(range(64)), b""),
        ("no key", b"", b"x" * 200),
    ):
        result = hashes.HmacKey(key).digest(text)
        made.append(
            {
                "name": name,
                "kind": "hmac",
                "key": key.hex(),
                "hex": text.hex(),
                "result": result.hex(),
                "ok": True,
            }
        )
    for name, text in (("nothing", b""), ("abc", b"abc"), ("a block", bytes(64))):
        made.append(
            {
                "name": name,
                "kind": "sha256",
                "hex": text.hex(),
                "result": hashes.sha256(text).hex(),
                "ok": True,
            }
        )
    for name in ("issuer", "meter", "plant"):
        public = ecdsa.public_key(secret(name))
        result = hashes.thumbprint(public)
        made.append(
            {
                "name": name,
                "kind": "thumbprint",
                "hex": public.hex(),
                "result": result.hex(),
                "ok": True,
            }
        )
    return made
