"""Makes faults happen in an installation: events at their times, damage on the line, and things
that do not belong there.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable

from gateway_host.faults.fault import Fault
from gateway_host.sim.b_input_module import InputModule
from gateway_host.sim.catalogue import inputs_of
from gateway_host.sim.damage import BitErrors, Bursts, Reflections, Slips, Window
from gateway_host.sim.frames import HEADER, Frame
from gateway_host.sim.house import NodeSettings
from gateway_host.sim.installation import Installation
from gateway_host.sim.nodes import Node
from gateway_host.sim.strangers import Babble, SecondGateway

Happen = Callable[[float], None]


def attach(faults: Iterable[Fault], seed: int, installation: Installation) -> None:
    """Makes all `faults` happen; `seed`: of all that is random in them. UserError when one
    names what is not there."""
    # What is added first, so that the others can name it.
    for index, fault in sorted(enumerate(faults), key=lambda item: not _adds(item[1])):
        dice = random.Random(f"{seed} {index} {fault.verb} {fault.target}")
        _EFFECTS[fault.verb](fault, installation, dice)


def _adds(fault: Fault) -> bool:
    return fault.verb in ("add", "twin")


def _node(fault: Fault, installation: Installation) -> Node:
    if fault.target == "head":
        return installation.head
    try:
        return installation.node(fault.target)
    except KeyError:
        known = ", ".join(node.serial for node in installation.nodes)
        fault.fail(f"there is no node {fault.target}; there are {known}")


def _window(fault: Fault) -> Window:
    return Window(fault.start, fault.end)


def _between(fault: Fault, installation: Installation, begin: Happen, end: Happen) -> None:
    """`begin` at the fault's start, `end` at its end if it has one."""
    installation.line.at(fault.start, begin)
    if math.isfinite(fault.end):
        installation.line.at(fault.end, end)


# On the line


def _ber(fault: Fault, installation: Installation, dice: random.Random) -> None:
    damage = BitErrors(fault.values["ber"], dice, _window(fault))
    installation.line.disturbances.append(damage)


def _slips(fault: Fault, installation: Installation, dice: random.Random) -> None:
    doubled = fault.verb == "double"
    damage = Slips(fault.values[fault.verb], doubled, dice, _window(fault))
    installation.line.disturbances.append(damage)


def _bursts(fault: Fault, installation: Installation, dice: random.Random) -> None:
    line = installation.line
    rate, mean = fault.values["rate"], fault.values["mean"]
    line.disturbances.append(Bursts(rate, mean, line.byte_us, dice, _window(fault)))


def _unterminated(fault: Fault, installation: Installation, dice: random.Random) -> None:
    damage = Reflections(fault.values["rate"], dice, _window(fault))

    def mishears(node: Node, heard: Frame) -> bool:
        size = HEADER + sum(4 + len(payload or b"") for payload in heard.payloads)
        return damage.mishears(node, heard.end, size)

    installation.line.disturbances.append(damage)
    installation.line.mishears.append(mishears)


def _echo(fault: Fault, installation: Installation, _: random.Random) -> None:
    line = installation.line
    _between(
        fault,
        installation,
        lambda _: setattr(line, "echo", True),
        lambda _: setattr(line, "echo", False),
    )


# Nodes


def _babble(fault: Fault, installation: Installation, dice: random.Random) -> None:
    node = _node(fault, installation)
    rate, size = fault.values["rate"], fault.values["bytes"]
    Babble(installation.line, node, rate, size, dice, fault.start, fault.end)


def _late(fault: Fault, installation: Installation, _: random.Random) -> None:
    node = _node(fault, installation)
    _between(
        fault,
        installation,
        lambda _: setattr(node, "late_us", fault.values["by"]),
        lambda _: setattr(node, "late_us", 0.0),
    )


def _unplug(fault: Fault, installation: Installation, _: random.Random) -> None:
    _take_off(fault, installation, [_node(fault, installation)])


