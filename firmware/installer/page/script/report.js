// The report to hand over. What is typed and ticked stays on this phone.
const kept = name => sessionStorage.getItem(site.serial + name) || '';
const keep = (name, value) => sessionStorage.setItem(site.serial + name, value);
const field = (name, tag) => {
  const element = make(tag, {id: name, oninput: () => keep(name, element.value), rows: 3});
  element.value = kept(name);
  return make('label', {}, say(name), element);
};
const tick = k => {
  const element = make('input', {type: 'checkbox', id: 'tick' + k, 'aria-label': say('tick'),
    onchange: () => {
    keep('tick' + k, element.checked ? new Date().toLocaleString(language) : '');
    show();
  }});
  element.checked = !!kept('tick' + k);
  return make('td', {'data-head': say('by_hand')}, element, make('small', {}, ' ' + kept('tick' + k)));
};
const cells = (...texts) => texts.map(text => make('td', {}, text));
const loadRows = k => {
  const points = pointsOf(k), found = new Map(known.findings.map(one => [one[0], one]));
  return points.map((i, place) => {
    const point = site.points[i], rate = now ? now.p[i] : [], one = found.get(i);
    const first = place ? cells('') : [make('td', {}, make('b', {}, site.loads[k][0]), ' ',
      make('small', {}, say(site.loads[k][1])))];
    const verdict = one ? stateOf(one) + (one[2] == null ? '' : ` ${percent(one[2])}\u00a0%`) +
      (one[1] == 'wrong' ? ': ' + wrongText(one) : '') : '–';
    return make('tr', {}, ...first, ...cells(`${point[0]} ${point[1]} (${point[5]})`,
      (phaseOf(point) < 0 ? '–' : point[3]) + (point[4] ? ' ' + say('turned') : ''),
      `${watts(rate[0])}, ${watts(rate[1], 'var')}, ${volts(rate[6])}, ${amperes(rate[5])}, PF\u00a0${factor(rate[3])}`,
      verdict), place ? make('td', {}) : tick(k));
  });
};
const reportView = () => {
  const heads = ['load', 'input', 'phase', 'measured', 'finding', 'by_hand'];
  const facts = [['date', new Date().toLocaleString(language)],
    ['gateway', `${site.serial}, ${say('firmware')} ${site.version}`], ['site', site.name],
    ['fingerprint', site.site], ['scheme', site.scheme],
    ['supply', now ? site.phases.map((name, p) => `${name} ${volts(now.u[p][0])}`).join(', ') +
      `, ${number(now.hz == null ? null : now.hz / 1e6, 2)}\u00a0Hz` : '–']];
  return [make('div', {class: 'screen'}, button(say('print'), () => print(), 'apply', 'print'),
    make('p', {class: 'soft'}, say('print_hint', location.href))),
  make('article', {id: 'report'}, make('h1', {}, say('report_title')),
    make('table', {class: 'facts'}, ...facts.map(([key, text]) =>
      make('tr', {}, make('th', {}, say(key)), make('td', {}, text)))),
    field('who', 'input'),
    make('div', {class: 'wide'}, make('table', {},
      make('tr', {}, ...heads.map(key => make('th', {}, say(key)))),
      ...site.loads.flatMap((_, k) => loadRows(k)))),
    make('p', {class: 'soft'}, say('explain')),
    make('h2', {}, say('reports')), otherList(), make('h2', {}, say('changes')),
    changeList(false), make('h2', {}, say('nodes')),
    make('p', {}, known.nodes.map(([serial, state]) => `${serial}: ${deviceState(state)}`).join(', ')),
    make('h2', {}, say('modules')),
    make('p', {}, known.modules.map(([serial, , state, name]) =>
      `${serial || name}${name && serial && name != serial ? ' ' + name : ''}: ${deviceState(state)}`).join(', ') || say('no_modules')),
    field('remarks', 'textarea'), make('p', {class: 'sign'}, say('signature')))];
};
