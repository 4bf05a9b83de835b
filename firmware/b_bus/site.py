"""What the site names on the B-bus, as b_bus.read makes it of site.json."""


class BusBSite:
    """`modules`: InputModules and OutputModules; `meters`: of meter.Meter; `automations`: of
    automation; `power_box`: whether points are measured by a Power Box on this bus."""

    def __init__(self) -> None:
        self.modules = []
        self.meters = []
        self.automations = []
        self.power_box = False

    def outputs(self) -> list[Target]:
        """[(module, output)] of all outputs that have a name."""
        return [
            (module, output)
            for module in self.modules
            if module.KIND == "output"
            for output in module.channels
            if output
        ]

    def targets(self, name: str) -> list[Target]:
        """[(module, output)] of the output with that name, or of the group; empty when there is
        neither."""
        outputs = self.outputs()
        named = [pair for pair in outputs if pair[1].name == name]
        return named or [pair for pair in outputs if name and pair[1].group == name]
