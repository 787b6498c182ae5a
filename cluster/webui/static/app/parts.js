// Pieces that several pages use.

import { h } from './dom.js';
import { amount, duration, megabytes, number, shortId, time } from './format.js';
import { resourceNames, taskCounts, taskStates } from './model.js';
import { table } from './table.js';

const seg = encodeURIComponent;

// links to pages.
export const to = {
  framework: (id) => `#/frameworks/${seg(id)}`,
  agent: (id) => `#/agents/${seg(id)}`,
  executor: (agent, framework, id) => `#/agents/${seg(agent)}/frameworks/${seg(framework)}/executors/${seg(id)}`,
  task: (t) => `#/frameworks/${seg(t.framework_id)}/tasks/${seg(t.id)}`,
  browse: (agent, path) => `#/agents/${seg(agent)}/browse?path=${seg(path)}`,
  read: (agent, path) => `#/agents/${seg(agent)}/read?path=${seg(path)}`,
};

export const link = (href, ...children) => h('a', { href }, children);

// idLink shows an id shortened; the pointer gets all of it.
export const idLink = (href, id) => h('a', { href, title: id, class: 'id' }, shortId(id));

const stateClass = {
  STAGING: 'starting', STARTING: 'starting', RUNNING: 'running', KILLING: 'ending', FINISHED: 'finished', KILLED: 'killed',
  FAILED: 'failed', ERROR: 'failed', LOST: 'lost', UNREACHABLE: 'lost', DROPPED: 'lost', GONE: 'lost', GONE_BY_OPERATOR: 'lost',
  UNKNOWN: 'lost', Active: 'running', Draining: 'ending', Drained: 'killed', Deactivated: 'killed', Disconnected: 'lost',
  active: 'running', inactive: 'ending', completed: 'finished',
};

// badge shows a state: colour, a dot and its name.
export function badge(state) {
  const name = state.replace('TASK_', '');
  const shown = name[0].toUpperCase() + name.slice(1).toLowerCase().replaceAll('_', ' ');
  return h('span', { class: `badge ${stateClass[name] ?? 'killed'}` }, shown);
}

// facts shows names with values, [name, value, 'long'] on a line of its own; those
// without a value are left out.
export function facts(...pairs) {
  return h('dl', { class: 'facts' }, pairs.filter(([, v]) => v !== undefined && v !== null && v !== '' && v !== false)
    .map(([name, value, kind]) => h('div', { key: name, class: kind }, h('dt', null, name), h('dd', null, value))));
}

export function page(title, ...content) {
  return [h('div', { class: 'title', key: 'title' }, h('h1', null, title)), content];
}

// pageWith is a page with something said beside its title.
export function pageWith(title, aside, ...content) {
  return [h('div', { class: 'title', key: 'title' }, h('h1', null, title), h('p', { class: 'faint' }, aside)), content];
}

export function crumbs(...items) {
  return h('nav', { class: 'crumbs', 'aria-label': 'Breadcrumb', key: 'crumbs' },
    h('ol', null, items.flat().filter(Boolean).map((item, i) => h('li', { key: String(i) }, item))));
}

export const notice = (kind, ...content) => h('p', { class: `notice ${kind}`, key: `notice ${kind}`, role: kind === 'bad' ? 'alert' : undefined }, content);

// code shows what to type.
export const code = (text) => h('code', null, text);

export const resourceTitles = { cpus: 'CPUs', mem: 'Memory', disk: 'Disk', gpus: 'GPUs' };

// resourceBars shows used, offered and idle of each resource that there is.
export function resourceBars(resources, title = 'Resources') {
  const there = resourceNames.filter((name) => resources[name].total > 0);
  return h('section', { class: 'card', key: 'resources', 'aria-label': title },
    h('div', { class: 'card-head' }, h('h2', null, title),
      h('span', { class: 'legend' }, h('i', { class: 'used' }), 'used', h('i', { class: 'offered' }), 'offered', h('i', { class: 'idle' }), 'idle')),
    there.length === 0 ? h('p', { class: 'empty' }, 'No agent has registered yet.') : null,
    h('div', { class: 'bars' }, there.map((name) => bar(name, resources[name]))));
}

function bar(name, { total, used, offered }) {
  const share = (n) => `${Math.max(0, Math.min(100, (100 * n) / total))}%`;
  const idle = Math.max(0, total - used - offered);
  const words = `${amount(name, used)} used, ${amount(name, offered)} offered, ${amount(name, idle)} idle of ${amount(name, total)}`;
  return h('div', { class: 'bar', key: name },
    h('div', { class: 'bar-name' }, resourceTitles[name], h('span', null, amount(name, used), h('small', null, ` / ${amount(name, total)}`))),
    h('div', { class: 'bar-track', role: 'img', 'aria-label': `${resourceTitles[name]}: ${words}`, title: words },
      h('i', { class: 'used', style: { width: share(used) } }),
      h('i', { class: 'offered', style: { width: share(offered) } })),
    h('div', { class: 'bar-rest' }, h('span', null, `${amount(name, offered)} offered`), h('span', null, `${amount(name, idle)} idle`)));
}

// taskTiles shows how many tasks are, or were, in each state.
export function taskTiles(counts, title = 'Tasks') {
  return h('section', { class: 'card', key: 'tiles', 'aria-label': title },
    h('div', { class: 'card-head' }, h('h2', null, title)),
    h('dl', { class: 'tiles' }, taskStates.map((s) => {
      const n = counts[s] ?? 0;
      return h('div', { class: n ? `tile ${stateClass[s]}` : 'tile none', key: s },
        h('dt', null, s[0] + s.slice(1).toLowerCase()), h('dd', null, String(n)));
    })));
}

