# SPDX-License-Identifier: Apache-2.0
"""What is measured is what it says: peers are patched in the open, wrong results and broken promises are loud."""

from pathlib import Path

import pytest

from tools.measures import contenders, machine_code, peers, speed
from tools.measures.figures import Figures
from tools.measures.guest.given import SIGNATURES
from tools.measures.peers import Patch, PatchError
from tools.measures.stage import (
    MeasureError,
    OfficialBuild,
    on_fixed_heap,
    on_official_build,
    staged,
)
from tools.measures.tables import markdown
from wattpact.crypto import field


def test_every_patch_fits_its_file_once_and_says_why(tmp_path: Path) -> None:
    """The files are those of the versions that are pinned."""
    peers.stage(tmp_path)
    for patch in peers.PATCHES:
        assert patch.why
        assert (tmp_path / patch.file).exists()


@pytest.mark.parametrize("text", ["nothing of the kind", "x = 1\nx = 1\n"])
def test_a_peer_that_changed_is_not_measured_before_somebody_read_it(text: str) -> None:
    """A patch that does not fit, or fits twice, is an error and no silence."""
    with pytest.raises(PatchError, match=r"f\.py"):
        peers.patched(text, Patch("f.py", "x = 1\n", "", ""))


def test_every_contender_signs_for_the_others_and_refuses_what_is_wrong() -> None:
    """On the fixed heap and on the official build, against OpenSSL and ours."""
    with staged() as stage:
        contenders.check(stage)


def test_a_wrong_signature_or_verdict_is_seen() -> None:
    """Else nobody would know what was timed."""
    good = SIGNATURES[0]
    changed = good[:-1] + bytes([good[-1] ^ 1])
    assert contenders.right("signature 0 " + good.hex())
    assert not contenders.right("signature 0 " + changed.hex())
    assert not contenders.right("signature 1 " + good.hex())
    assert contenders.right("verdict 0 True")
    assert not contenders.right("verdict 0 False")


def test_both_builds_time_each_operation_of_a_round_once() -> None:
    """A generator on the official build waits for its turn; one that fails is an error."""
    one = contenders.Contender("ours", ("sign",))
    with staged() as stage:
        machine = OfficialBuild(speed.call(one, 2), one.folders(stage))
        try:
            turns = [machine.turn(), machine.turn(), machine.turn()]
        finally:
            machine.close()
        fixed = on_fixed_heap(speed.call(one, 1), one.folders(stage), one.heap_bytes)
        with pytest.raises(MeasureError, match="ImportError"):
            on_official_build("nowhere.lines()", one.folders(stage))
    assert [len(lines) for lines in turns] == [8, 8, 0]
    assert [line.split(" ")[:2] for line in turns[0]] == [
        line.split(" ")[:2] for line in fixed[:-1]
    ]
    assert all(int(line.split(" ")[2]) > 50 for lines in (*turns, fixed[:-1]) for line in lines)


def test_a_figure_takes_the_least_time_of_each_message_and_the_mean_of_them() -> None:
    """No message's luck is another's."""
    one = contenders.Contender("ours", ("sign",), "x.", ".y")
    lines = ["sign 0 5", "sign 1 9", "round", "sign 0 7", "sign 1 8", "round"]
    assert speed.least_times((one,), [lines]) == {"x.sign.y": 6.5}


def test_a_broken_promise_is_told_and_a_kept_one_is_not() -> None:
    """Those of size and those of speed."""
    figures = Figures()
    figures.limit("small", 10, "bytes", 10)
    figures.limit("large", 11, "bytes", 10)
    figures.compare("fast", 100, "us", "peer", 210, 2.1)
    figures.compare("slow", 100, "us", "peer", 209, 2.1)
    figures.compare("any", 100, "us", "peer", 50)
    assert [told.split(" ")[0] for told in figures.missed] == ["large", "slow:"]
    assert figures.rows["slow.against.peer"]["ratio"] == 2.09


def test_tables_are_markdown() -> None:
    """Names left, numbers right."""
    assert markdown(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"


def test_machine_code_is_counted_and_leaves_the_modules_as_they_were() -> None:
    """A signature has hundreds of reductions in it, each of a few hundred instructions."""
    figures = Figures()
    before = field.machine, field.modulus
    machine_code.measure(figures)
    assert (field.machine, field.modulus) == before
    assert not figures.missed
    head = "signatures.machine_code."
    for after in ("", ".in_place"):
        assert 300 < figures.value(head + "reduction" + after) < 1000
        names = ("sign", "verify_cached", "build", "verify_new")
        costs = [figures.value(head + name + after) for name in names]
        assert sorted(costs) == costs
