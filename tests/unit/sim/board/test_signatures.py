# SPDX-License-Identifier: Apache-2.0
"""What a virtual board's modules take, and under which names, is what the ESP32 port's stubs say."""

import ast
from pathlib import Path

import pytest

from sim.board.interpreter.firmware import MODULES

STUBS = Path(__file__).parents[4] / ".ci" / "stubs"
FUNCTIONS = {
    "machine": ["reset", "soft_reset", "reset_cause", "unique_id", "freq"],
    "network": ["hostname", "country"],
    "ntptime": ["time", "settime"],
    "esp32": [],
}
CLASSES = {
    "machine": ["Pin", "SPI", "SoftSPI", "I2C", "SoftI2C", "UART", "WDT", "RTC"],
    "network": ["WLAN", "LAN", "PPP"],
    "ntptime": [],
    "esp32": ["NVS"],
}
HOMES = {"Pin": "_pin", **dict.fromkeys(("SPI", "SoftSPI", "I2C", "SoftI2C", "UART"), "_buses")}
# What a board has and a virtual one refuses with AttributeError.
LEFT_OUT = {
    "Pin": {"irq", "drive"},
    "I2C": {"start", "stop", "readinto", "write"},
    "UART": {"irq"},
    "RTC": {"alarm"},
    "PPP": {"config"},
}
# Parameters of the port (ports/esp32 in MicroPython 1.27) that its stubs leave out.
UNSTUBBED = {
    "I2C.__init__": {"timeout"},
    "LAN.__init__": {"mdc", "mdio", "power", "ref_clk"},
    "UART.init": {"rts", "cts", "flow"},
}
Function = ast.FunctionDef


def tree(path: Path) -> list[ast.stmt]:
    """A module's statements."""
    return ast.parse(path.read_text()).body


def functions(body: list[ast.stmt], name: str) -> list[Function]:
    """All of that name: a stub has one for each overload."""
    return [node for node in body if isinstance(node, Function) and node.name == name]


def class_bodies(body: list[ast.stmt], name: str) -> list[list[ast.stmt]]:
    """Of the first class of that name, then of its bases in the same module."""
    found = next(node for node in body if isinstance(node, ast.ClassDef) and node.name == name)
    bodies = [found.body]
    for base in found.bases:
        known = [n for n in body if isinstance(n, ast.ClassDef) and n.name == ast.unparse(base)]
        if known:
            bodies += class_bodies(body, known[0].name)
    return bodies


def check(name: str, ours: Function, stubs: list[Function]) -> None:
    """Whatever a stub takes, we take; and by name nothing that no stub has."""
    takes = [arg.arg for arg in ours.args.posonlyargs + ours.args.args]
    named = {*takes, *(arg.arg for arg in ours.args.kwonlyargs)}
    known = {"self", "cls"} | UNSTUBBED.get(name, set[str]())
    anything = False
    for stub in stubs:
        places = stub.args.posonlyargs + stub.args.args
        by_name = {arg.arg for arg in stub.args.args + stub.args.kwonlyargs}
        known |= by_name | {arg.arg for arg in places}
        anything = anything or stub.args.kwarg is not None
        if ours.args.vararg is None and stub.args.vararg is None:
            assert len(places) <= len(takes), name
        if ours.args.kwarg is None and ours.args.vararg is None:
            assert by_name - {"self", "pins"} <= named, name
        shared = [arg.arg for arg in stub.args.args][: len(takes)]
        if not stub.args.posonlyargs and not ours.args.vararg:
            assert [arg for arg in takes if arg in shared] == [a for a in shared if a in takes]
    if not anything:
        assert named <= known, name


@pytest.mark.parametrize("module", sorted(FUNCTIONS))
def test_functions_are_the_ports(module: str) -> None:
    """Those that are there."""
    ours, stubs = tree(MODULES / (module + ".py")), tree(STUBS / (module + ".pyi"))
    for name in FUNCTIONS[module]:
        wanted = [stub for stub in functions(stubs, name) if "self" not in ast.unparse(stub.args)]
        check(name, functions(ours, name)[0], wanted)


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module in CLASSES for name in CLASSES[module]]
)
def test_methods_are_the_ports(module: str, name: str) -> None:
    """All of them but those that are left out, and none besides."""
    our_bodies = class_bodies(tree(MODULES / (HOMES.get(name, module) + ".py")), name)
    stub_bodies = class_bodies(tree(STUBS / (module + ".pyi")), name)
    ours = [node for body in our_bodies for node in body]
    stubs = [node for body in stub_bodies for node in body]
    ours_by_name = {node.name: node for node in reversed(ours) if isinstance(node, Function)}
    aliases = {ast.unparse(node.targets[0]) for node in ours if isinstance(node, ast.Assign)}
    public = {node.name for node in stubs if isinstance(node, Function)}
    public = {name for name in public if not name.startswith("_")}
    left_out = LEFT_OUT.get(name.removeprefix("Soft"), set[str]())
    assert public - set(ours_by_name) - aliases <= left_out
    assert not left_out & set(ours_by_name)
    own = {"__repr__", "__new__", "ioctl"}
    for method, function in ours_by_name.items():
        if method.startswith("_") and method != "__init__":
            continue
        having = [functions(body, method) for body in stub_bodies]
        wanted = [overloads for overloads in having if overloads]
        if method not in own and not (name == "LAN" and method == "ipconfig"):
            assert wanted, method
            check("%s.%s" % (name, method), function, wanted[0])
