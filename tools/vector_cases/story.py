# SPDX-License-Identifier: Apache-2.0
"""One trade from genesis to certificate, every message once, with ids that fit each other.

It is the worked example of docs/protocol.md and the good half of the message vectors. Keys are hashes of names,
so everybody can sign the same story and nobody should use them for anything else.
"""

from wattpact.crypto.hashes import kid, sha256
from wattpact.crypto.signer import SoftwareSigner
from wattpact.wire import codec, envelope
from wattpact.wire.messages import (
    DECLINE_SOLD,
    END_COMPLETE,
    ROLE_METER,
    ROLE_PLANT,
    SELF_NETWORK,
    Ask,
    Award,
    Checkpoint,
    Contract,
    Decline,
    Factors,
    Generation,
    Genesis,
    Message,
    Offer,
    Proof,
    Prove,
    Register,
    Revoke,
    Shortfall,
    Stored,
    Tell,
    TradeEnd,
    message_id,
)

FOUNDED = 1772323200  # 2026-03-01 00:00 UTC
OFFERED = FOUNDED + 36 * 3600
FIRST_SLOT = OFFERED + 3600
SLOT_S = 900
PRICE = 180000  # 0.18 EUR per kWh
GRID_2023 = ("CN", 2023, 0, 530600, 0, "MEE+NBS 2025")


def secret(name: str) -> bytes:
    """The example key of that name, as public as this line."""
    return sha256(b"wattpact example key: " + name.encode())


SIGNERS = {
    name: SoftwareSigner(secret(name))
    for name in (
        "issuer",
        "registrar",
        "sequencer",
        "witness 1",
        "witness 2",
        "plant",
        "meter",
        "neighbour",
    )
}
KIDS = {name: kid(signer.public_key) for name, signer in SIGNERS.items()}
PLANT_ID = b"plant  1"
PANEL = b"panel 1a"
PANEL_B = b"panel 1b"
OWNER = b"owner  7"


class Step:
    """One message of the story, its signer and its signed bytes."""

    def __init__(self, name: str, signer: str, message: Message) -> None:
        self.name = name
        self.signer = signer
        self.message = message
        self.payload = message.payload()
        self.id = message_id(self.payload)
        self.envelope = envelope.sign1(self.payload, SIGNERS[signer])


def genesis() -> Genesis:
    """The network of the story."""
    return Genesis(
        network=SELF_NETWORK,
        issuer=SIGNERS["issuer"].public_key,
        registrar=SIGNERS["registrar"].public_key,
        sequencer=SIGNERS["sequencer"].public_key,
        witnesses=[SIGNERS["witness 1"].public_key, SIGNERS["witness 2"].public_key],
        quorum=2,
        slot_s=SLOT_S,
        currency=978,
        grid_prices=[(0, 240000), (21600, 320000), (79200, 240000)],
        hurdle=50000,
        timeouts=(7200, 86400, 604800, 60),
        coin_nano_per_g=100000,
        coin_cap_ppm=100000,
        coin_life_s=31536000,
        funder=KIDS["issuer"],
        factors=[GRID_2023],
        debt_limit_nano=50000000000,
        region="CN",
        utc_offset_s=28800,
        contract_slots_max=8,
        created_at=FOUNDED,
        name="Lindenhof",
    )


def story() -> "list[Step]":
    """Every message in the order in which a network sees them."""
    founded = Step("genesis", "issuer", genesis())
    network = founded.id[:8]
    plant = Step("register a plant", "registrar", _register_plant(network))
    meter = Step("register a meter", "registrar", _register_meter(network))
    offer = Step("offer", "plant", _offer(network))
    ask = Step("ask", "meter", Ask(network=network, nonce=b"ask  001", issued_at=OFFERED + 60))
    tell = Step(
        "tell",
        "neighbour",
        Tell(
            network=network,
            ask_id=ask.id,
            plants=[(offer.envelope, plant.envelope, 863000)],
            issued_at=OFFERED + 61,
        ),
    )
    contract = Step("contract", "meter", _contract(network, offer.id))
    decline = Step(
        "decline",
        "plant",
        Decline(network=network, contract_id=contract.id, reason=DECLINE_SOLD, remaining_wh=120),
    )
    end = Step("trade end", "meter", _trade_end(network, contract.id))
    award = Step("award", "issuer", _award(network, contract.id, end.id))
    return [
        founded,
        plant,
        meter,
        Step(
            "factors",
            "issuer",
            Factors(network=network, rows=[("CN-EC", 2023, 0, 550000, 0, "MEE+NBS 2025")]),
        ),
        offer,
        ask,
        tell,
        contract,
        decline,
        Step("generation", "plant", _generation(network)),
        end,
        award,
        Step(
            "stored",
            "sequencer",
            Stored(network=network, ids=[contract.id, end.id], refused=[(ask.id, 17)], height=9),
        ),
        Step("checkpoint", "sequencer", _checkpoint(network)),
        Step(
            "shortfall",
            "sequencer",
            Shortfall(
                network=network,
                plant_id=PLANT_ID,
                height=9,
                low=[(FIRST_SLOT + 2 * SLOT_S, SLOT_S)],
            ),
        ),
        *_missed(network),
    ]


