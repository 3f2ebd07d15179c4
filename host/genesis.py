# SPDX-License-Identifier: Apache-2.0
"""Founding a network: the one message that fixes keys, terms and factors for good.

Terms change only with a new network, so each default below says where it comes from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wattpact.crypto.hashes import kid
from wattpact.units import DAY_S, HOUR_S
from wattpact.wire import envelope
from wattpact.wire.messages import SELF_NETWORK, Genesis

if TYPE_CHECKING:
    from wattpact.interfaces import Signer

EUR = 978  # ISO 4217
NANO = 1_000_000_000
GERMANY_2024 = (
    "DE",
    2024,
    0,
    363_000,
    0,
    "UBA: CO2 per kWh of the German power mix, 2024 estimate",
)
"""363 g/kWh, operational boundary, so the panel's own figure is 0 (life cycle would need both)."""

Factor = tuple[str, int, int, int, int, str]
"""region, year, boundary, grid mg/kWh, device mg/kWh, source (at most 64 characters of ASCII)."""


@dataclass(frozen=True)
class Roles:
    """Public keys (65 B) of those who run the network; the issuer is who signs."""

    registrar: bytes
    sequencer: bytes
    witnesses: Sequence[bytes]
    quorum: int


@dataclass(frozen=True)
class Terms:
    """The rules of trade of one network. Prices micro-currency per kWh, money nano-currency."""

    slot_s: int = 900
    currency: int = EUR
    grid_prices: Sequence[tuple[int, int]] = (
        (0, 320_000),
        (6 * HOUR_S, 380_000),
        (22 * HOUR_S, 320_000),
    )
    """(from second of the local day, price): a German household's two-rate supply, taxes included."""
    hurdle: int = 60_000
    """What a failed delivery costs a user over the grid price; without it any price would do."""
    settle_s: int = 2 * HOUR_S
    withheld_s: int = DAY_S
    late_s: int = 7 * DAY_S
    clock_s: int = 60
    coin_nano_per_g: int = 80_000
    """80 EUR per tonne, about what an EU emission allowance costs."""
    coin_cap_ppm: int = 300_000
    coin_life_s: int = 180 * DAY_S
    factors: Sequence[Factor] = (GERMANY_2024,)
    debt_limit_nano: int = 10_000 * NANO
    region: str = "DE"
    utc_offset_s: int = HOUR_S
    contract_slots_max: int = 4
    """One hour: a granular certificate covers no longer interval (EnergyTag)."""


def found(
    issuer: "Signer", roles: Roles, created_at: int, name: str, terms: Terms | None = None
) -> bytes:
    """The signed genesis envelope. The issuer also funds the discounts that coins give.

    Raises WireError if a term is out of its limits, ValueError if the roles cannot reach their quorum.
    """
    terms = terms or Terms()
    if not 1 <= roles.quorum <= len(set(roles.witnesses)) == len(roles.witnesses):
        raise ValueError("quorum must be 1 to the number of different witnesses")
    genesis = Genesis(
        network=SELF_NETWORK,
        issuer=issuer.public_key,
        registrar=roles.registrar,
        sequencer=roles.sequencer,
        witnesses=list(roles.witnesses),
        quorum=roles.quorum,
        slot_s=terms.slot_s,
        currency=terms.currency,
        grid_prices=list(terms.grid_prices),
        hurdle=terms.hurdle,
        timeouts=(terms.settle_s, terms.withheld_s, terms.late_s, terms.clock_s),
        coin_nano_per_g=terms.coin_nano_per_g,
        coin_cap_ppm=terms.coin_cap_ppm,
        coin_life_s=terms.coin_life_s,
        funder=kid(issuer.public_key),
        factors=list(terms.factors),
        debt_limit_nano=terms.debt_limit_nano,
        region=terms.region,
        utc_offset_s=terms.utc_offset_s,
        contract_slots_max=terms.contract_slots_max,
        created_at=created_at,
        name=name,
    )
    return envelope.sign1(genesis.payload(), issuer)
