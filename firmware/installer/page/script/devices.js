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
