#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Make .venv with the exact versions of constraints.txt, on a machine that may have nothing but make and a network.
# PYTHON names the interpreter to use; without it the first of python3, python3.14 ... python3.11 that will do.
set -eu
cd "$(dirname "$0")/.."

fits() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for python in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3; do
        if fits "$python"; then
            echo "$python"
            return
        fi
    done
}

install_debian() {
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "setup: no apt-get to install $1 with" >&2
        return 1
    fi
    root=""
    [ "$(id -u)" -eq 0 ] || root="sudo"
    $root apt-get update -qq || return 1
    DEBIAN_FRONTEND=noninteractive $root apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

python=$(find_python)
if [ -z "$python" ]; then
    install_debian python3 python3-venv ca-certificates || true
    python=$(find_python)
fi
if [ -z "$python" ]; then
    echo "setup: Python >= 3.11 with venv is needed; name it with PYTHON=..." >&2
    exit 1
fi

# An environment of another Python, or one that was moved, is made anew.
if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 ||
    ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    echo "setup: making .venv with $python"
    "$python" -m venv --clear .venv
fi
pip=".venv/bin/python -m pip --disable-pip-version-check"
$pip install --quiet --constraint constraints.txt setuptools
$pip install --quiet --constraint constraints.txt --no-build-isolation --editable '.[dev]'
.venv/bin/python tools/setup_micropython.py

# The tests run a real broker. Debian's package also starts one of its own where services are started: it listens on
# this machine only. Without a broker everything else works, and the tests that need one say so.
if ! command -v mosquitto >/dev/null 2>&1 && ! [ -x /usr/sbin/mosquitto ]; then
    install_debian mosquitto || echo "setup: no mosquitto: the tests in tests/broker will be skipped" >&2
fi
