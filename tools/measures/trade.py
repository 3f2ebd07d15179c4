# SPDX-License-Identifier: Apache-2.0
"""What a trade costs, beside the bare signatures in it.

Every figure is CPU time of this process, the median of several rounds. Kinds of work take turns, so that a machine that
slows down slows all of them.
"""

import sqlite3
import sys
import tempfile
import time
from array import array
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from statistics import median

from host.keys import OpensslSigner, OpensslVerifier
from host.store import ChainReader
from host.verify import verify
from sim.books import close
from sim.fleet import Fleet
from sim.scenario import build
from sim.settings import Settings, read
from sim.world.csv_input import Series
from tools.measures.figures import Figures
from wattpact.crypto.hashes import sha256
from wattpact.ledger.machine import Ledger

PLANTS = 10
HOME_WH = 120
START = 1_749_625_200
SIZES = ((100, 24), (1000, 24))
"""Meters and slots of each fleet."""
GOAL = 400
SIGNATURES = 400


class Costs:
    """Of the rounds so far."""

    def __init__(self) -> None:
        self.fleets: dict[tuple[int, int], list[float]] = {}
        self.replays: list[float] = []
        self.rules: list[float] = []
        self.signs: list[float] = []
        self.verifies: list[float] = []


def run(rounds: int, figures: Figures) -> None:
    """RuntimeError if a fleet did not trade in every slot."""
    costs = Costs()
    for number in range(rounds):
        told = "trade: round %d of %d, about a minute and a half\n"
        sys.stderr.write(told % (number + 1, rounds))
        measure(costs)
    tell(costs, figures)


def measure(costs: Costs) -> None:
    """One round."""
    costs.signs.append(_cost(_sign))
    costs.verifies.append(_cost(_verify))
    for slots_per_contract in (4, 1):
        for meters, slots in SIZES:
            with tempfile.TemporaryDirectory() as folder:
                chain = Path(folder) / "chain.db"
                speed = fleet_speed(meters, slots, slots_per_contract, chain)
                costs.fleets.setdefault((meters, slots_per_contract), []).append(speed)
                if (meters, slots_per_contract) == (100, 1):
                    costs.replays.append(_replay_speed(chain))
                    costs.rules.append(_rules_speed(chain))


def tell(costs: Costs, figures: Figures) -> None:
    """Each speed beside what it is to be judged by."""
    sign_us, verify_us = median(costs.signs), median(costs.verifies)
    figures.add("signature.sign", sign_us, "us CPU each")
    figures.add("signature.verify", verify_us, "us CPU each")
    # A contract of its own in every slot: proposal, acceptance and trade end, each signed once and verified once.
    bare = 1e6 / (3 * (sign_us + verify_us))
    for (meters, slots_per_contract), speeds in sorted(costs.fleets.items()):
        name = "fleet.%d_meters.%d_slot_contracts" % (meters, slots_per_contract)
        speed, unit = median(speeds), "meter-slots per CPU s"
        figures.add(name, speed, unit, "goal of %d" % GOAL, speed / GOAL)
        floor = bare * slots_per_contract
        against = "the speed if 3 signatures a contract, made and checked, were all (%.0f)" % floor
        figures.add(name + ".beside_signatures", speed, unit, against, speed / floor)
    for slots_per_contract in (1, 4):
        small = median(costs.fleets[SIZES[0][0], slots_per_contract])
        large = median(costs.fleets[SIZES[1][0], slots_per_contract])
        name = "fleet.growth.%d_slot_contracts" % slots_per_contract
        against = "cost per meter-slot at %d meters; 1 is linear" % SIZES[0][0]
        figures.add(name, 1e6 / large, "us CPU per meter-slot", against, small / large)
    for name, speeds in (("verify_chain", costs.replays), ("rules_alone", costs.rules)):
        speed, unit = median(speeds), "transactions per CPU s"
        against = "one bare verification each"
        figures.add("ledger." + name, speed, unit, against, speed * verify_us / 1e6)


def fleet_speed(meters: int, slots: int, slots_per_contract: int, chain: Path) -> float:
    """Meter-slots per CPU second of a fleet in which every meter trades in every slot.

    RuntimeError if one did not: then the figure would not be what it says.
    """
    settings = _settings(meters, slots, slots_per_contract)
    fleet = Fleet(settings, build(settings), chain)
    started = time.process_time()
    fleet.run()
    fleet.close()
    cpu_s = time.process_time() - started
    books = close(fleet)
    traded = sum(1 for wh in books.settled_home.values() if wh)
    if traded != meters * slots:
        raise RuntimeError("%d of %d meter-slots were traded" % (traded, meters * slots))
    return meters * slots / cpu_s


def _settings(meters: int, slots: int, slots_per_contract: int) -> Settings:
    """Flat loads, and plants that could each supply everybody: nobody is left over, whoever is chosen."""
    loads = [array("i", [HOME_WH + home % 7] * slots) for home in range(meters)]
    panels = [array("i", [2 * HOME_WH * meters] * slots) for _plant in range(PLANTS)]
    homes = ["H%d" % home for home in range(meters)]
    return replace(
        read(
            ["--meters", str(meters), "--plants", str(PLANTS), "--slots", str(slots_per_contract)]
        ),
        start=START,
        slots=slots,
        loads=Series("flat", START, homes, loads),
        pv=Series("flat", START, ["S%d" % panel for panel in range(PLANTS)], panels),
    )


def _replay_speed(chain: Path) -> float:
    """Transactions per CPU second of `host verify`: every signature, every rule, every stored byte."""
    verified = verify(chain, OpensslVerifier())
    return verified.transactions / verified.cpu_s


def _rules_speed(chain: Path) -> float:
    """Transactions per CPU second of the state machine alone: every signature's verdict is remembered."""
    reader = ChainReader.open(chain)
    genesis = reader.genesis
    transactions: dict[int, list[bytes]] = {}
    for _place, height, _at, _id, stored, _code in reader.transactions():
        transactions.setdefault(height, []).append(stored)
    reader.close()
    with closing(sqlite3.connect(chain)) as connection:
        times = connection.execute("SELECT height, time FROM blocks ORDER BY height").fetchall()
    blocks = [(height, at, transactions.get(height, [])) for height, at in times]
    verifier = OpensslVerifier()
    _execute(Ledger(genesis, verifier), blocks)
    ledger = Ledger(genesis, verifier)
    started = time.process_time()
    _execute(ledger, blocks)
    return ledger.tree.size / (time.process_time() - started)


def _execute(ledger: Ledger, blocks: list[tuple[int, int, list[bytes]]]) -> None:
    for height, at, transactions in blocks:
        ledger.finalize(height, at, transactions)
        ledger.commit()


def _cost(action: Callable[[int], None]) -> float:
    """CPU us of one call."""
    started = time.process_time()
    for number in range(SIGNATURES):
        action(number)
    return (time.process_time() - started) * 1e6 / SIGNATURES


_SIGNER = OpensslSigner(sha256(b"bench"))


def _sign(number: int) -> None:
    _SIGNER.sign(sha256(b"%d" % number))


_SIGNED = [
    (_SIGNER.public_key, sha256(b"%d" % n), _SIGNER.sign(sha256(b"%d" % n)))
    for n in range(SIGNATURES)
]
_FRESH: list[OpensslVerifier] = []


def _verify(number: int) -> None:
    if number == 0:
        _FRESH[:] = [OpensslVerifier()]  # one that remembers nothing yet
    _FRESH[0].verify([_SIGNED[number]])