def _segment(fault: Fault, installation: Installation, _: random.Random) -> None:
    beyond = fault.values["beyond"]
    nodes = [node for node in installation.nodes if node.metres > beyond]
    if not nodes:
        farthest = max(node.metres for node in installation.nodes)
        fault.fail(f"no node is behind metre {beyond:g}; the last is at {farthest:g} m")
    _take_off(fault, installation, nodes)


def _take_off(fault: Fault, installation: Installation, nodes: list[Node]) -> None:
    """Off at the fault's start; those that were on come back at its end."""
    taken: list[Node] = []

    def off(_: float) -> None:
        taken[:] = [node for node in nodes if node.connected]
        for node in taken:
            installation.take_off(node)

    def on(_: float) -> None:
        for node in taken:
            installation.put_on(node)

    _between(fault, installation, off, on)


def _plug(fault: Fault, installation: Installation, _: random.Random) -> None:
    node = _node(fault, installation)

    def on(_: float) -> None:
        if not node.connected:
            installation.put_on(node)

    _between(fault, installation, on, lambda _: installation.take_off(node))


def _restart(fault: Fault, installation: Installation, _: random.Random) -> None:
    node = _node(fault, installation)
    if math.isfinite(fault.end):
        fault.fail("a restart takes no time; leave 'for' out, or write unplug")

    def restart(_: float) -> None:
        if node.connected:
            installation.take_off(node)
            installation.put_on(node)

    installation.line.at(fault.start, restart)


# What is added


def _add(fault: Fault, installation: Installation, _: random.Random) -> None:
    if fault.target == "gateway":
        schedule, every = int(fault.values["schedule"]), fault.values["every"]
        searches = fault.values["searches"]
        stranger = SecondGateway(installation.line, schedule, every, searches)
    elif fault.target == "b-module":
        stranger = InputModule(int(fault.values["number"]))
        stranger.stop(0.0)
        installation.misplaced.slaves.append(stranger)
    elif any(node.serial == fault.target for node in installation.nodes):
        fault.fail(f"{fault.target} is there already; write twin for a second one")
    else:
        known = inputs_of(int(fault.target[:4]))
        _put(fault, installation, len(known) or int(fault.values["channels"]))
        return
    _between(fault, installation, stranger.start, stranger.stop)


def _twin(fault: Fault, installation: Installation, _: random.Random) -> None:
    node = _node(fault, installation)
    if node.is_head:
        fault.fail("the head has no twin here; name a CT Hub or a Solid Core")
    _put(fault, installation, node.channels)


def _put(fault: Fault, installation: Installation, channels: int) -> None:
    """A further node, from the fault's start to its end."""
    settings = NodeSettings(fault.target, metres=fault.values["metres"], absent=True)
    node = installation.add_node(settings, channels)
    _between(
        fault,
        installation,
        lambda _: installation.put_on(node),
        lambda _: installation.take_off(node),
    )


# Inputs


def _input(fault: Fault, installation: Installation, _: random.Random) -> None:
    node = _node(fault, installation)
    solid = node.built_in
    if solid:
        fault.fail(f"the CTs of {node.serial} are built in; name a CT Hub")
    try:
        share = fault.values.get("share", 0.0)
        installation.spoil_input(node, fault.input, share, fault.start, fault.end)
    except KeyError:
        fault.fail(f"no point is on input {fault.input} of {node.serial}: it has no CT")


_EFFECTS: dict[str, Callable[[Fault, Installation, random.Random], None]] = {
    "ber": _ber,
    "cut": _slips,
    "double": _slips,
    "bursts": _bursts,
    "echo": _echo,
    "unterminated": _unterminated,
    "babble": _babble,
    "late": _late,
    "unplug": _unplug,
    "segment": _segment,
    "plug": _plug,
    "restart": _restart,
    "add": _add,
    "twin": _twin,
    "no-ct": _input,
    "open-ct": _input,
}
