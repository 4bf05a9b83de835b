const phaseOf = point => site.phases.indexOf(point[3]);
const colourOf = point => Math.max(0, phaseOf(point));
const pointsOf = k => site.points.map((point, i) => i).filter(i => site.points[i][2] == k);
const row = name => make('div', {}, make('dt', {}, name), make('dd', {}));

const head = load => make('h2', {}, make('span', {}, load[0], ' ',
  make('small', {}, say(load[1]))), make('b', {}));

const viewOf = k => {
  const load = site.loads[k], points = pointsOf(k);
  const title = head(load), picture = draw('svg', {viewBox: '-64 -64 128 128', role: 'img',
    'aria-label': say('phasors', load[0])});
  const views = points.map(i => {
    const point = site.points[i];
    const what = [point[0], point[1], phaseOf(point) < 0 ? say('unknown') : point[3]];
    if (point[4]) what.push(say('turned'));
    const over = make('span', {});
    const rows = ['P', 'Q', 'U', 'I', 'PF'].map(row);
    return {i, over, rows, element: make('div', {class: 'point p' + colourOf(point)},
      make('p', {}, what.join(' · '), over), make('dl', {}, ...rows))};
  });
  const element = make('section', {class: 'card', id: 'load' + k}, title,
    make('div', {class: 'load'}, make('div', {}, ...views.map(view => view.element)), picture));
  const update = () => {
    let total = 0;
    for (const {i, over, rows} of views) {
      const rate = now.p[i];
      const shown = [watts(rate[RATES.p]), watts(rate[RATES.q], 'var'), volts(rate[RATES.u]),
        amperes(rate[RATES.i]), factor(rate[RATES.pf])];
      rows.forEach((line, k) => { line.lastChild.textContent = shown[k]; });
      total = total == null || rate[RATES.p] == null ? null : total + rate[RATES.p];
      over.textContent = rate[RATES.over] ? ' ' + say('over') : '';
    }
    title.lastChild.textContent = points.length ? watts(total) : '';
    drawPhasors(picture, points);
  };
  return {element, update};
};

// The first phase's voltage points up; what lags is turned clockwise.
const at = (tenths, length) => {
  const angle = tenths * Math.PI / 1800;
  return [-Math.sin(angle) * length, -Math.cos(angle) * length];
};
const arrow = (tenths, length, kind) => {
  const [x, y] = at(tenths, length);
  const tip = [[0, 0], at(tenths + 1450, 7), at(tenths + 2150, 7)].map(([dx, dy]) =>
    (x + dx).toFixed(1) + ',' + (y + dy).toFixed(1));
  return [draw('line', {x1: 0, y1: 0, x2: x.toFixed(1), y2: y.toFixed(1), class: kind}),
    draw('polygon', {points: tip.join(' '), class: kind, 'stroke-width': 1})];
};
const drawPhasors = (picture, points) => {
  const parts = [draw('circle', {r: 50, class: 'grid'}), draw('circle', {r: 25, class: 'grid'})];
  now.u.forEach(([, angle], p) => {
    if (angle == null || p >= site.phases.length) return;
    const [x, y] = at(angle, 50), [tx, ty] = at(angle, 57);
    parts.push(draw('line', {x1: 0, y1: 0, x2: x.toFixed(1), y2: y.toFixed(1), class: 'u'}),
      draw('text', {x: tx.toFixed(1), y: (ty + 4).toFixed(1), 'text-anchor': 'middle'},
        site.phases[p].replace('L1-L2', 'L12')));
  });
  const most = Math.max(...points.map(i => now.p[i][RATES.i] || 0));
  for (const i of points) {
    const rate = now.p[i], p = phaseOf(site.points[i]);
    if (p < 0 || rate[RATES.angle] == null || !rate[RATES.i] || now.u[p][1] == null) continue;
    const length = Math.max(4, 48 * rate[RATES.i] / most);
    parts.push(...arrow(now.u[p][1] - rate[RATES.angle], length, 'i i' + p));
  }
  picture.replaceChildren(...parts);
};

const supplyView = () => {
  const rows = site.phases.map(row), hertz = row('f');
  const title = make('h2', {}, make('span', {}, say('supply'), ' ',
    make('small', {}, site.scheme)));
  const update = () => {
    rows.forEach((line, p) => { line.lastChild.textContent = volts(now.u[p][0]); });
    hertz.lastChild.textContent =
      number(now.hz == null ? null : now.hz / 1e6, 2) + '\u00a0Hz';
  };
  return {element: make('section', {class: 'card', id: 'supply'}, title,
    make('dl', {}, ...rows, hertz)), update};
};
