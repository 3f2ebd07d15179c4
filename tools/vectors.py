# SPDX-License-Identifier: Apache-2.0
"""Write vectors of wire, crypto, element and metering, or with --check say which of them is not what the code gives.

The vectors are the protocol for anybody's language: one object a case, bytes in hex, `ok` says whether it is accepted.
"""

import sys
from collections.abc import Callable
from functools import partial

from generated import ROOT, refresh
from vector_cases import (
    codec,
    crypto,
    element,
    envelopes,
    messages,
    metering,
    topics,
    verdicts,
)
from vector_cases.form import Case, text_of

FOLDER = ROOT / "tests" / "vectors"

FILES: "dict[str, Callable[[], list[Case]]]" = {
    "wire/codec.json": codec.cases,
    "wire/messages.json": messages.cases,
    "wire/envelopes.json": envelopes.cases,
    "wire/topics.json": topics.cases,
    "crypto/hashes.json": crypto.hash_cases,
    "crypto/points.json": crypto.point_cases,
    "crypto/sign.json": crypto.sign_cases,
    "crypto/verify.json": verdicts.verify_cases,
    "element/exchanges.json": element.cases,
    "metering/chips.json": metering.chip_cases,
}


if __name__ == "__main__":
    sys.exit(
        refresh(
            __doc__,
            "tools/vectors.py",
            {FOLDER / name: partial(text_of, cases) for name, cases in FILES.items()},
        )
    )
