# SPDX-License-Identifier: Apache-2.0
"""Two threads and what passes between them."""

import threading

from host.gateway.intake import Came, Intake, Landed

PATIENCE_S = 30


def came(number: int) -> Came:
    return Came(1, number, "topic", b"payload")


def test_who_puts_waits_for_room_and_loses_nothing() -> None:
    """In the order in which it came."""
    intake = Intake(most=2)
    writer = threading.Thread(target=lambda: [intake.put(came(n)) for n in range(50)])
    writer.start()
    taken: list[Came] = []
    while len(taken) < 50:
        batch = intake.take(PATIENCE_S)[1]
        assert len(batch) <= 2
        taken += batch
    writer.join(PATIENCE_S)
    assert [each.packet_id for each in taken] == list(range(50))


def test_a_report_never_waits() -> None:
    """Else the thread that reads a PUBACK could hold a lock that the other waits for."""
    intake = Intake(most=1)
    intake.put(came(1))
    intake.tell(Landed(7, 0))
    assert intake.take(0) == ([Landed(7, 0)], [came(1)])
    assert intake.take(0) == ([], [])


def test_nobody_waits_for_a_reader_that_is_gone() -> None:
    """What is put then is forgotten: the broker has it."""
    intake = Intake(most=1)
    intake.put(came(1))
    writer = threading.Thread(target=intake.put, args=(came(2),))
    writer.start()
    intake.close()
    writer.join(PATIENCE_S)
    assert not writer.is_alive()


def test_a_reader_that_waits_is_woken() -> None:
    """By whoever wants it to look around."""
    intake = Intake()
    reader = threading.Thread(target=intake.take, args=(10 * PATIENCE_S,))
    reader.start()
    while reader.is_alive():
        intake.wake()
        reader.join(0.01)
