// Tables that can be sorted and filtered, and stay as they are while their rows
// are refreshed.

import { h } from './dom.js';
import { remember, remembered } from './view.js';

// Rows beyond these are shown on demand; a filter is offered from that many rows on.
const rowsShown = 200;
const filterFrom = 6;
const naturalUpTo = 2000;

// table shows rows. spec:
//   id       names the table, for its sort order and filter
//   title    heading
//   columns  [{name, value(row), show(row)?, text(row)?, kind?}]: value is what is
//            sorted by, show what is seen (value if missing), text what the filter
//            looks at (what value gives, if missing); kind 'number' aligns right
//   rows, key(row)   key is unique and stable
//   sort     name of the column sorted by at first; descending says which way
//   empty    what to say when there are no rows
export function table(spec) {
  const state = remembered('table:' + spec.id, { sort: spec.sort ?? spec.columns[0].name, descending: !!spec.descending, filter: '', all: false });
  const change = (changes) => remember('table:' + spec.id, changes);
  const rows = ordered(filtered(spec, state.filter), spec, state);
  const shown = state.all ? rows : rows.slice(0, rowsShown);
  return h('section', { class: 'card', key: 'table:' + spec.id, 'aria-label': spec.title },
    heading(spec, rows.length, state, change),
    spec.rows.length === 0 ? h('p', { class: 'empty', key: 'empty' }, spec.empty ?? 'None.') : null,
    spec.rows.length > 0 && rows.length === 0 ? h('p', { class: 'empty', key: 'nothing' }, 'Nothing matches the filter. ',
      h('button', { class: 'link', onclick: () => change({ filter: '' }) }, 'Clear it')) : null,
    shown.length > 0 ? grid(spec, shown, state, change) : null,
    shown.length < rows.length ? h('p', { class: 'more', key: 'more' },
      `The first ${shown.length} of ${rows.length}. `, h('button', { class: 'link', onclick: () => change({ all: true }) }, 'Show all')) : null);
}

function heading(spec, matching, state, change) {
  const total = spec.rows.length;
  return h('div', { class: 'card-head', key: 'head' },
    h('h2', null, spec.title, h('span', { class: 'count' }, state.filter && total ? `${matching} of ${total}` : String(total))),
    spec.note ? h('span', { class: 'note' }, spec.note) : null,
    total >= filterFrom || state.filter ? h('input', {
      class: 'filter', type: 'search', placeholder: 'Filter', 'aria-label': `Filter ${spec.title}`, value: state.filter, key: 'filter',
      spellcheck: 'false', autocomplete: 'off',
      oninput: (event) => change({ filter: event.target.value }),
      onkeydown: (event) => { if (event.key === 'Escape') change({ filter: '' }); },
    }) : null);
}

function grid(spec, rows, state, change) {
  return h('div', { class: 'scroll', key: 'grid' },
    h('table', null,
      h('thead', null, h('tr', null, spec.columns.map((c) => headerCell(c, state, change)))),
      h('tbody', null, rows.map((row) => h('tr', { key: spec.key(row) },
        spec.columns.map((c) => h('td', { class: c.kind, key: c.name, 'data-label': c.name }, (c.show ?? c.value)(row))))))));
}

function headerCell(column, state, change) {
  const sorted = state.sort === column.name;
  const direction = sorted ? (state.descending ? 'descending' : 'ascending') : undefined;
  const press = () => change({ sort: column.name, descending: sorted ? !state.descending : column.kind === 'number' || column.kind === 'time' });
  return h('th', { class: column.kind, scope: 'col', 'aria-sort': direction, key: column.name },
    h('button', { onclick: press }, column.name, sorted ? h('span', { class: 'arrow', 'aria-hidden': 'true' }, state.descending ? '↓' : '↑') : null));
}

function filtered(spec, filter) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return spec.rows;
  return spec.rows.filter((row) => {
    const text = spec.columns.map((c) => String((c.text ?? c.value)(row) ?? '')).join('\n').toLowerCase();
    return words.every((w) => text.includes(w));
  });
}

// ordered sorts by the chosen column and, so that rows never trade places by
// themselves, by key.
function ordered(rows, spec, state) {
  const column = spec.columns.find((c) => c.name === state.sort) ?? spec.columns[0];
  const sign = state.descending ? -1 : 1;
  const compare = rows.length > naturalUpTo ? compareFast : compareNatural;
  return rows
    .map((row) => ({ row, value: column.value(row), key: spec.key(row) }))
    .sort((a, b) => sign * compare(a.value, b.value) || compare(a.key, b.key))
    .map((item) => item.row);
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

// compareNatural puts task-2 before task-10, which takes its time.
function compareNatural(a, b) {
  if (typeof a === 'number' && typeof b === 'number') return (a || 0) - (b || 0);
  return collator.compare(String(a ?? ''), String(b ?? ''));
}

function compareFast(a, b) {
  if (a === b) return 0;
  if (typeof a === 'number' && typeof b === 'number') return (a || 0) - (b || 0);
  const [x, y] = [String(a ?? ''), String(b ?? '')];
  return x < y ? -1 : x > y ? 1 : 0;
}
