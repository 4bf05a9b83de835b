"""Names and payloads of our own messages (docs/cloud.md); topics_original.py has the original's.

What is sent every second is a form (json_form.py), which is filled in from arrays. Other payloads
are generators of pieces of JSON text: the caller may let other tasks run between them. Nothing
here sends.
"""

import json

from measure.quantities import FREQUENCY, VOLTS
from measure.readings import APPARENT, CURRENT, FACTOR, POWER, RATES, REACTIVE, VOLTAGE
from energy import today
from energy.registers import EXPORT, IMPORT
from cloud import figures as f
from cloud.json_form import Form, quoted

# Rates of a point in `site`: name, index, digits behind the point, digits left away.
_RATES = (
    (b'"power":', POWER, 2, 0),
    (b',"reactive":', REACTIVE, 2, 0),
    (b',"apparent":', APPARENT, 2, 0),
    (b',"factor":', FACTOR, 4, 0),
    (b',"current":', CURRENT, 3, 2),
    (b',"voltage":', VOLTAGE, 2, 0),
)


def site_form(site: Site, measuring: Measuring, figures: Figures) -> Form:
    """Our own `site`."""
    report, energy = measuring.report, measuring.energy
    form = Form()
    form.put(b'{"time":')
    form.whole(figures.longs, f.TIME)
    form.put(b',"frequency":')
    form.number(report.supply, FREQUENCY, 4, 2)
    form.put(b',"seconds":')
    form.number(figures.ints, f.SECONDS, 4)
    form.put(b',"voltages":[')
    for p in range(site.phases):
        form.put(b"," if p else b"")
        form.number(report.supply, VOLTS + p, 2)
    if site.synthesised:
        names = ["L%d" % (p + 1) for p in sorted(site.synthesised)]
        form.put(b'],"synthesised":' + json.dumps(names)[:-1].encode())
    form.put(b'],"points":[')
    for i in range(len(site.points)):
        form.put(b",{" if i else b"{")
        for name, k, decimals, away in _RATES:
            form.put(name)
            form.number(report.rates, RATES * i + k, decimals, away)
        _put_energies(form, b',"import":', b',"export":', energy.main.joules, 2 * i)
        form.put(b',"missing":')
        form.whole(energy.missing, i)
        form.put(b',"estimated":')
        form.whole(energy.estimated.joules, i)
        form.put(b"}")
    form.put(b'],"loads":[')
    for k in range(len(site.loads)):
        _put_load(form, site, measuring, figures, k)
    form.put(b'],"totals":{')
    for name, place in ((b"grid", f.GRID), (b"solar", f.SOLAR), (b"battery", f.BATTERY)):
        form.put(b'"' + name + b'":')
        form.number(figures.ints, place, 2)
        form.put(b",")
    form.put(b'"house":')
    form.number(figures.ints, f.HOUSE, 2)
    form.put(b',"today":{')
    for j, name in enumerate(today.NAMES):
        form.put(b"," if j else b"")
        form.put(quoted(name) + b":")
        form.whole(measuring.aggregates.today.sums, j)
    form.put(b"}}}")
    form.close()
    return form


def _put_energies(form, imported, exported, joules, r):
    form.put(imported)
    form.whole(joules, r + IMPORT)
    form.put(exported)
    form.whole(joules, r + EXPORT)


def _put_load(form, site, measuring, figures, k):
    load = site.loads[k]
    form.put(b",{" if k else b"{")
    form.put(b'"name":' + quoted(load.name) + b',"role":' + quoted(load.role) + b',"power":')
    form.number(figures.powers, k, 2)
    r = 2 * (len(site.points) + k)
    _put_energies(form, b',"import":', b',"export":', measuring.energy.main.joules, r)
    joules = measuring.aggregates.today.joules
    _put_energies(form, b',"todayImport":', b',"todayExport":', joules, 2 * k)
    form.put(b"}")


def totals_form(measuring: Measuring, figures: Figures) -> Form:
    """Our own `totals`, up to the month's highest demand: what follows for the whole site."""
    ints, longs = figures.ints, figures.longs
    form = Form()
    form.put(b'{"time":')
    form.whole(longs, f.TIME)
    form.put(b',"house":')
    form.number(ints, f.HOUSE, 2)
    form.put(b',"selfConsumption":')
    form.number(ints, f.OWN_POWER, 2)
    form.put(b',"rest":')
    form.number(ints, f.REST_POWER, 2)
    form.put(b',"alwaysOn":')
    form.number(ints, f.ALWAYS_ON)
    form.put(b',"today":{"selfConsumption":')
    form.whole(measuring.aggregates.today.sums, today.OWN)
    form.put(b',"rest":')
    form.whole(measuring.aggregates.today.sums, today.REST)
    form.put(b'},"demand":{"start":')
    form.whole(longs, f.START)
    form.put(b',"seconds":')
    form.number(ints, f.QUARTER_SECONDS, 1)
    form.put(b',"energy":')
    form.whole(longs, f.ENERGY)
    form.put(b',"forecast":')
    form.number(ints, f.FORECAST, 1)
    form.put(b',"month":')
    form.close()
    return form


NO_MONTH = b"null}}"


def month_form(figures: Figures) -> Form:
    """The end of `totals`, where there is a highest demand; else it is NO_MONTH."""
    form = Form()
    form.put(b'{"power":')
    form.number(figures.ints, f.HIGHEST)
    form.put(b',"start":')
    form.whole(figures.longs, f.MONTH)
    form.put(b"}}}")
    form.close()
    return form
