# SPDX-License-Identifier: Apache-2.0
"""What every node is before it trades: a key, the genesis it trusts, the nodes it knows, an outbox.

A node believes a key only because the genesis names it or the registrar signed its registration. Registrations
travel with the messages that need them, so nobody has to hold the whole network's.
"""

from ..compat import const
from ..crypto.hashes import kid as kid_of
from ..errors import WireError
from ..wire import codec, envelope
from ..wire.kinds import Blob, Row
from ..wire.messages import (
    ENVELOPE_MAX,
    SELF_NETWORK,
    Contract,
    Genesis,
    Proof,
    Register,
    Revoke,
    Stored,
    message_id,
    parse,
    parse_as,
)
from .effects import Drop, Keep, Listen, Note, Publish
from .outbox import PREFIX as OUTBOX_PREFIX
from .outbox import REVOKED_SIZE_KEY, CatchUp, Outbox

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..interfaces import Signer, Verifier
    from ..wire.messages import Message
    from .effects import Effect

OUTBOX_MAX = const(32)
KNOWN_MAX = const(256)
REVOKED_PREFIX = b"v"
SIGN1 = b"\xd2"  # CBOR tag 18
PARCEL_SIZE_MAX = const(2 * 4096 + 8)  # two envelopes and the heads
PARCEL = Row(("register", Blob(ENVELOPE_MAX)), ("message", Blob(ENVELOPE_MAX)))


class Opened:
    """A message whose signature was checked: who signed it, its id, its envelope."""

    def __init__(self, kid: bytes, message: "Message", payload: bytes, data: bytes) -> None:
        self.kid = kid
        self.message = message
        self.id = message_id(payload)
        self.payload = payload
        self.data = data


class Known:
    """A registered node."""

    def __init__(self, register: Register, data: bytes) -> None:
        self.register = register
        self.data = data


