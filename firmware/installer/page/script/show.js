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
