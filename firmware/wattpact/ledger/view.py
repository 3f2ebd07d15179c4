# SPDX-License-Identifier: Apache-2.0
"""What a rule looks at: the charter of the genesis (R9), a transaction taken apart (R10), rows, time, signatures.

Nothing here decides about trade.
"""

from ..compat import const
from ..crypto.hashes import kid as kid_of
from ..crypto.p256 import on_curve
from ..errors import RuleError, WireError
from ..units import DAY_S
from ..wire.envelope import digest_of, digest_of_acceptance, is_record, open1, split_record
from ..wire.messages import (
    AWARD,
    FACTORS,
    REGISTER,
    REVOKE,
    SELF_NETWORK,
    Contract,
    Genesis,
    message_id,
    parse,
    parse_as,
)
from .state import FACTORS as FACTOR_ROWS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..interfaces import Verifier
    from .state import Writes

    Factor = tuple[str, int, int, int, int, str]

OPERATIONAL = 0  # the boundary of a factor that counts here: the grid's own emissions, none of a panel's making


REMEMBERED = const(4096)  # parsed transactions, and valid signatures: a mempool's worth


def require(rule: int, holds: bool, detail: str) -> None:
    """Go on if it holds, else refuse by the rule's number."""
    if not holds:
        raise RuleError(rule, detail)


class Charter:
    """What the genesis fixes, unpacked once."""

    def __init__(self, genesis: "Genesis", payload: bytes) -> None:
        self.genesis = genesis
        self.hash = message_id(payload)
        self.network = self.hash[:8]
        self.slot_s = genesis.slot_s
        self.settle_s, self.withheld_s, self.late_s, self.clock_s = genesis.timeouts
        self.issuer = (kid_of(genesis.issuer), genesis.issuer)
        self.registrar = (kid_of(genesis.registrar), genesis.registrar)
        keys = [genesis.issuer, genesis.registrar, genesis.sequencer] + genesis.witnesses
        self.kids = [kid_of(key) for key in keys]

    def authority(self, number: int) -> "tuple[bytes, bytes] | None":
        """(kid, key) of the only one who signs messages of type `number`; None if members do."""
        if number in (AWARD, FACTORS):
            return self.issuer
        if number in (REGISTER, REVOKE):
            return self.registrar
        return None


def found(envelope: bytes, verifier: "Verifier") -> Charter:
    """The charter of a genesis envelope, or RuleError 9."""
    try:
        payload = digest_of(envelope)[0]
        genesis = parse_as(Genesis, payload)
        if not on_curve(genesis.issuer):
            raise WireError("issuer")
        open1(envelope, genesis.issuer, verifier)
        _check_genesis(genesis)
    except WireError as error:
        raise RuleError(9, str(error))
    return Charter(genesis, payload)


def _check_genesis(genesis: Genesis) -> None:
    """WireError naming what is not well formed."""
    settle_s, withheld_s, late_s, _clock_s = genesis.timeouts
    keys = [genesis.registrar, genesis.sequencer] + genesis.witnesses
    steps = [from_s for from_s, _price in genesis.grid_prices]
    for holds, detail in (
        (genesis.network == SELF_NETWORK, "network"),
        (all([on_curve(key) for key in keys]), "keys"),
        (len(set(genesis.witnesses)) == len(genesis.witnesses), "witnesses"),
        (genesis.quorum <= len(genesis.witnesses), "quorum"),
        (DAY_S % genesis.slot_s == 0, "slot_s"),
        (all([a < b for a, b in zip(steps, steps[1:])]), "grid_prices"),
        (settle_s <= withheld_s <= late_s, "timeouts"),
        (all_new([], genesis.factors), "factors"),
        (any([r[0] == genesis.region and r[2] == OPERATIONAL for r in genesis.factors]), "region"),
    ):
        if not holds:
            raise WireError(detail)


