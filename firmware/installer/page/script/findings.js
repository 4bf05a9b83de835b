// What is judged of the wiring, and what may be done about it.
const STATES = {'no current': 'no_current'};
const COMMENTED = ['turned_ct', 'wrong_phase', 'exchanged_cts', 'one_wire',
  'wrong_type'];
const findingsOf = k => known.findings.filter(one => site.points[one[0]][2] == k);
const isRemedy = one => one[4] != null;
const stateOf = one => say(STATES[one[1]] || one[1]);
const percent = share => number(Math.min(9999, Math.floor(share * 1e4)) / 100, 2);
const ctOf = i => say('ct', site.points[i][1], site.points[i][0]);
const wrongText = one => {
  const point = site.points[one[0]], turned = isRemedy(one) && one[5] != point[4];
  if (one[3] == 'one_wire' || one[3] == 'turned_ct') return say(one[3], ctOf(one[0]));
  if (!isRemedy(one)) return one[6];
  if (one[3] == 'wrong_type') return say(one[3], ctOf(one[0]), one[7], point[6]);
  const key = one[3] == 'wrong_phase' && turned ? 'wrong_both' : one[3];
  return say(key, ctOf(one[0]), one[4], point[3]);
};
const adviceText = one => {
  const point = site.points[one[0]];
  return phaseOf(point) < 0 ? say('do_phase') : say('do_' + site.loads[point[2]][1]);
};
const button = (text, act, kind, id) => make('button', {type: 'button', class: kind, id,
  onclick: act}, text);
const card = (title, ...children) =>
  make('section', {class: 'card'}, title && make('h2', {}, title), ...children);
const remedyOf = k => findingsOf(k).filter(isRemedy)
  .map(one => [one[0], one[4], +one[5], ...one.slice(7)].join(':')).join(',');

const wrongCard = k => {
  const wrong = findingsOf(k).filter(one => one[1] == 'wrong'), remedy = remedyOf(k);
  const shown = site.site;
  if (!wrong.length) return null;
  const lines = wrong.map(one => make('p', {}, wrongText(one), one[2] == null ? '' :
    make('small', {}, ' ' + say('sure', percent(one[2])))));
  const element = card(site.loads[k][0], ...lines, remedy &&
    button(say('apply'), () => command('apply', {load: k, site: shown, remedy}), 'apply',
      'apply' + k));
  element.classList.add('wrong');
  return element;
};
const stateRow = one => {
  const point = site.points[one[0]], open = one[1] == 'undecided' || one[1] == 'no current';
  return make('li', {class: 's-' + (STATES[one[1]] || one[1])},
    make('b', {}, site.loads[point[2]][0]), ` ${point[1]} · ${point[3]}: ${stateOf(one)}`,
    one[2] == null ? '' : ` (${percent(one[2])}\u00a0%)`,
    open ? make('small', {}, adviceText(one)) : '');
};
const inEffect = entry => entry.points.every(([node, input, , , phase, turned, , ct]) =>
  site.points.some(point => point[0] == node && point[1] == input && point[3] == phase &&
    point[4] == turned && (!ct || point[6] == ct[1])));
const timeText = seconds => seconds ? new Date(seconds * 1000).toLocaleString(language) : '';
const changeText = entry => entry.points.map(([node, input, phase, turned, next, back, ...cts]) =>
  `${node} ${input}: ` + (cts.length ? cts.map(([article]) => article).join(' → ') :
    `${phase}${turned ? ' ' + say('turned') : ''} → ` +
    `${next}${back ? ' ' + say('turned') : ''}`)).join('; ');
const changeRow = (entry, live, shown = site.site) => make('li', {}, make('b', {}, entry.load),
  ` ${say('was_' + entry.what)} ${timeText(entry.time)}`,
  make('small', {}, changeText(entry)), live && inEffect(entry) ?
    button(say('undo'), () => command('undo', {change: entry.n, site: shown}), 'quiet',
      'undo' + entry.n) : '');
const others = () => known.texts.filter(([name]) => !COMMENTED.includes(name));
const otherList = () => others().length ? make('ul', {lang: 'en'},
  ...others().map(([, text]) => make('li', {}, text))) : make('p', {}, say('nothing_else'));
const changeList = live => known.changes.length ? make('ul', {},
  ...known.changes.slice().reverse().map(entry => changeRow(entry, live)))
  : make('p', {}, say('none_yet'));

const findingsView = () => {
  const wrong = site.loads.map((_, k) => wrongCard(k)).filter(one => one);
  if (!wrong.length) {
    wrong.push(card(null, make('p', {}, say(known.findings.length ? 'all_right' : 'not_watched'))));
  }
  return [...wrong, card(say('looked'), make('ul', {}, ...known.findings.map(stateRow))),
    card(say('changes'), changeList(true)), card(say('reports'), otherList())];
};