// metricCounts reads task counts from a snapshot of metrics, which know also of
// tasks that the lists have forgotten; what they lack is counted in tasks.
export function metricCounts(metrics, tasks) {
  const counts = taskCounts(tasks);
  for (const s of taskStates) {
    const n = metrics?.[`master/tasks_${s.toLowerCase()}`];
    if (Number.isFinite(n)) counts[s] = n;
  }
  return counts;
}

const agentName = (t) => (t.agent ? t.agent.label : shortId(t.slave_id));

function sandboxLinks(t) {
  if (!t.agent) return h('span', { class: 'faint', title: 'The agent is not registered' }, 'agent gone');
  return h('span', { class: 'links' },
    link(to.read(t.slave_id, `${t.sandbox}/stdout`), 'stdout'),
    link(to.read(t.slave_id, `${t.sandbox}/stderr`), 'stderr'),
    link(to.browse(t.slave_id, t.sandbox), 'files'));
}

const health = (t) => (t.healthy === undefined ? '' : t.healthy ? 'Healthy' : 'Unhealthy');

// taskTable shows tasks of one group; without: columns to leave out.
export function taskTable(id, title, tasks, { ended = false, without = [], empty, note } = {}) {
  const columns = [
    { name: 'State', value: (t) => t.state.replace('TASK_', ''), show: (t) => badge(t.state) },
    { name: 'Task', value: (t) => t.name, kind: 'name', show: (t) => link(to.task(t), t.name || t.id), text: (t) => `${t.name}\n${t.id}` },
    { name: 'ID', value: (t) => t.id, kind: 'mono', show: (t) => h('span', { title: t.id }, shortId(t.id)) },
    { name: 'Framework', value: (t) => t.framework.name, show: (t) => h('a', { href: to.framework(t.framework_id), title: t.framework_id }, t.framework.name || shortId(t.framework_id)), text: (t) => `${t.framework.name} ${t.framework_id}` },
    { name: 'Role', value: (t) => t.role ?? '' },
    { name: 'Agent', value: agentName, show: (t) => h('a', { href: to.agent(t.slave_id), title: t.slave_id }, agentName(t)), text: (t) => `${agentName(t)} ${t.slave_id}` },
    { name: 'CPUs', kind: 'number', value: (t) => t.resources.cpus, show: (t) => number(t.resources.cpus) },
    { name: 'Memory', kind: 'number', value: (t) => t.resources.mem, show: (t) => megabytes(t.resources.mem) },
    { name: 'Health', value: health, show: (t) => h('span', { class: t.healthy === false ? 'bad' : 'good' }, health(t)) },
    { name: 'Started', kind: 'time', value: (t) => t.began, show: (t) => time(t.began), text: () => '' },
    { name: 'Stopped', kind: 'time', value: (t) => t.ended, show: (t) => time(t.ended), text: () => '' },
    { name: 'Ran', kind: 'number', value: (t) => (t.began ? t.ended - t.began : 0), show: (t) => (t.began && t.ended ? duration(t.ended - t.began) : '–'), text: () => '' },
    { name: 'Sandbox', value: (t) => t.sandbox, show: sandboxLinks, text: () => '' },
  ];
  const hidden = new Set([...without, ...(ended ? [] : ['Stopped', 'Ran']), ...(ended ? ['CPUs', 'Memory', 'Started'] : [])]);
  if (tasks.every((t) => t.healthy === undefined)) hidden.add('Health');
  if (tasks.every((t) => t.name === t.id)) hidden.add('ID');
  return table({
    id, title, note, rows: tasks, key: (t) => t.key, columns: columns.filter((c) => !hidden.has(c.name)),
    sort: ended ? 'Stopped' : 'Started', descending: true, empty,
  });
}

// agentResources is "0.5 of 2" with a small bar, for a cell of a table.
export function usage(name, used, total) {
  const share = total ? Math.min(100, (100 * used) / total) : 0;
  return h('span', { class: 'usage', title: `${amount(name, used)} used of ${amount(name, total)}` },
    h('span', null, amount(name, used), h('small', null, ` / ${amount(name, total)}`)),
    h('i', { class: 'meter' }, h('i', { style: { width: `${share}%` } })));
}

export const resourceText = (r) => {
  const first = resourceNames.filter((n) => r[n]).map((n) => `${resourceTitles[n]} ${amount(n, r[n])}`);
  const rest = Object.keys(r).filter((n) => !resourceNames.includes(n) && r[n]).sort().map((n) => (typeof r[n] === 'number' ? `${r[n]} ${n}` : `${n} ${r[n]}`));
  return [...first, ...rest].join(' · ') || '–';
};

export const chips = (object) => {
  const names = Object.keys(object ?? {});
  return names.length === 0 ? h('span', { class: 'faint' }, 'none')
    : h('span', { class: 'chips' }, names.map((n) => h('span', { class: 'chip', key: n }, h('b', null, n), String(object[n]))));
};

export const labels = (list) => (list?.length ? h('span', { class: 'chips' }, list.map((l, i) => h('span', { class: 'chip', key: String(i) }, h('b', null, l.key), l.value ?? ''))) : undefined);
