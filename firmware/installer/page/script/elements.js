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
