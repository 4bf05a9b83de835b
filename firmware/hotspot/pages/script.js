(() => {
  const show = document.getElementById('show');
  if (show) {
    const key = document.getElementById('key'), words = [show.textContent, show.dataset.hide];
    show.hidden = false;
    show.onclick = () => {
      const hidden = key.type == 'password';
      key.type = hidden ? 'text' : 'password';
      show.textContent = words[+hidden];
      key.focus();
    };
    const form = key.form;
    form.onchange = event => {
      if (event.target.name == 'ssid') (event.target.value ? key : form.other).focus();
    };
    document.onsubmit = event => {
      const pressed = event.submitter;
      setTimeout(() => { pressed.disabled = true; pressed.textContent = pressed.dataset.busy; });
    };
    const look = () => fetch('/state', {cache: 'no-store'}).then(answer => answer.text())
      .then(state => { if (state == 'done') location.replace('/'); })
      .catch(() => {}).then(() => setTimeout(look, 5000));
    if (document.querySelector('.note')) look();
    addEventListener('pageshow', event => { if (event.persisted) location.reload(); });
  }
  const trying = document.getElementById('trying');
  if (trying) {
    const gone = document.getElementById('gone');
    let late;
    const wait = () => {
      clearTimeout(late);
      gone.hidden = true;
      late = setTimeout(() => { gone.hidden = false; }, 30000);
    };
    const ask = () => fetch('/state', {cache: 'no-store'}).then(answer => answer.text())
      .then(state => { wait(); state == 'trying' ? setTimeout(ask, 700) : location.replace('/'); })
      .catch(() => setTimeout(ask, 1000));
    trying.hidden = true;
    wait();
    ask();
  }
})();
