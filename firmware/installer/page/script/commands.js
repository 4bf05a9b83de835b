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