def _missed(network: bytes) -> "list[Step]":
    """A revocation, and a meter that was off when it was broadcast."""
    revoked = Revoke(network=network, kid=KIDS["neighbour"], issued_at=OFFERED + 86400)
    revoke = Step("revoke", "registrar", revoked)
    question = Prove(network=network, size=14, revoked_size=14, issued_at=OFFERED + 86460)
    prove = Step("prove", "meter", question)
    answer = Proof(
        network=network,
        prove_id=prove.id,
        bundle=codec.encode([b"a checkpoint", [], 14, []]),
        revokes=[revoke.envelope],
        revoked_size=15,
    )
    return [revoke, prove, Step("proof", "sequencer", answer)]


def acceptance(contract: Step) -> bytes:
    """The plant's word on the contract."""
    return envelope.accept1(contract.payload, SIGNERS["plant"])


def _register_meter(network: bytes) -> Register:
    return Register(
        network=network,
        public_key=SIGNERS["meter"].public_key,
        roles=[ROLE_METER],
        owner=OWNER,
        neighbourhood=12,
        plant_id=b"",
        panels=[],
        service=[],
        issued_at=FOUNDED + 60,
    )


def _register_plant(network: bytes) -> Register:
    winter, summer = (28800, 57600), (21600, 72000)
    return Register(
        network=network,
        public_key=SIGNERS["plant"].public_key,
        roles=[ROLE_PLANT],
        owner=b"operator",
        neighbourhood=12,
        plant_id=PLANT_ID,
        panels=[(PANEL, 5000, 200), (PANEL_B, 3000, 120)],
        service=[winter, winter, winter, *[summer] * 6, winter, winter, winter],
        issued_at=FOUNDED + 30,
    )


def _offer(network: bytes) -> Offer:
    return Offer(
        network=network,
        plant_id=PLANT_ID,
        seq=1,
        start=FIRST_SLOT,
        price=PRICE,
        currency=978,
        panels=[(PANEL, [900, 950, 950, 900]), (PANEL_B, [500, 520, 520, 500])],
        remaining_wh=5740,
        low=[(OFFERED - 7200, 900)],
        issued_at=OFFERED,
    )


def _contract(network: bytes, offer_id: bytes) -> Contract:
    return Contract(
        network=network,
        offer_id=offer_id,
        meter=KIDS["meter"],
        plant=KIDS["plant"],
        panel_id=PANEL,
        price=PRICE,
        currency=978,
        start=FIRST_SLOT,
        wh=[250, 260, 255, 240],
        total_wh=1005,
        remaining_wh=4735,
        coins=[(sha256(b"an older trade end"), 120000000)],
        nonce=b"nonce 01",
        accept_by=OFFERED + 900,
    )


def _generation(network: bytes) -> Generation:
    return Generation(
        network=network,
        panel_id=PANEL,
        start=FIRST_SLOT,
        wh=[880, 930, 190, 910],
        low=[(FIRST_SLOT + 2 * SLOT_S, SLOT_S)],
    )


def _trade_end(network: bytes, contract_id: bytes) -> TradeEnd:
    slots = [(FIRST_SLOT + n * SLOT_S, wh, True) for n, wh in enumerate((250, 244, 190, 240))]
    return TradeEnd(
        network=network,
        contract_id=contract_id,
        slots=slots,
        register_start_wh=8123400,
        register_end_wh=8124555,
        reason=END_COMPLETE,
    )


def _award(network: bytes, contract_id: bytes, end_id: bytes) -> Award:
    settled_wh = 924
    reduction_ug = settled_wh * 530600
    certificate = (
        contract_id,
        PANEL,
        FIRST_SLOT,
        FIRST_SLOT + 4 * SLOT_S,
        settled_wh,
        0,
        reduction_ug,
        settled_wh,
        3 * reduction_ug,
        12 * reduction_ug,
        250000,
        settled_wh * 1000000 // 1155,
        GRID_2023,
    )
    expires = FOUNDED + 367 * 86400
    return Award(
        network=network, awards=[(end_id, KIDS["meter"], reduction_ug, expires, certificate)]
    )


def _checkpoint(network: bytes) -> Checkpoint:
    return Checkpoint(
        network=network,
        height=9,
        size=14,
        root=sha256(b"example root"),
        app_hash=sha256(b"example app hash"),
        time=FIRST_SLOT + 3 * 3600,
        previous=sha256(b"example checkpoint before"),
    )
