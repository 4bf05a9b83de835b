(() => {
  const texts = TEXTS;
  const get = id => document.getElementById(id), main = get('main');
  const RATES = {p: 0, q: 1, s: 2, pf: 3, angle: 4, i: 5, u: 6, over: 7};
  let words = texts.en, language = 'en', tab = 'values', site, now, known, seen = 0;
  const say = (key, ...values) => words[key].replace(/%(\d)/g, (_, k) => values[k - 1]);

  // Elements: make('p', {class: 'soft'}, child, 'text', ...). Names are text, never markup.
  const fill = (element, attributes, children) => {
    for (const name in attributes) {
      if (name.startsWith('on')) element[name] = attributes[name];
      else if (attributes[name] != null) element.setAttribute(name, attributes[name]);
    }
    element.append(...children.filter(child => child != null));
    return element;
  };
  const make = (tag, attributes, ...children) =>
    fill(document.createElement(tag), attributes, children);
  const draw = (tag, attributes, ...children) =>
    fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);

  const number = (value, digits) =>
    value == null ? '–' : value.toLocaleString(language, {
      minimumFractionDigits: digits, maximumFractionDigits: digits
    }).replace(/^-(?=[0.,]*$)/, '').replace('-', '\u2212');
  const large = (value, unit) => Math.abs(value) >= 1e5
    ? number(value / 1000, 1) + '\u00a0k' + unit : number(value, 0) + '\u00a0' + unit;
  const volts = value => number(value == null ? null : value / 100, 1) + '\u00a0V';
  const watts = (value, unit = 'W') =>
    value == null ? '–\u00a0' + unit : large(value / 100, unit);
  const amperes = value => number(value == null ? null : value / 1e5, 2) + '\u00a0A';
  const factor = value => number(value == null ? null : value / 1e4, 2);

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

  // What is judged of the wiring, and what may be done about it.
  const STATES = {'no current': 'no_current'};
  const COMMENTED = ['turned_ct', 'wrong_phase', 'exchanged_cts', 'one_wire'];
  const findingsOf = k => known.findings.filter(one => site.points[one[0]][2] == k);
  const isRemedy = one => one[4] != null;
  const stateOf = one => say(STATES[one[1]] || one[1]);
  const percent = share => number(Math.min(9999, Math.floor(share * 1e4)) / 100, 2);
  const ctOf = i => say('ct', site.points[i][1], site.points[i][0]);
  const wrongText = one => {
    const point = site.points[one[0]], turned = isRemedy(one) && one[5] != point[4];
    if (one[3] == 'one_wire' || one[3] == 'turned_ct') return say(one[3], ctOf(one[0]));
    if (!isRemedy(one)) return one[6];
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
    .map(one => one[0] + ':' + one[4] + ':' + +one[5]).join(',');

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
  const inEffect = entry => entry.points.every(([node, input, , , phase, turned]) =>
    site.points.some(point => point[0] == node && point[1] == input && point[3] == phase &&
      point[4] == turned));
  const timeText = seconds => seconds ? new Date(seconds * 1000).toLocaleString(language) : '';
  const changeText = entry => entry.points.map(([node, input, phase, turned, next, back]) =>
    `${node} ${input}: ${phase}${turned ? ' ' + say('turned') : ''} → ` +
    `${next}${back ? ' ' + say('turned') : ''}`).join('; ');
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

  const deviceState = state => words[state.replace(/ /g, '_')] || state;
  const blink = (serial, count) => make('span', {class: 'blink'}, ...[...'ABCD'.slice(0, count)]
    .map(input => button(input, () => command('identify', {serial, input}), 'quiet',
      serial + input)));
  const deviceRow = (serial, state, count, more) => make('li', {class: state == 'well' ? '' : 'off'},
    make('b', {}, serial), ` ${more ? more + ' ' : ''}${deviceState(state)}`,
    count ? make('div', {}, make('small', {}, say('identify')), blink(serial, count)) : '');
  const headOf = serial => site.points.every(point => point[0] != serial) && /^5[01]/.test(serial);
  const devicesView = () => [
    card(say('nodes'), make('ul', {}, ...known.nodes.map(([serial, state, count]) =>
      deviceRow(serial, state, headOf(serial) ? 0 : count, '')))),
    card(say('modules'), known.modules.length ? make('ul', {}, ...known.modules.map(
      ([serial, kind, state, name, count]) => deviceRow(serial || name, state, count,
        name && serial && name != serial ? name : ''))) : make('p', {}, say('no_modules'))),
    make('p', {}, button(say('scan'), () => command('scan', {}), 'apply', 'scan'))];

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
    return make('td', {}, element, make('small', {}, ' ' + kept('tick' + k)));
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

  let views = [], due;
  const show = () => {
    const focus = document.activeElement.id;
    document.documentElement.lang = get('language').value = language;
    document.title = say('title') + ' ' + site.serial;
    get('about').textContent = site.serial + ' ' + site.site;
    get('tabs').replaceChildren(...['values', 'findings', 'devices', 'report'].map(name =>
      make('button', {type: 'button', 'aria-current': name == tab ? 'page' : null, id: 'to-' + name,
        onclick: () => { tab = name; show(); look(); }},
      say('tab_' + name), name == 'findings' && known && known.findings.some(one =>
        one[1] == 'wrong') ? make('i', {}, '!') : '')));
    views = [];
    if (tab == 'values') {
      views = [supplyView(), ...site.loads.map((_, k) => viewOf(k))];
      main.replaceChildren(make('h1', {}, say('title')), ...views.map(view => view.element));
      update();
    } else if (!known || tab == 'report' && !now) main.replaceChildren();
    else {
      main.replaceChildren(...{findings: findingsView, devices: devicesView, report: reportView
      }[tab]());
    }
    if (focus && get(focus)) get(focus).focus({preventScroll: true});
  };
  // What comes from the gateway is not drawn under a finger: what it lies on would be gone before
  // it is lifted. A click comes up to 300 ms after that.
  let held = 0;
  for (const [name, ms] of Object.entries({pointerdown: 5000, pointerup: 500, pointercancel: 0,
    keydown: 5000, keyup: 500})) {
    addEventListener(name, () => { held = Date.now() + ms; }, true);
  }
  const redraw = async () => {
    if (due) return;
    due = true;
    while (Date.now() < held) await pause(100);
    due = false;
    if (site) show();
  };
  const update = () => {
    if (!now || due) return;
    for (const view of views) view.update();
    main.dataset.report = now.n;
  };

  // Commands: the gateway takes one, and says what has become of it.
  let job;
  const notice = (text, bad) => {
    get('notice').textContent = text;
    get('notice').className = text ? bad ? 'note' : 'note good' : '';
  };
  const command = async (name, fields) => {
    if (job) return;
    job = true;
    notice(say('state_busy'));
    try {
      const body = new URLSearchParams({token: site.token, ...fields});
      const answer = await fetch('/wiring/' + name, {method: 'POST', body});
      const said = await answer.json();
      if (said.error) {
        notice(say(words[said.error] ? said.error : 'refused', said.text), true);
        if (said.error == 'stale') site = null;
      } else if (name == 'identify') notice(say('blinking'));
      else if (name == 'scan') notice(say('scanning'));
      else await finish(said.job[0]);
    } catch (error) {  // it may have arrived
      notice(say(name == 'identify' || name == 'scan' ? 'gone' : 'state_unknown'), true);
    }
    job = false;
    look();
  };
  const finish = async number => {
    for (let silent = 0; silent < 30;) {
      await pause(700);
      const next = await ask('findings').catch(() => null);
      if (!next) {
        silent++;
        continue;
      }
      // Another number: the gateway has begun anew, or does what another phone has asked for.
      const [which, state, why] = next.job, ours = which == number;
      if (ours && state == 'busy') continue;
      if (ours && state == 'refused') return notice(say('refused', why), true);
      const done = ours && ['done', 'restarts'].includes(state);
      return notice(say(done ? 'state_' + state : 'state_unknown'), !done);
    }
    notice(say('state_unknown'), true);
  };
  const look = async () => {
    try {
      const next = await ask('findings');
      await loadFor(next);
      const same = JSON.stringify(next) == JSON.stringify(known);
      known = next;
      // The report stays as it is while somebody writes in it.
      if (!same && (tab != 'report' || !main.firstChild)) redraw();
    } catch (error) {}
  };
  const watch = async () => {
    for (;;) {
      await pause(3000);
      if (!document.hidden && site && !job) await look();
    }
  };

  // Values: the gateway answers as soon as it has newer ones.
  const state = (text, bad) => {
    get('state').className = bad ? 'bad' : '';
    get('state').textContent = text;
    main.className = bad ? 'old' : '';
  };
  const ask = path => fetch('/wiring/' + path, {cache: 'no-store'}).then(answer => {
    if (!answer.ok) throw answer.status;
    return answer.json();
  });
  const pause = ms => new Promise(done => setTimeout(done, ms));
  const load = async () => {
    site = await ask('site');
    now = null;
    const old = known && known.site != site.site;
    if (old) known = null;
    setLanguage(chosen || site.lang);
    redraw();
    if (old) look();
  };
  // An answer may be of the site before: then it is none of the one that is shown.
  const loadFor = async next => {
    if (!site || next.site != site.site) await load();
    if (next.site != site.site) throw 'old';
  };
  const follow = async () => {
    for (;;) {
      try {
        if (!site) await load();
        if (!now) state(say('waiting'));
        const next = await ask('now?after=' + (now ? now.n : ''));
        await loadFor(next);
        const first = !now;
        now = next;
        seen = Date.now();
        if (first && tab == 'report') redraw();  // it has waited for them
        state(now.age == null ? say('live') : say('age', number(now.age / 1000, 1)));
        update();
      } catch (error) {
        if (Date.now() - seen > 3000) state(say('gone'), true);
        await pause(1000);
      }
      if (document.hidden) {
        await new Promise(done =>
          document.addEventListener('visibilitychange', done, {once: true}));
      }
    }
  };
  let chosen;
  const setLanguage = name => {
    language = texts[name] ? name : 'en';
    words = texts[language];
  };
  get('language').onchange = event => {
    chosen = event.target.value;
    if (!site) return;
    setLanguage(chosen);
    show();
  };
  follow();
  look();
  watch();
})();
