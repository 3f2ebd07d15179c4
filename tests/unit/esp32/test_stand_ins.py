# SPDX-License-Identifier: Apache-2.0
"""The stand-ins take no call that MicroPython's ESP32 port would not: their signatures are held against its stubs."""

import ast
import inspect
from pathlib import Path
from types import ModuleType

import esp32
import machine
import network
import ntptime
import pytest

STUBS = Path(__file__).resolve().parents[3] / ".ci" / "stubs"
# What the test's own side uses.
OWN = {"network.LAN": "the stubs have another port's constructor; the ESP32's takes keywords"}


def documented(module: ModuleType) -> dict[str, dict[str, list[ast.arguments | None]]]:
    """Of each class of the stub: its methods with all their signatures; module functions under ""."""
    tree = ast.parse((STUBS / (module.__name__ + ".pyi")).read_text())
    found: dict[str, dict[str, list[ast.arguments | None]]] = {"": {}}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found[""].setdefault(node.name, []).append(node.args)
        elif isinstance(node, ast.ClassDef):
            methods = found.setdefault(node.name, {})
            for each in node.body:
                if isinstance(each, ast.FunctionDef):
                    methods.setdefault(each.name, []).append(each.args)
    return found


def takes(signature: ast.arguments, name: str) -> bool:
    """Whether a parameter of that name can be given."""
    names = {each.arg for each in [*signature.posonlyargs, *signature.args, *signature.kwonlyargs]}
    return name in names or signature.kwarg is not None


def parts() -> list[tuple[ModuleType, str, str]]:
    found: list[tuple[ModuleType, str, str]] = []
    for module in (machine, network, esp32):
        for class_name, part in inspect.getmembers(module, inspect.isclass):
            if part.__module__ != module.__name__ or "%s.%s" % (module.__name__, class_name) in OWN:
                continue
            found += [
                (module, class_name, name)
                for name, _method in inspect.getmembers(part, inspect.isfunction)
                if not name.startswith("_") or name in {"__init__", "__call__"}
            ]
    return found


@pytest.mark.parametrize(("module", "class_name", "name"), parts(), ids=str)
def test_a_method_and_its_keywords_are_those_of_the_port(
    module: ModuleType, class_name: str, name: str
) -> None:
    """Whatever an adapter passes by name the port knows by that name."""
    methods = documented(module)[class_name]
    assert name in methods
    parameters = inspect.signature(getattr(getattr(module, class_name), name)).parameters.values()
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY:
            assert any(
                signature is not None and takes(signature, parameter.name)
                for signature in methods[name]
            ), parameter.name


def test_constants_have_the_values_of_the_port() -> None:
    """A status is compared with them."""
    tree = ast.parse((STUBS / "network.pyi").read_text())
    values = {
        node.target.id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value
    }
    own = {name: value for name, value in vars(network).items() if name.isupper() and name != "LAN"}
    own = {name: value for name, value in own.items() if isinstance(value, int)}
    assert own
    assert {name: values[name] for name in own} == own


def test_the_functions_are_there() -> None:
    """`reset` and NTP."""
    assert "reset" in documented(machine)[""]
    assert "time" in documented(ntptime)[""]