class Member:
    """Identity and trust of one board; a prosumer's two roles share one."""

    def __init__(
        self,
        genesis_data: bytes,
        register_data: bytes,
        signer: "Signer",
        verifier: "Verifier",
        outbox_max: int = OUTBOX_MAX,
        known_max: int = KNOWN_MAX,
    ) -> None:
        """Both envelopes are what provisioning wrote on the board. WireError if they do not fit, or not this key."""
        issuer = parse_as(Genesis, envelope.peek_payload(genesis_data)).issuer
        payload = envelope.open1(genesis_data, issuer, verifier)
        self.genesis = parse_as(Genesis, payload)
        if self.genesis.network != SELF_NETWORK:
            raise WireError("a genesis names no network")
        self.network = message_id(payload)[:8]
        self.signer = signer
        self.verifier = verifier
        self.outbox = Outbox(outbox_max)
        self._known_max = known_max  # registrations held: a plant needs its buyers'
        self._kept: "list[bytes]" = []  # kids that never make way
        self.dropped = 0  # messages not believed
        self.kid = kid_of(signer.public_key)
        self.catch_up = CatchUp(self)
        self.host = kid_of(self.genesis.sequencer)
        self.issuer = kid_of(self.genesis.issuer)
        self.registrar = kid_of(self.genesis.registrar)
        self._root_keys = {
            self.issuer: self.genesis.issuer,
            self.registrar: self.genesis.registrar,
            self.host: self.genesis.sequencer,
        }
        self._known: "dict[bytes, Known]" = {}
        self._seen: "dict[bytes, bytes]" = {}
        self._order: "list[bytes]" = []
        self._revoked: "dict[bytes, bool]" = {}
        self.register_data = register_data
        self.register = self.meet(register_data, keep=True)
        if self.register.public_key != signer.public_key:
            raise WireError("registration is for another key")

    def meet(self, register_data: bytes, keep: bool = False) -> Register:
        """Believe a registration that the registrar signed; WireError otherwise.

        When full the longest known goes, but nobody met to `keep`.
        """
        kid = self._seen.get(register_data)
        if kid:
            register = self._known[kid].register
        else:
            register = self.check_register(register_data)
            kid = kid_of(register.public_key)
            self._remember(kid, register, register_data)
        if keep and kid not in self._kept:
            self._kept.append(kid)
        return register

    def keeps_more(self) -> bool:
        """Whether one more may be met to `keep`: most of the room is for those who come and go."""
        return len(self._kept) <= self._known_max // 4

    def check_register(self, register_data: bytes) -> Register:
        """A registration for this network that the registrar signed, not remembered."""
        if envelope.peek_kid(register_data) != self.registrar:
            raise WireError("registration not by the registrar")
        payload = envelope.open1(register_data, self.genesis.registrar, self.verifier)
        register = parse_as(Register, payload)
        self._check_network(register)
        return register

    def _remember(self, kid: bytes, register: Register, register_data: bytes) -> None:
        known = self._known.get(kid)
        if known:
            del self._seen[known.data]
        else:
            if len(self._order) >= self._known_max:
                place = 0
                while self._order[place] in self._kept:
                    place += 1
                gone = self._order.pop(place)
                del self._seen[self._known.pop(gone).data]
            self._order.append(kid)
        self._seen[register_data] = kid
        self._known[kid] = Known(register, register_data)

    def known(self, kid: bytes) -> "Known | None":
        """A node whose registration was seen and that is not revoked."""
        return None if kid in self._revoked else self._known.get(kid)

    def revoke(self, opened: Opened) -> "list[Effect]":
        """A REVOKE broadcast: trade with that key no more."""
        if type(opened.message) is not Revoke or opened.kid != self.registrar:
            raise WireError("revocation not by the registrar")
        kid = opened.message.kid
        if kid in self._revoked or len(self._revoked) >= KNOWN_MAX:
            return []
        self._revoked[kid] = True
        if kid in self._kept and kid != self.kid:
            self._kept.remove(kid)
        return [Keep(REVOKED_PREFIX + kid, opened.data)]

    def revoked(self, kid: bytes) -> bool:
        """The registrar took back its word for this key."""
        return kid in self._revoked

    def drop(self, error: WireError) -> Note:
        """Something that came is not believed: count it, and say so."""
        self.dropped += 1
        return Note("dropped", str(error))

    def take_back(self, key: bytes, kept: bytes, now: int) -> None:
        """One item of the store, if it is a member's; WireError if it is not what was kept."""
        if key[:1] == OUTBOX_PREFIX:
            self.outbox.restore(key[1:], kept, now)
        elif key[:1] == REVOKED_PREFIX:
            self.revoke(self.open(kept))
        elif key == REVOKED_SIZE_KEY:
            self.catch_up.take_back(kept)

    def open(self, data: bytes) -> Opened:
        """A message signed by a key this node believes, for this network; WireError otherwise."""
        return self._open(data, self.public_key(envelope.peek_kid(data)))

    def _open(self, data: bytes, public_key: bytes) -> Opened:
        payload = envelope.open1(data, public_key, self.verifier)
        message = parse(payload)
        self._check_network(message)
        return Opened(envelope.peek_kid(data), message, payload, data)

    def receive(self, data: bytes) -> Opened:
        """Whatever arrived: an envelope, a record that a plant completed, or a parcel; WireError otherwise.

        A record comes back as the plant's word: `kid` is the plant, `data` the whole record.
        """
        if envelope.is_record(data):
            return self._open_record(data)
        if data[:1] == SIGN1:
            return self.open(data)
        return self._open_parcel(data)

    def _open_record(self, data: bytes) -> Opened:
        sign1, acceptance = envelope.split_record(data)
        opened = self.open(sign1)
        contract = opened.message
        if type(contract) is not Contract or contract.meter != opened.kid:
            raise WireError("record of something else than a contract")
        envelope.open_acceptance(
            acceptance, opened.payload, self.public_key(contract.plant), self.verifier
        )
        return Opened(contract.plant, contract, opened.payload, data)

    def _open_parcel(self, data: bytes) -> Opened:
        """A message that travels with its sender's registration: CBOR [REGISTER, message].

        The sender is remembered once its message is believed: registrations are public, and whoever replays them could
        otherwise push out everybody this node knows.
        """
        register_data, message_data = PARCEL.check(codec.decode(data, PARCEL_SIZE_MAX), "parcel")
        if register_data in self._seen:
            return self.open(message_data)
        register = self.check_register(register_data)
        kid = kid_of(register.public_key)
        if kid in self._revoked:
            raise WireError("unknown or revoked key")
        opened = self._open(message_data, register.public_key)
        self._remember(kid, register, register_data)
        return opened

    def parcel(self, data: bytes) -> bytes:
        """Wrap an envelope of ours together with our registration."""
        return codec.encode([self.register_data, data])

    def sign(self, message: "Message") -> "tuple[bytes, bytes]":
        """(id, envelope) of a message of ours."""
        payload = message.payload()
        return message_id(payload), envelope.sign1(payload, self.signer)

    def settle(self, opened: Opened, stored: "Stored") -> "list[Effect]":
        """The host's word frees the outbox, of what is on the chain and of what never will be."""
        if opened.kid != self.host:
            raise WireError("not the host's word")
        effects: "list[Effect]" = []
        for settled in stored.ids + [row[0] for row in stored.refused]:
            effects += self.outbox.settle(settled)
        return effects

    def due(self, now: int) -> "list[Effect]":
        """Messages and questions that nobody has answered, sent again."""
        return self.outbox.due(now) + self.catch_up.due(now)

    def wake_at(self) -> int:
        """When `due` has something; 0: never."""
        times = [at for at in (self.outbox.wake_at(), self.catch_up.wake_at) if at]
        return min(times) if times else 0

    def public_key(self, kid: bytes) -> bytes:
        """The key to believe for `kid`, or WireError: unknown or revoked."""
        key = self._root_keys.get(kid)
        if key:
            return key
        known = self.known(kid)
        if known is None:
            raise WireError("unknown or revoked key")
        return known.register.public_key

    def _check_network(self, message: "Message") -> None:
        if message.network != self.network:
            raise WireError("another network")


