# SPDX-License-Identifier: Apache-2.0
"""Messages: what a payload means, for every type, and what is none."""

from typing import Any

import pytest

from tests.vectors.reading import cases
from tools.vector_cases.form import plain
from wattpact.crypto.hashes import sha256
from wattpact.errors import WireError
from wattpact.wire import messages
from wattpact.wire.messages import (
    Ask,
    Contract,
    Genesis,
    Message,
    Register,
    message_id,
    parse,
    parse_as,
    peek_register,
)

CASES = cases("wire/messages.json")
GOOD = [case for case in CASES if case.values[0]["ok"]]
ASK = Ask(network=b"network1", nonce=b"12345678", issued_at=5)


def fields_of(message: Message) -> "dict[str, Any]":
    """As the vectors write them."""
    return {name: plain(getattr(message, name)) for _key, name, _kind in message.FIELDS}


@pytest.mark.parametrize("case", CASES)
def test_a_payload_is_parsed_or_refused_as_the_vectors_say(case: "dict[str, Any]") -> None:
    """Parsed means: these fields, and written again these bytes."""
    payload = bytes.fromhex(case["hex"])
    if not case["ok"]:
        with pytest.raises(WireError):
            parse(payload)
        return
    message = parse(payload)
    assert type(message).__name__ == case["detail"]["type"]
    assert message.network.hex() == case["detail"]["network"]
    assert fields_of(message) == case["detail"]["fields"]
    assert message.payload() == payload


def test_every_type_has_its_number_and_an_example() -> None:
    """The number is the place in the list, and no message is without a vector."""
    assert [cls.TYPE for cls in messages.MESSAGES] == list(range(1, len(messages.MESSAGES) + 1))
    shown = {case.values[0]["detail"]["type"] for case in GOOD}
    assert shown == {cls.__name__ for cls in messages.MESSAGES}


def test_every_message_numbers_its_fields_from_3_on() -> None:
    """Keys 0 to 2 are common; one byte holds 24."""
    for cls in messages.MESSAGES:
        keys = [key for key, _name, _kind in cls.FIELDS]
        assert keys == list(range(3, 3 + len(keys)))
        assert keys[-1] <= 23


def test_an_id_is_the_hash_of_the_payload() -> None:
    """Never of an envelope: a signature may be made twice."""
    assert message_id(ASK.payload()) == sha256(ASK.payload())


def test_a_message_of_another_type_is_refused_where_one_is_expected() -> None:
    """The sender is at fault."""
    assert parse_as(Ask, ASK.payload()).nonce == b"12345678"
    with pytest.raises(WireError, match="Contract"):
        parse_as(Contract, ASK.payload())


def test_a_field_that_does_not_exist_or_is_missing_is_our_own_mistake() -> None:
    """A misspelt field must not vanish."""
    build: Any = Ask  # the type checker would say so too
    with pytest.raises(ValueError, match="issued"):
        build(network=b"network1", nonce=b"12345678", issued_at=5, issued=5)
    with pytest.raises(ValueError, match="missing"):
        build(network=b"network1", nonce=b"12345678")


def test_the_grid_price_is_that_of_the_local_time_of_day() -> None:
    """Steps hold from their second on; before the first step of a day the first holds."""
    payload = bytes.fromhex(next(case.values[0]["hex"] for case in GOOD if case.id == "genesis"))
    genesis = parse_as(Genesis, payload)
    assert genesis.network_id() == sha256(payload)[:8]
    midnight = 1772323200 - genesis.utc_offset_s
    clock = [(0, 240000), (21599, 240000), (21600, 320000), (79199, 320000), (79200, 240000)]
    assert [genesis.grid_price(midnight + second) for second, _price in clock] == [
        price for _second, price in clock
    ]


@pytest.mark.parametrize("case", CASES)
def test_a_look_at_a_registration_says_what_reading_it_does(case: "dict[str, Any]") -> None:
    """Nothing else looks like one."""
    payload = bytes.fromhex(case["hex"])
    try:
        register = parse_as(Register, payload)
    except WireError:
        if not case["name"].startswith("register"):
            with pytest.raises(WireError):
                peek_register(payload)
        return
    assert peek_register(payload) == (
        register.network,
        register.public_key,
        register.roles,
        register.neighbourhood,
    )
