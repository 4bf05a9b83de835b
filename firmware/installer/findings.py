"""What the commissioning page shows of the wiring's judgement, of the devices and of what was
changed, as pieces of JSON. Owns nothing."""

from cloud.json_pieces import compact


def pieces(fingerprint: str, reach: Reach, entries: list[Table], job: object) -> Generator[bytes]:
    """Everything. entries: changes.Changes.entries; job: the last one, as JSON has it."""
    head = {"site": fingerprint, "job": job, "texts": reach.texts()}
    yield compact(head)[:-1].encode()
    yield from _listed("findings", (_finding(one) for one in reach.advice().describe()))
    nodes = reach.measuring().bus.nodes.all
    yield from _listed("nodes", (_node(node) for node in nodes))
    yield from _listed("modules", (_module(one) for one in reach.devices()))
    yield from _listed("changes", entries)
    yield b"}"


def _listed(name, items):
    before = ',"%s":[' % name
    empty = True
    for item in items:
        yield (before + compact(item)).encode()
        before = ","
        empty = False
    yield (before + "]" if empty else "]").encode()


def _finding(one):
    remedy = one["remedy"]
    said = one["point"], one["state"], one["confidence"], one["kind"]
    if remedy is None:
        return said + (None, None, one["reason"])
    said += remedy["phase"], remedy["reversed"], one["reason"]
    return said + (remedy["ct"],) if "ct" in remedy else said


def _node(node):
    return node.serial, node.state(), len(node.channels), node.plugged


def _module(device):
    return device.serial, device.KIND, device.state, device.name, _count(device)


def _count(device):
    """Inputs or outputs whose LED can show that it is selected."""
    return len(device.channels) if device.KIND in ("input", "output") else 0
