# SPDX-License-Identifier: Apache-2.0
"""make bench: what a trade costs, beside the bare signatures in it, in one run. Writes out/bench.json.

Every figure is CPU time of this process, the median of several rounds. Kinds of work take turns, so that a machine that
slows down slows all of them. `against` names what a figure is compared with and `ratio` is figure over that.
"""

import argparse
import json
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

ROOT = Path(__file__).resolve().parent.parent
sys.path[0:1] = [str(ROOT), str(ROOT / "firmware")]

from host.keys import OpensslSigner, OpensslVerifier  # noqa: E402  (the path must stand first)
from host.store import ChainReader  # noqa: E402
from host.verify import verify  # noqa: E402
from sim.books import close  # noqa: E402
from sim.fleet import Fleet  # noqa: E402
from sim.scenario import build  # noqa: E402
from sim.settings import Settings, read  # noqa: E402
from sim.world.csv_input import Series  # noqa: E402
from wattpact.crypto.hashes import sha256  # noqa: E402
from wattpact.ledger.machine import Ledger  # noqa: E402

PLANTS = 10
HOME_WH = 120
START = 1_749_625_200
SIZES = ((100, 24), (1000, 24))
"""Meters and slots of each fleet."""
GOAL = 400
SIGNATURES = 400

Row = dict[str, str | float]
Figures = dict[str, Row]


def main() -> int:
    """Measure, print a table, write the file; exit code 1 if a fleet did not trade in every slot."""
    parser = argparse.ArgumentParser(description="CPU cost of trade and ledger.")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each figure (default 3)")
    parser.add_argument("--out", default="out/bench.json", help="default out/bench.json")
    given = parser.parse_args()
    fleets: dict[tuple[int, int], list[float]] = {}
    ledgers: dict[str, list[float]] = {"replay": [], "rules": []}
    signs: list[float] = []
    verifies: list[float] = []
    for number in range(given.rounds):
        sys.stderr.write("round %d of %d, about a minute and a half\n" % (number + 1, given.rounds))
        signs.append(_cost(_sign))
        verifies.append(_cost(_verify))
        for slots_per_contract in (4, 1):
            for meters, slots in SIZES:
                with tempfile.TemporaryDirectory() as folder:
                    chain = Path(folder) / "chain.db"
                    speed = fleet_speed(meters, slots, slots_per_contract, chain)
                    fleets.setdefault((meters, slots_per_contract), []).append(speed)
                    if (meters, slots_per_contract) == (100, 1):
                        ledgers["replay"].append(_replay_speed(chain))
                        ledgers["rules"].append(_rules_speed(chain))
    figures = _figures(fleets, ledgers, median(signs), median(verifies))
    out = Path(given.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    for name, row in figures.items():
        print("%-55s %9s %-24s %s" % (name, row["value"], row["unit"], _against(row)))
    return 0


def fleet_speed(meters: int, slots: int, slots_per_contract: int, chain: Path) -> float:
    """Meter-slots per CPU second of a fleet in which every meter trades in every slot.

    RuntimeError if one did not: then the figure would not be what it says.
    """
    settings = _settings(meters, slots, slots_per_contract)
    fleet = Fleet(settings, build(settings), chain)
    started = time.process_time()
    fleet.run()
    fleet.store.close()
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


def _figures(
    fleets: dict[tuple[int, int], list[float]],
    ledgers: dict[str, list[float]],
    sign_us: float,
    verify_us: float,
) -> Figures:
    """The table: each speed beside what it is to be judged by."""
    figures: Figures = {
        "signature.sign": _row(sign_us, "us CPU each", "", None),
        "signature.verify": _row(verify_us, "us CPU each", "", None),
    }
    # A contract of its own in every slot: proposal, acceptance and trade end, each signed once and verified once.
    bare = 1e6 / (3 * (sign_us + verify_us))
    for (meters, slots_per_contract), speeds in sorted(fleets.items()):
        name = "fleet.%d_meters.%d_slot_contracts" % (meters, slots_per_contract)
        speed = median(speeds)
        figures[name] = _row(speed, "meter-slots per CPU s", "goal of %d" % GOAL, speed / GOAL)
        floor = bare * slots_per_contract
        against = "the speed if 3 signatures a contract, made and checked, were all (%.0f)" % floor
        figures[name + ".beside_signatures"] = _row(
            speed, "meter-slots per CPU s", against, speed / floor
        )
    for slots_per_contract in (1, 4):
        small = median(fleets[SIZES[0][0], slots_per_contract])
        large = median(fleets[SIZES[1][0], slots_per_contract])
        name = "fleet.growth.%d_slot_contracts" % slots_per_contract
        against = "cost per meter-slot at %d meters; 1 is linear" % SIZES[0][0]
        figures[name] = _row(1e6 / large, "us CPU per meter-slot", against, small / large)
    replay, rules = median(ledgers["replay"]), median(ledgers["rules"])
    figures["ledger.verify_chain"] = _row(
        replay, "transactions per CPU s", "one bare verification each", replay * verify_us / 1e6
    )
    figures["ledger.rules_alone"] = _row(
        rules, "transactions per CPU s", "one bare verification each", rules * verify_us / 1e6
    )
    return figures


def _row(value: float, unit: str, against: str, ratio: float | None) -> Row:
    row: Row = {"value": round(value, 1), "unit": unit, "against": against}
    if ratio is not None:
        row["ratio"] = round(ratio, 3)
    return row


def _against(row: Row) -> str:
    return "%.2f x %s" % (row["ratio"], row["against"]) if "ratio" in row else ""


if __name__ == "__main__":
    sys.exit(main())
