"""A house whose loads draw what the load points say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway_host.sim import mains as sim_mains
from gateway_host.sim.catalogue import PHASES, RATED_AMPERE, inputs_of
from gateway_host.sim.house import House, NodeSettings, Point

from .tables import Harmonics, Load, Mains, phases_of

HEAD_PPM = 20.0  # error of the head's crystal, and so that of frequency and energy
_NODE_PPM = (100.0, -100.0, 60.0, -30.0)
_METRES = 100.0  # of cable, along which the nodes are


@dataclass
class Current:
    """A load of the simulated house that draws amperes, not watts. leads: of each phase, degrees
    from the mains' angle to the fundamental.
    """

    name: str
    phases: list[int]
    load: Load
    leads: np.ndarray
    harmonics: list[sim_mains.Harmonic]

    def currents(self, time: float, volts: np.ndarray, orders: np.ndarray) -> np.ndarray:
        """Peak phasors [phase, order] at `time` (s)."""
        load = self.load
        rms = np.full(len(self.phases), load.current * RATED_AMPERE[load.ct] * load.swings(time))
        rms[load.loaded :] = 0
        waves = np.exp(1j * np.radians(np.multiply.outer(self.leads, orders)))
        relative = sim_mains.harmonic_phasors(orders, self.harmonics)
        return np.sqrt(2) * rms[:, None] * relative * waves


def house_of(mains: Mains, loads: list[Load]) -> House:
    """A house with these loads, named "0", "1", ... by their order, on CT Hubs and Solid Cores
    along 100 m of cable. At most 28 points.
    """
    points, circuits = [], []
    free = {"55": iter(()), "56": iter(())}  # inputs of the newest hub and Solid Core
    serials: list[str] = []

    def next_input(kind: str) -> tuple[str, str]:
        found = next(free[kind], None)
        if found is None:
            serials.append(f"{kind}00000{len(serials) + 1:03d}")
            free[kind] = iter([(serials[-1], letter) for letter in inputs_of(int(kind) * 100)])
            found = next(free[kind])
        return found

    for name, (load, phases) in enumerate(zip(loads, phases_of(loads), strict=True)):
        for phase in phases:
            node, letter = next_input("56" if load.ct == "SOLID-CORE" else "55")
            points.append(Point(node, letter, load.ct, PHASES[phase], str(name)))
        leads = np.array([mains.angles[phase] - load.lag for phase in phases])
        circuits.append(Current(str(name), phases, load, leads, _harmonics(load.harmonics)))
    return House(
        name="Accuracy",
        uuid="00000000-0000-4000-8000-000000000001",
        location=1,
        timezone="Etc/UTC",
        utc_offset=0,
        scheme="3x400+N",
        frequency=mains.nominal,
        head=NodeSettings("5020000001", HEAD_PPM),
        nodes=[
            NodeSettings(serial, _NODE_PPM[k % 4], _METRES * (k + 1) / len(serials))
            for k, serial in enumerate(serials)
        ],
        points=points,
        loads=[(circuit.name, "circuit") for circuit in circuits],
        mains=sim_mains.Mains(
            list(mains.voltages),
            list(mains.angles),
            mains.frequency,
            harmonics=_harmonics(mains.harmonics),
        ),
        circuits=circuits,
    )


def site_of(house: House) -> dict:
    """site.json; the harmonics of distorted currents are wanted."""
    site = house.site_json()
    distorted = {circuit.name for circuit in house.circuits if circuit.harmonics}
    for point in site["points"]:
        if point["load"] in distorted:
            point["harmonics"] = True
    return site


def _harmonics(harmonics: Harmonics) -> list[sim_mains.Harmonic]:
    return [sim_mains.Harmonic(order, 100 * size, lead) for order, size, lead in harmonics]
