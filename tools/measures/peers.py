# SPDX-License-Identifier: Apache-2.0
"""The ECDSA libraries that ours is measured against, copied from the installed packages and mended for MicroPython.

Mended is only what does not run there; what is slow stays slow. Each patch must fit exactly once: a new version of a
peer is read again before it is measured. Modules of CPython's library that MicroPython lacks are in guest/.
"""

from importlib.util import find_spec
from pathlib import Path

CONTENDERS = {
    "starkbank-ecdsa": "starkbank",
    "ecdsa": "python_ecdsa",
    "embit": "embit_on_p256",
}
"""What each is called, and its module in guest/."""
IN_ITS_PLACE = {"sign": "sign", "verify_new": "verify", "verify_cached": "verify"}
"""What a peer does in the place of each operation of ours: none of them remembers a key."""

PACKAGES = {
    "embit": ("util/key.py",),
    "ellipticcurve": (
        "curve.py",
        "ecdsa.py",
        "math.py",
        "point.py",
        "signature.py",
        "utils/binary.py",
        "utils/compatibility.py",
        "utils/integer.py",
    ),
    "ecdsa": (
        "_compat.py",
        "ecdsa.py",
        "ellipticcurve.py",
        "errors.py",
        "numbertheory.py",
        "rfc6979.py",
        "util.py",
    ),
}
"""Files of each package that signing and verifying need. Every __init__.py is empty: theirs import all the rest."""


class Patch:
    """`old` becomes `new` in a file. `why` is what MicroPython would do otherwise."""

    def __init__(self, file: str, old: str, new: str, why: str) -> None:
        self.file = file
        self.old = old
        self.new = new
        self.why = why


NO_BIT_LENGTH = "int has no bit_length"
NO_ZFILL = "str has no zfill"
NO_DIGEST_SIZE = "a hash has no digest_size; it is SHA-256 here"
NO_FUTURE = "there is no __future__; true division is the only one"
PATCHES = (
    Patch(
        "ellipticcurve/curve.py",
        "self.nBitLength = N.bit_length()",
        "self.nBitLength = len(bin(N)) - 2",
        NO_BIT_LENGTH,
    ),
    Patch(
        "ellipticcurve/math.py",
        "            return pow(x, -1, n)\n",
        "            raise ValueError\n",
        "pow(x, -1, n) is silently 0; the library's own Euclid stands behind it",
    ),
    Patch(
        "ellipticcurve/signature.py",
        "from .utils.der import parse, encodeConstructed, encodePrimitive, DerFieldType\n",
        "",
        "der.py needs datetime; no signature is encoded here",
    ),
    Patch(
        "ellipticcurve/utils/binary.py",
        "from base64 import b64encode, b64decode\n",
        "",
        "there is no base64, and nothing here uses it",
    ),
    Patch(
        "ellipticcurve/utils/compatibility.py",
        "if pyVersion.major == 3:",
        "if pyVersion[0] == 3:",
        "sys.version_info is a plain tuple",
    ),
    Patch(
        "ellipticcurve/utils/integer.py",
        "from .binary import numberFromByteString, hexFromInt, byteStringFromHex\n",
        "from .binary import numberFromByteString, hexFromInt, byteStringFromHex\nfrom zfill import zfill\n",
        NO_ZFILL,
    ),
    Patch(
        "ellipticcurve/utils/integer.py",
        "hexFromInt(secret).zfill(orderByteLen * 2)",
        "zfill(hexFromInt(secret), orderByteLen * 2)",
        NO_ZFILL,
    ),
    Patch(
        "ellipticcurve/utils/integer.py",
        "hexFromInt(hashReduced).zfill(orderByteLen * 2)",
        "zfill(hexFromInt(hashReduced), orderByteLen * 2)",
        NO_ZFILL,
    ),
    Patch(
        "ellipticcurve/utils/integer.py",
        "hexFromInt(cls.between(0, (1 << (orderByteLen * 8)) - 1)).zfill(orderByteLen * 2)",
        "zfill(hexFromInt(cls.between(0, (1 << (orderByteLen * 8)) - 1)), orderByteLen * 2)",
        NO_ZFILL,
    ),
    Patch(
        "ellipticcurve/utils/integer.py",
        "hLen = hashfunc().digest_size",
        "hLen = 32",
        NO_DIGEST_SIZE,
    ),
    Patch(
        "ecdsa/_compat.py",
        '''\
    # pylint: enable=invalid-name

    def bit_length(val):
        """Return number of bits necessary to represent an integer."""
        return val.bit_length()
''',
        '''\
    # pylint: enable=invalid-name

    def bit_length(val):
        """Return number of bits necessary to represent an integer."""
        return len(bin(val)) - 2
''',
        NO_BIT_LENGTH,
    ),
    Patch(
        "ecdsa/_compat.py",
        '''\
        return val

    def remove_whitespace(text):
        """Removes all whitespace from passed in string"""
        return re.sub(r"\\s+", "", text, flags=re.UNICODE)

    def a2b_hex''',
        '''\
        return val

    def remove_whitespace(text):
        """Removes all whitespace from passed in string"""
        return "".join(text.split())

    def a2b_hex''',
        "re.sub takes no flags",
    ),
    Patch("ecdsa/ellipticcurve.py", "from __future__ import division\n", "", NO_FUTURE),
    Patch("ecdsa/numbertheory.py", "from __future__ import division\n", "", NO_FUTURE),
    Patch("ecdsa/rfc6979.py", "holen = hash_func().digest_size", "holen = 32", NO_DIGEST_SIZE),
    Patch("ecdsa/util.py", "from __future__ import division\n", "", NO_FUTURE),
    Patch(
        "ecdsa/util.py",
        "from . import der\n",
        "",
        "der.py needs base64 and itertools; no signature is encoded here",
    ),
    Patch(
        "ecdsa/util.py",
        "encoded_oid_ecPublicKey = der.encode_oid(*oid_ecPublicKey)\n",
        "",
        "it is for encoded keys, and needs der.py",
    ),
    Patch(
        "ecdsa/util.py",
        "return x.bit_length() or 1",
        "return len(bin(x)) - 2",
        NO_BIT_LENGTH + "; of 0 that is 1, too",
    ),
)


class PatchError(Exception):
    """A peer is not what it was when its patches were written."""


def patched(text: str, patch: Patch) -> str:
    """PatchError unless the old text stands there once."""
    count = text.count(patch.old)
    if count != 1:
        raise PatchError("%s: %d times %r" % (patch.file, count, patch.old))
    return text.replace(patch.old, patch.new)


def stage(folder: Path) -> None:
    """Write what MicroPython is to import of each peer to `folder`."""
    for package, files in PACKAGES.items():
        source = installed(package)
        for name in files:
            text = (source / name).read_text(encoding="utf-8")
            for patch in PATCHES:
                if patch.file == "%s/%s" % (package, name):
                    text = patched(text, patch)
            path = folder / package / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            (path.parent / "__init__.py").touch()
        (folder / package / "__init__.py").touch()


def installed(package: str) -> Path:
    """Where a package stands, found without importing it."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("%s is not installed: make setup" % package)
    return Path(spec.origin).parent
