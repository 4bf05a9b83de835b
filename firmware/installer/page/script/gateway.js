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
