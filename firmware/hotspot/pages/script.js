(() => {
  const get = id => document.getElementById(id), show = get('show');
  const state = () => fetch('/state', {cache: 'no-store'}).then(answer => answer.text());
  if (show) {
    const key = get('key'), form = key.form, again = get('again'), rows = get('rows');
    const words = [show.textContent, show.dataset.hide], label = again.textContent;
    const radios = () => [...form.querySelectorAll('[type=radio]')];
    const chosen = () => radios().find(radio => radio.checked);
    const field = () => {
      const next = chosen().value ? key : form.other;
      next.focus({preventScroll: true});
      next.scrollIntoView({block: 'nearest'});
    };
    const say = text => { get('status').textContent = text; };
    const busy = button => say(button.textContent = button.dataset.busy);
    show.hidden = false;
    show.onmousedown = event => event.preventDefault();
    show.onclick = () => {
      const hidden = key.type == 'password';
      key.type = hidden ? 'text' : 'password';
      show.textContent = words[+hidden];
    };
    let touched;
    form.onpointerdown = () => { touched = true; };
    form.onkeydown = event => {
      const name = event.key, all = radios(), at = event.target;
      touched = false;
      if (at.type != 'radio' || !['Home', 'End', 'Enter'].includes(name)) return;
      event.preventDefault();
      const to = name == 'Enter' ? at : all[name == 'Home' ? 0 : all.length - 1];
      to.checked = true;
      name == 'Enter' ? field() : to.focus();
    };
    form.onchange = event => { if (touched && event.target.name == 'ssid') field(); };
    let searching;
    const search = () => {
      if (searching) return;
      searching = true;
      busy(again);
      fetch('/scan', {method: 'POST', body: new URLSearchParams({token: form.token.value})})
        .then(answer => answer.text()).then(text => {
          const page = new DOMParser().parseFromString(text, 'text/html');
          const found = page.getElementById('rows');
          if (!found) return location.replace('/');
          const old = chosen(), inside = rows.contains(document.activeElement);
          document.title = page.title;
          form.token.value = page.querySelector('[name=token]').value;
          rows.replaceChildren(...found.childNodes);
          let kept = old && radios().find(radio => radio.value == old.value);
          if (old && !kept) {
            kept = get('o');
            form.other.value = old.value;
          }
          if (kept) kept.checked = true;
          if (inside) (kept || radios()[0]).focus();
          say(again.dataset.found + '\u00a0' + rows.querySelectorAll('b').length);
        }).catch(() => say(again.dataset.gone)).then(() => {
          again.textContent = label;
          searching = false;
        });
    };
    form.onsubmit = event => {
      if (event.submitter != again) return busy(form.lastElementChild);
      event.preventDefault();
      search();
    };
    const look = () => state()
      .then(now => { if (now == 'done') location.replace('/'); })
      .catch(() => {}).then(() => setTimeout(look, 5000));
    if (document.querySelector('.note')) look();
    addEventListener('pageshow', event => { if (event.persisted) location.reload(); });
  }
  const trying = get('trying');
  if (trying) {
    const gone = get('gone');
    let late;
    const wait = () => {
      clearTimeout(late);
      gone.hidden = true;
      late = setTimeout(() => { gone.hidden = false; }, 30000);
    };
    const ask = () => state()
      .then(now => { wait(); now == 'trying' ? setTimeout(ask, 700) : location.replace('/'); })
      .catch(() => setTimeout(ask, 1000));
    trying.hidden = true;
    wait();
    ask();
  }
})();
