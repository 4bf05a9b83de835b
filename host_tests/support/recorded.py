"""Recordings for the tests, written byte by byte as IEEE C37.111 says, and tables of scripts."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

NAMES = ["Ua", "Ub", "Uc", "Ia", "Ib", "Ic"]
VOLT, AMPERE, LAG = 230.0, 10.0, 25.0  # r.m.s.; degrees


def mains(
    seconds: float = 1.0,
    rate: float = 3200,
    frequency: float = 50.0,
    harmonics: dict[int, float] | None = None,
) -> np.ndarray:
    """[3 voltages, 3 currents; sample]: 230 V, 10 A that lag by 25 degrees; harmonics: orders with
    their part of the fundamental.
    """
    angle = 2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate
    rows = []
    for size, lag in ((VOLT, 0.0), (AMPERE, LAG)):
        for phase in range(3):
            own = angle - np.radians(lag + 120 * phase)
            wave = np.cos(own)
            for order, part in (harmonics or {}).items():
                wave = wave + part * np.cos(order * own)
            rows.append(np.sqrt(2) * size * wave)
    return np.array(rows)


@dataclass
class Comtrade:
    """A recording to be written. sections: lines of rates; None: one of `rate`. keep: rows of the
    data that are there; stamps: µs; texts: names, phases, units of the channels.
    """

    values: np.ndarray
    rate: float = 3200
    form: str = "BINARY"
    revision: str = "1999"
    names: list[str] = field(default_factory=lambda: list(NAMES))
    phases: list[str] = field(default_factory=lambda: list("ABC" * 2))
    units: list[str] = field(default_factory=lambda: ["V"] * 3 + ["A"] * 3)
    station: str = "Station"
    ratio: str = "1,1,P"
    sections: list[str] | None = None
    times: tuple[str, str] = ("01/02/2024,03:04:05.000000", "01/02/2024,03:04:05.100000")
    stamps: np.ndarray | None = None
    multiplier: str = "1"
    frequency: str = "50"
    status: int = 0
    keep: int | None = None
    encoding: str = "utf-8"
    newline: str = "\r\n"

    @property
    def scales(self) -> np.ndarray:
        """Of each channel, of a count."""
        if self.form == "FLOAT32":
            return np.ones(len(self.values))
        most = {"BINARY": 32000, "BINARY32": 2e9, "ASCII": 90000}[self.form]
        return np.nanmax(np.abs(self.values), axis=1, initial=1e-9) / most

    def cfg(self) -> str:
        count = self.values.shape[1]
        lines = [f"{self.station},7,{self.revision}"]
        channels = len(self.values)
        lines += [f"{channels + self.status},{channels}A,{self.status}D"]
        for k, scale in enumerate(self.scales):
            lines.append(
                f"{k + 1},{self.names[k]},{self.phases[k]},,{self.units[k]},{float(scale)!r},0,0,"
                f"-99999,99999,{self.ratio}"
            )
        lines += [f"{k + 1},S{k + 1},,,0" for k in range(self.status)]
        sections = [f"{self.rate:g},{count}"] if self.sections is None else self.sections
        number = 0 if sections and sections[0].startswith("0,") else len(sections)
        lines += [self.frequency, str(number), *sections, *self.times, self.form, self.multiplier]
        return self.newline.join([*lines, ""])

    def data(self) -> bytes:
        count = self.values.shape[1]
        stamps = self.stamps
        if stamps is None:
            stamps = np.rint(np.arange(count) * 1e6 / self.rate)
        if self.form == "ASCII":
            rows = []
            for k in range(count if self.keep is None else self.keep):
                cells = [
                    "99999" if np.isnan(v) else str(round(v / s))
                    for v, s in zip(self.values[:, k], self.scales, strict=True)
                ]
                rows.append(
                    ",".join([str(k + 1), f"{stamps[k]:.0f}", *cells, *["0"] * self.status])
                )
            return (self.newline.join([*rows, ""])).encode()
        code, missing = {
            "BINARY": ("<i2", -32768),
            "BINARY32": ("<i4", -(1 << 31)),
            "FLOAT32": ("<f4", np.nan),
        }[self.form]
        layout = [("n", "<u4"), ("t", "<u4"), ("v", code, (len(self.values),))]
        rows = np.zeros(count, [*layout, ("s", "<u2", (-(-self.status // 16),))])
        rows["n"], rows["t"] = np.arange(1, count + 1), stamps
        scaled = self.values / self.scales[:, None]
        if self.form != "FLOAT32":
            scaled = np.where(np.isnan(scaled), missing, np.rint(np.nan_to_num(scaled)))
        rows["v"] = scaled.T
        return rows[: self.keep].tobytes()

    def write(self, folder: Path, name: str = "test") -> Path:
        """A .cfg and a .dat file; the path of the first."""
        (folder / f"{name}.dat").write_bytes(self.data())
        path = folder / f"{name}.cfg"
        path.write_bytes(self.cfg().encode(self.encoding))
        return path

    def write_cff(self, folder: Path, *, length: bool = True, cut: int | None = None) -> Path:
        """All in one file, of which `cut` bytes are left out at the end."""
        data = self.data()
        size = f": {len(data)}" if length and self.form != "ASCII" else ""
        end = self.newline
        text = f"--- file type: CFG ---{end}{self.cfg()}--- file type: INF ---{end}"
        text += f"--- file type: HDR ---{end}--- file type: DAT {self.form}{size} ---{end}"
        path = folder / "test.cff"
        path.write_bytes((text.encode(self.encoding) + data)[: None if cut is None else -cut])
        return path


def csv(
    folder: Path,
    values: np.ndarray,
    rate: float,
    head: str = "t;U1;U2;U3;I1;I2;I3",
    *,
    separator: str = ";",
    comma: bool = False,
    scale: float = 1.0,
    form: str = "{:.7f}",
    name: str = "test.csv",
) -> Path:
    """A table; scale: what the times are multiplied with; comma: for decimals."""
    lines = head.split("\n") if head else []
    for k in range(values.shape[1]):
        cells = [form.format(k / rate * scale)]
        cells += ["" if np.isnan(v) else f"{v:.5f}" for v in values[:, k]]
        line = separator.join(cells)
        lines.append(line.replace(".", ",") if comma else line)
    path = folder / name
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path
