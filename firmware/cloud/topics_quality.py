"""Payloads of our own `quality` and `harmonics` (docs/cloud.md): what is said of the supply and of
the currents beyond power and energy."""

from measure.quantities import LINES, UNBALANCE
from measure.readings import ANGLE, RATES
from cloud import figures as f
from cloud.json_form import Form
from cloud.json_pieces import compact


class Quality:
    """`form`: the beginning of `quality`; `ends()` gives the rest."""

    def __init__(self, site: Site, measuring: Measuring, figures: Figures):
        self._saturated = measuring.report.values.saturated
        self._voltages = measuring.report.voltages
        self._events = measuring.events
        self._reported = None
        self._text = b""
        self.form = _form(site, measuring, figures)

    def ends(self, dated: bool) -> tuple[Bytes, ...]:
        """The bytes behind the form: allocates when something has happened. dated: whether the
        time is known."""
        saturated, clipped = b"[]", b"[]"
        if any(self._saturated):
            found = [i for i in range(len(self._saturated)) if self._saturated[i]]
            saturated = compact(found).encode()
        for voltage in self._voltages:
            if voltage.clipped:
                found = [p for p in range(3) if self._voltages[p].clipped]
                clipped = compact(["L%d" % (p + 1) for p in found]).encode()
                break
        active = self._events.active()
        reported = (self._events.ended, active, dated)
        if reported != self._reported:
            self._reported = reported
            self._text = b""  # not both at once
            self._text = _events(self._events.ended, active, self._events.last())
        return saturated, b',"clippedVoltages":', clipped, self._text


def _form(site, measuring, figures):
    report, reactive = measuring.report, measuring.energy.reactive.joules
    form = Form()
    form.put(b'{"time":')
    form.whole(figures.longs, f.TIME)
    form.put(b',"lineVoltages":[')
    for p in range(3):
        form.put(b"," if p else b"")
        form.number(report.supply, LINES + p, 2)
    form.put(b'],"unbalance":')
    form.number(report.supply, UNBALANCE, 2)
    form.put(b',"angles":[')
    for i in range(len(site.points)):
        form.put(b"," if i else b"")
        form.number(report.rates, RATES * i + ANGLE, 1)
    form.put(b'],"reactive":[')
    for i in range(len(site.points)):
        form.put(b",[" if i else b"[")
        for q in range(4):
            form.put(b"," if q else b"")
            form.whole(reactive, 4 * i + q)
        form.put(b"]")
    form.put(b'],"saturated":')
    form.close()
    return form


def _events(ended, active, last):
    text = ',"events":{"ended":%d,"active":%s,"last":[' % (ended, compact(active))
    return (text + ",".join([_event(*event) for event in last]) + "]}}").encode()


def _event(kind, start, _, seconds, percent, phases):
    return compact(
        {
            "kind": kind,
            "phases": phases,
            "start": start,
            "seconds": round(seconds, 3),
            "percent": round(percent, 1),
        }
    )


def harmonics(
    now_ms: int | None, channel: int, distortion: float, percent: Sequence[float]
) -> bytes:
    """`harmonics`, bytes. The last three: see harmonics.Harmonics.take."""
    return compact(
        {
            "time": None if now_ms is None else (now_ms + 500) // 1000,
            "phase": "L%d" % (channel + 1) if channel < 3 else None,
            "point": channel - 3 if channel >= 3 else None,
            "distortion": round(distortion, 2),
            "percent": [round(one, 2) for one in percent],
        }
    ).encode()