class Core:
    """What every node core does with bytes from outside: believe them or drop them, in this one place.

    A WireError ends here: the message is dropped, counted and noted, and nothing of it stays.
    """

    wake_at = 0

    def __init__(self, member: Member) -> None:
        self.member = member

    def on_message(self, kind: str, data: bytes, now: int) -> "list[Effect]":
        """`kind` is "in" for the inbox, else the broadcast's last topic level."""
        try:
            if kind == "checkpoint":
                return self.on_checkpoint(data, now)
            if kind == "register":
                return self.on_register(data)
            opened = self.member.receive(data)
            effects: "list[Effect]" = []
            if type(opened.message) is Stored:
                effects += self.member.settle(opened, opened.message)
            elif type(opened.message) is Proof:
                effects += self.member.catch_up.answered(opened, opened.message, now)
            return effects + self.on_opened(opened, now)
        except WireError as error:
            return [self.member.drop(error)]

    def on_connected(self, now: int, fresh: bool) -> "list[Effect]":
        """The broker let us in. `fresh`: it had no session of ours, so what it retained of us may be gone, too."""
        return self.start(now) if fresh else []

    def start(self, now: int) -> "list[Effect]":
        """Birth: everything a broker must have of us that knows nothing of us, and what we may have missed."""
        member = self.member
        member.catch_up.want(now)
        member.outbox.again(now)
        effects: "list[Effect]" = [Publish("register", member.register_data)]
        return effects + [Listen("revoke", member.host)] + self.show(now)

    def restore(self, items: "list[tuple[bytes, bytes]]", now: int) -> "list[Effect]":
        """After a power cut: everything the store has, ascending by key, before any event. Then `start`.

        A message or reading that came before the cut and was not answered to its end may come again: what was done
        is not done twice. An item that cannot be read is dropped and noted.
        """
        effects: "list[Effect]" = []
        for key, kept in items:
            try:
                self.member.take_back(key, kept, now)
                self.take_back(key, kept, now)
            except WireError as error:
                effects += [Drop(key), Note("store", "unreadable: " + str(error))]
        return effects + self.resume(now)

    def take_back(self, key: bytes, kept: bytes, now: int) -> None:
        """One item of the store, if it is this role's; WireError if it is not what was kept."""

    def resume(self, now: int) -> "list[Effect]":
        """All items are back: go on."""
        return []

    def on_tick(self, now: int) -> "list[Effect]":
        """Time has come to `wake_at`."""
        return self.member.due(now)

    def show(self, now: int) -> "list[Effect]":
        """What this role adds to `start`."""
        return []

    def on_register(self, data: bytes) -> "list[Effect]":
        """Somebody shows its registration; who trades with nobody it has not met in a parcel has no use for it."""
        return []

    def on_opened(self, opened: Opened, now: int) -> "list[Effect]":
        """A message that Member believes; each role takes what concerns it."""
        return []

    def on_checkpoint(self, bundle: bytes, now: int) -> "list[Effect]":
        """The host's signed tree head; a plant has no use for it."""
        return []
