# SPDX-License-Identifier: Apache-2.0
"""Keys and signatures, honest and hostile. The hostile ones are built backwards, from the point a verifier will meet.

For any point R and any r, s and digest, the key Q = (s R - e G) / r makes a verifier compute exactly R.
"""

from wattpact.crypto import ecdsa, hashes, p256
from wattpact.crypto.p256 import N, P

from .form import Case
from .story import secret

RFC6979_SECRET = bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
SAMPLE = hashes.sha256(b"sample")
ONE, LAST = (1).to_bytes(32, "big"), (N - 1).to_bytes(32, "big")
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


def _b32(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _lift(x: int) -> "tuple[int, int] | None":
    """A point with this x, if there is one: p = 3 mod 4, so a square root is a power."""
    square = (x * x * x - 3 * x + B) % P
    y = pow(square, (P + 1) // 4, P)
    return (x, y) if y * y % P == square else None


def _add(one: "tuple[int, int]", two: "tuple[int, int]") -> "tuple[int, int]":
    """Affine addition of different, not opposite points: only for building vectors."""
    slope = (two[1] - one[1]) * pow(two[0] - one[0], -1, P) % P
    x = (slope * slope - one[0] - two[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def _times(scalar: int, point: "tuple[int, int]") -> "tuple[int, int]":
    """scalar x point by doubling and adding: only for building vectors, 0 < scalar < n."""
    total, power = None, point
    while scalar:
        if scalar & 1:
            total = power if total is None else _add(total, power)
        slope = 3 * (power[0] * power[0] - 1) * pow(2 * power[1], -1, P) % P
        x = (slope * slope - 2 * power[0]) % P
        power = x, (slope * (power[0] - x) - power[1]) % P
        scalar >>= 1
    if total is None:
        raise ValueError("scalar is 0")
    return total


def _key_for(point: "tuple[int, int]", r: int, s: int, digest: bytes) -> bytes:
    """The public key under which (r, s) over `digest` leads a verifier to `point`."""
    generator = p256.multiply_base(1, 1)
    minus_e = (-int.from_bytes(digest, "big")) % N
    total = _add(_times(s, point), _times(minus_e, generator))
    return p256.encode_point(_times(pow(r, -1, N), total))


def _first_point(start: int) -> "tuple[int, int]":
    x = start
    while True:
        point = _lift(x % P)
        if point is not None:
            return point
        x += 1


def sign_cases() -> "list[Case]":
    """`public_key` belongs to `secret`, and signing `digest` gives `signature` (RFC 6979, then s <= n/2)."""
    made: list[Case] = []
    for name, key, digest in (
        ("RFC 6979 A.2.5, sample", RFC6979_SECRET, SAMPLE),
        ("RFC 6979 A.2.5, test", RFC6979_SECRET, hashes.sha256(b"test")),
        ("secret 1", ONE, SAMPLE),
        ("secret 2", _b32(2), SAMPLE),
        ("secret n - 1", LAST, SAMPLE),
        ("secret n - 2", _b32(N - 2), SAMPLE),
        ("digest 0", RFC6979_SECRET, bytes(32)),
        ("digest n", RFC6979_SECRET, _b32(N)),
        ("digest n + 1", RFC6979_SECRET, _b32(N + 1)),
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
        ("secret n", _b32(N)),
        ("secret n + 1", _b32(N + 1)),
        ("secret of all ones", b"\xff" * 32),
        ("secret of 31 bytes", ONE[1:]),
        ("secret of 33 bytes", b"\x00" + ONE),
        ("no secret", b""),
    ):
        made.append({"name": name, "secret": bad.hex(), "digest": SAMPLE.hex(), "ok": False})
    return made


def point_cases() -> "list[Case]":
    """`hex` is a public key, or is none."""
    good = p256.multiply_base(1, 1)
    x, y = _b32(good[0]), _b32(good[1])
    key = b"\x04" + x + y
    no_root = next(n for n in range(2, 100) if _lift(n) is None)
    small = _first_point(0)
    return [
        {"name": name, "hex": raw.hex(), "ok": ok}
        for name, raw, ok in (
            ("G", key, True),
            ("-G", p256.encode_point((good[0], P - good[1])), True),
            ("a point with a small x", p256.encode_point(small), True),
            ("a point with x above n", p256.encode_point(_first_point(N)), True),
            ("nothing", b"", False),
            ("infinity, SEC 1", b"\x00", False),
            ("infinity, filled up", bytes(65), False),
            ("x = 0, y = 0", b"\x04" + bytes(64), False),
            ("y + 1", b"\x04" + x + _b32(good[1] + 1), False),
            ("x and y exchanged", b"\x04" + y + x, False),
            ("x on the twist", b"\x04" + _b32(no_root) + _b32(1), False),
            ("x + p", b"\x04" + _b32(small[0] + P) + _b32(small[1]), False),
            ("x = p", b"\x04" + _b32(P) + y, False),
            ("y = p", b"\x04" + x + _b32(P), False),
            ("y = 0", b"\x04" + x + bytes(32), False),
            ("all ones", b"\x04" + b"\xff" * 64, False),
            ("compressed", b"\x03" + x, False),
            ("hybrid", b"\x07" + x + y, False),
            ("without its first byte", x + y, False),
            ("64 bytes", key[:64], False),
            ("66 bytes", key + b"\x00", False),
        )
    ]


def verify_cases() -> "list[Case]":
    """FIPS 186-5: whether `signature` is by `public_key` over `digest`. A high s is fine here, and nothing raises."""
    key, signature = ecdsa.public_key(RFC6979_SECRET), ecdsa.sign(RFC6979_SECRET, SAMPLE)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    made: list[Case] = []

    def add(name: str, public: bytes, digest: bytes, made_of: bytes, ok: bool) -> None:
        made.append(
            {
                "name": name,
                "public_key": public.hex(),
                "digest": digest.hex(),
                "signature": made_of.hex(),
                "ok": ok,
            }
        )

    def pair(left: int, right: int) -> bytes:
        return _b32(left) + _b32(right)

    add("RFC 6979 A.2.5 with low s", key, SAMPLE, signature, True)
    add("RFC 6979 A.2.5 as printed, s above n/2", key, SAMPLE, pair(r, N - s), True)
    for name, left, right in (
        ("r is 0", 0, s),
        ("s is 0", r, 0),
        ("both 0", 0, 0),
        ("r is n", N, s),
        ("s is n", r, N),
        ("both 1", 1, 1),
        ("r is 1, s is n - 1", 1, N - 1),
        ("r is p", P, s),
        ("r and s exchanged", s, r),
        ("n - r", N - r, s),
        ("all ones", (1 << 256) - 1, (1 << 256) - 1),
    ):
        add(name, key, SAMPLE, pair(left, right), False)
    for name, raw in (
        ("nothing", b""),
        ("63 bytes", signature[:63]),
        ("65 bytes", signature + b"\x00"),
        ("65 bytes, a zero in front", b"\x00" + signature),
        ("DER", b"\x30\x44\x02\x20" + signature[:32] + b"\x02\x20" + signature[32:]),
    ):
        add("signature: " + name, key, SAMPLE, raw, False)
    add("another digest", key, hashes.sha256(b"test"), signature, False)
    add("digest of 31 bytes", key, SAMPLE[:31], signature, False)
    add("digest of 33 bytes", key, SAMPLE + b"\x00", signature, False)
    add("no digest", key, b"", signature, False)
    for case in point_cases():
        if not case["ok"]:
            add("key: %s" % case["name"], bytes.fromhex(case["hex"]), SAMPLE, signature, False)
    add("another key", ecdsa.public_key(ONE), SAMPLE, signature, False)
    add("the opposite key", _opposite(key), SAMPLE, signature, False)
    made.extend(_edge_cases())
    return made


def _opposite(key: bytes) -> bytes:
    return key[:33] + _b32(P - int.from_bytes(key[33:], "big"))


def _edge_cases() -> "list[Case]":
    """Where a verifier's arithmetic goes off the common path."""
    above = _first_point(N)  # x = n + t, so that r = t and r + n = x
    t, s = above[0] - N, 123456789
    key_above = _key_for(above, t, s, SAMPLE)
    small = _first_point(1)
    wrapped = P - N + small[0]  # r + n = p + x: the same number mod p, another mod n
    key_wrapped = _key_for(small, wrapped, s, SAMPLE)
    zero_signature = ecdsa.sign(RFC6979_SECRET, bytes(32))
    key = ecdsa.public_key(RFC6979_SECRET)
    # With s = e, u1 = 1; with r = e / d too, u2 d = 1: the two halves are equal. With -r they cancel.
    scalar, e = int.from_bytes(RFC6979_SECRET, "big"), int.from_bytes(SAMPLE, "big") % N
    half = e * pow(scalar, -1, N) % N
    doubled = p256.multiply_base(2, 1)[0]
    e_two = (
        doubled * scalar % N
    )  # then r = x(2 G), s = e: u1 = 1 and u2 d = 1, a signature with nonce 2
    rows = (
        ("x above n: r is x - n", key_above, SAMPLE, _b32(t) + _b32(s), True),
        ("x above n: r is x", key_above, SAMPLE, _b32(above[0]) + _b32(s), False),
        ("r + n reaches x only mod p", key_wrapped, SAMPLE, _b32(wrapped) + _b32(s), False),
        ("the digest is 0", key, bytes(32), zero_signature, True),
        ("the digest is n", key, _b32(N), zero_signature, True),
        ("both halves equal", key, _b32(e_two), _b32(doubled) + _b32(e_two), True),
        ("both halves equal, r another", key, SAMPLE, _b32(half) + _b32(e), False),
        ("both halves cancel", key, SAMPLE, _b32(N - half) + _b32(e), False),
        ("the key is G", ecdsa.public_key(ONE), SAMPLE, ecdsa.sign(ONE, SAMPLE), True),
        ("the key is -G", ecdsa.public_key(LAST), SAMPLE, ecdsa.sign(LAST, SAMPLE), True),
    )
    return [
        {
            "name": name,
            "public_key": public.hex(),
            "digest": digest.hex(),
            "signature": signature.hex(),
            "ok": ok,
        }
        for name, public, digest, signature, ok in rows
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
        result = hashes.hmac_sha256(key, text)
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