class Transaction:
    """A transaction taken apart; nobody has checked a signature yet."""

    def __init__(self, stored: bytes) -> None:
        """RuleError 10 if it is not well formed."""
        try:
            record = is_record(stored)
            envelope, acceptance = split_record(stored) if record else (stored, b"")
            self.payload, self.digest, self.signature, self.kid = digest_of(envelope)
            self.message: "Any" = parse(self.payload)
            self.acceptance: "tuple[bytes, bytes, bytes] | None" = None
            if record:
                if type(self.message) is not Contract:
                    raise WireError("only a contract has two signatures")
                self.acceptance = digest_of_acceptance(acceptance, self.payload)
        except WireError as error:
            raise RuleError(10, str(error))
        self.id = message_id(self.payload)


class Parsed:
    """Transactions taken apart, by their bytes, in bounded memory; replicas in one process may share one."""

    def __init__(self, most: int = REMEMBERED) -> None:
        """`most` entries in each of two generations."""
        self._most = most
        self._young: "dict[bytes, Transaction]" = {}
        self._old: "dict[bytes, Transaction]" = {}

    def get(self, stored: bytes) -> Transaction:
        """RuleError 10 if it is not well formed; that is not remembered."""
        tx = self._young.get(stored) or self._old.get(stored)
        if tx is None:
            tx = Transaction(stored)
            if len(self._young) >= self._most:
                self._old = self._young
                self._young = {}
            self._young[stored] = tx
        return tx


class Signatures:
    """The verifier, and in bounded memory the signatures it found valid between check and finalize."""

    def __init__(self, verifier: "Verifier", most: int = REMEMBERED) -> None:
        """`most` entries in each of two generations."""
        self._verifier = verifier
        self._most = most
        self._young: "dict[bytes, tuple[bytes, bytes]]" = {}
        self._old: "dict[bytes, tuple[bytes, bytes]]" = {}

    def known(self, public_key: bytes, digest: bytes, signature: bytes) -> bool:
        """Whether it was found valid a while ago."""
        signed = (public_key, digest)
        return self._young.get(signature) == signed or self._old.get(signature) == signed

    def verify(self, items: "list[tuple[bytes, bytes, bytes]]") -> None:
        """Ask the verifier once for all that are not known; a signature that stands there twice, for the first."""
        unknown: "list[tuple[bytes, bytes, bytes]]" = []
        asked: "set[bytes]" = set()
        for item in items:
            if item[2] not in asked and not self.known(*item):
                asked.add(item[2])
                unknown.append(item)
        if not unknown:
            return
        for item, valid in zip(unknown, self._verifier.verify(unknown)):
            if valid:
                if len(self._young) >= self._most:
                    self._old = self._young
                    self._young = {}
                self._young[item[2]] = item[:2]

    def valid(self, public_key: bytes, digest: bytes, signature: bytes) -> bool:
        """Whether `public_key` signed `digest`."""
        self.verify([(public_key, digest, signature)])
        return self.known(public_key, digest, signature)


class View:
    """What a rule may look at, and write to: the rows of the block being made, over the committed state."""

    def __init__(
        self, charter: Charter, rows: "Writes", height: int, time: int, signatures: Signatures
    ) -> None:
        self.charter = charter
        self.rows = rows
        self.height = height
        self.time = time
        self.signatures = signatures

    def factors(self) -> "list[Factor]":
        """The genesis' factor rows and those added since; tuples, also when they were stored and read again."""
        added: "list[Any]" = self.rows.get(FACTOR_ROWS) or []
        return self.charter.genesis.factors + [tuple(row) for row in added]


def all_new(table: "list[Factor]", rows: "list[Factor]") -> bool:
    """Whether no two rows of both are for the same (region, year, boundary), and no device emits more than the grid."""
    names = [row[:3] for row in table] + [row[:3] for row in rows]
    return len(set(names)) == len(names) and all([row[4] <= row[3] for row in rows])
