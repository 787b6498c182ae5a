// The pages of frameworks and their tasks.

import { h } from './dom.js';
import { amount, duration, exact, number, shortId, time } from './format.js';
import { taskCounts } from './model.js';
import { logPane } from './log.js';
import { master, reader } from './source.js';
import { table } from './table.js';
import { subscribeHint } from './pages_cluster.js';
import { badge, crumbs, facts, idLink, labels, link, notice, page, resourceText, taskTable, taskTiles, to } from './parts.js';

const columns = (ended) => [
  { name: 'Name', kind: 'name', value: (f) => f.name, show: (f) => link(to.framework(f.id), f.name || shortId(f.id)) },
  { name: 'ID', kind: 'mono', value: (f) => f.id, show: (f) => idLink(to.framework(f.id), f.id) },
  { name: 'User', value: (f) => f.user },
  { name: 'Roles', value: (f) => f.roleNames.join(', ') },
  { name: 'Host', value: (f) => f.hostname, show: (f) => (f.webui_url ? h('a', { href: f.webui_url, rel: 'noreferrer noopener', target: '_blank' }, f.hostname || 'web UI') : f.hostname) },
  ...(ended ? [
    { name: 'Tasks', kind: 'number', value: (f) => f.completed_tasks.length },
    { name: 'Registered', kind: 'time', value: (f) => f.registered_time, show: (f) => time(f.registered_time) },
    { name: 'Ended', kind: 'time', value: (f) => f.unregistered_time, show: (f) => time(f.unregistered_time) },
  ] : [
    { name: 'Active tasks', kind: 'number', value: (f) => f.tasks.length },
    { name: 'CPUs', kind: 'number', value: (f) => f.used_resources.cpus, show: (f) => number(f.used_resources.cpus) },
    { name: 'Memory', kind: 'number', value: (f) => f.used_resources.mem, show: (f) => amount('mem', f.used_resources.mem) },
    { name: 'Offers', kind: 'number', value: (f) => (f.offers ?? []).length },
    { name: 'Registered', kind: 'time', value: (f) => f.registered_time, show: (f) => time(f.registered_time) },
  ]),
];

export const frameworks = {
  title: () => 'Frameworks',
  view: ({ model }) => {
    const list = (group) => model.frameworks.filter((f) => f.group === group);
    const inactive = list('inactive');
    const show = (id, title, rows, ended, empty) => table({
      id, title, rows, empty, key: (f) => f.id, columns: columns(ended), sort: ended ? 'Ended' : 'Registered', descending: true,
    });
    return page('Frameworks',
      show('frameworks-active', 'Active', list('active'), false, subscribeHint()),
      inactive.length ? show('frameworks-inactive', 'Inactive', inactive, false) : null,
      show('frameworks-completed', 'Completed', list('completed'), true, 'Frameworks that were torn down, or did not come back in time, are listed here.'));
  },
};

export const framework = {
  title: ({ params, model }) => model.frameworksById.get(params[0])?.name || 'Framework',
  view: ({ model, params }) => {
    const f = model.frameworksById.get(params[0]);
    const way = crumbs(link('#/frameworks', 'Frameworks'), f ? f.name || shortId(f.id) : shortId(params[0]));
    if (!f) return [way, notice('bad', 'The master does not know this framework. It keeps the last 50 that ended, and forgets them when it is restarted.')];
    const tasks = model.tasks.filter((t) => t.framework_id === f.id);
    const group = (name) => tasks.filter((t) => t.group === name);
    const without = ['Framework'];
    return [way, page([f.name || shortId(f.id), ' ', badge(f.group)],
      h('section', { class: 'card', key: 'facts' }, frameworkFacts(f)),
      taskTiles(taskCounts(tasks)),
      taskTable('framework-active', 'Active tasks', group('active'), { without, empty: 'No task runs.' }),
      group('unreachable').length ? taskTable('framework-unreachable', 'Unreachable tasks', group('unreachable'), { without }) : null,
      taskTable('framework-completed', 'Completed tasks', group('completed'), { ended: true, without, empty: 'No task has ended yet.' }),
      executors(f, model))];
  },
};

function frameworkFacts(f) {
  return facts(
    ['ID', h('span', { class: 'mono' }, f.id)],
    ['User', f.user],
    ['Roles', f.roleNames.join(', ')],
    ['Principal', f.principal],
    ['Host', f.hostname],
    ['Web UI', f.webui_url ? h('a', { href: f.webui_url, rel: 'noreferrer noopener', target: '_blank' }, f.webui_url) : null],
    ['Registered', time(f.registered_time)],
    ['Re-registered', f.reregistered_time ? time(f.reregistered_time) : null],
    ['Ended', f.unregistered_time ? time(f.unregistered_time) : null],
    ['Failover timeout', duration(f.failover_timeout)],
    ['Checkpoints', f.checkpoint ? 'yes' : 'no: its tasks end with the agent'],
    ['Capabilities', (f.capabilities ?? []).join(', '), 'long'],
    ['Used', resourceText(f.used_resources)],
    ['Offered', resourceText(f.offered_resources)],
    ['Labels', labels(f.labels)]);
}

function executors(f, model) {
  const rows = f.executors ?? [];
  if (rows.length === 0) return null;
  return table({
    id: 'framework-executors', title: 'Executors', rows, key: (e) => `${e.slave_id} ${e.executor_id}`, sort: 'ID',
    columns: [
      { name: 'ID', kind: 'name', value: (e) => e.executor_id, show: (e) => link(to.executor(e.slave_id, f.id, e.executor_id), e.executor_id) },
      { name: 'Name', value: (e) => e.name },
      { name: 'Type', value: (e) => e.type ?? 'CUSTOM' },
      { name: 'Agent', value: (e) => model.agentsById.get(e.slave_id)?.label ?? e.slave_id, show: (e) => link(to.agent(e.slave_id), model.agentsById.get(e.slave_id)?.label ?? shortId(e.slave_id)) },
      { name: 'Resources', value: (e) => e.resources.cpus, show: (e) => resourceText(e.resources) },
    ],
  });
}

// A task's page asks for more than the lists show: messages and reasons are in the
// operator API alone.
export const task = {
  title: ({ params, model }) => findTask(model, params)?.name || 'Task',
  load: async (ctx) => master('/api/v1', { call: { type: 'GET_TASKS' }, signal: ctx.signal }),
  view: ({ model, params, extra }) => {
    const t = findTask(model, params);
    const f = model.frameworksById.get(params[0]);
    const way = crumbs(link('#/frameworks', 'Frameworks'), link(to.framework(params[0]), f?.name || shortId(params[0])), t ? t.name || t.id : params[1]);
    if (!t) return [way, notice('bad', 'The master does not know this task. It keeps the last 1000 completed tasks of a framework.')];
    const full = fullTask(extra, t);
    return [way, page([t.name || t.id, ' ', badge(t.state)],
      h('div', { class: 'columns', key: 'about' },
        h('section', { class: 'card', key: 'facts' }, taskFacts(t, full)),
        timeline(t, full)),
      h('div', { class: 'columns logs', key: 'logs' }, t.agent ? ['stdout', 'stderr'].map((name) => logs(t, name)) : notice('', 'The agent of this task is not registered: its files cannot be read.')))];
  },
};

const findTask = (model, [framework, id]) => {
  const all = model.tasks.filter((t) => t.framework_id === framework && t.id === id);
  return all.find((t) => t.group === 'active') ?? all.sort((a, b) => b.ended - a.ended)[0];
};

function fullTask(answer, t) {
  const lists = answer?.get_tasks ?? {};
  const all = [...(lists.tasks ?? []), ...(lists.unreachable_tasks ?? []), ...(lists.completed_tasks ?? [])];
  return all.find((x) => x.task_id.value === t.id && x.framework_id.value === t.framework_id && x.agent_id.value === t.slave_id);
}

function taskFacts(t, full) {
  const container = t.container;
  return facts(
    ['ID', h('span', { class: 'mono' }, t.id)],
    ['Framework', h('a', { href: to.framework(t.framework_id), title: t.framework_id }, t.framework.name || t.framework_id)],
    ['Agent', h('a', { href: to.agent(t.slave_id), title: t.slave_id }, t.agent?.label ?? `${t.slave_id} (not registered)`)],
    ['Executor', link(to.executor(t.slave_id, t.framework_id, t.executor_id || t.id), t.executor_id || 'command executor')],
    ['Role', t.role],
    ['User', t.user],
    ['Resources', resourceText(t.resources)],
    ['Limits', t.limits ? resourceText(t.limits) : null],
    ['Container', container ? [container.type, container.docker?.image ?? container.mesos?.image?.docker?.name].filter(Boolean).join(' ') : null],
    ['Kill policy', full?.kill_policy?.grace_period ? `${duration(full.kill_policy.grace_period.nanoseconds / 1e9)} grace` : null],
    ['Labels', labels(t.labels)],
    ['Discovery', t.discovery?.name],
    ['Sandbox', t.agent ? link(to.browse(t.slave_id, t.sandbox), 'files') : null]);
}

function timeline(t, full) {
  const statuses = full?.statuses ?? t.statuses ?? [];
  return h('section', { class: 'card', key: 'timeline', 'aria-label': 'History' },
    h('div', { class: 'card-head' }, h('h2', null, 'History')),
    statuses.length === 0 ? h('p', { class: 'empty' }, 'Accepted; the agent has not reported yet.') : null,
    h('ol', { class: 'timeline' }, statuses.map((s, i) => h('li', { key: String(i) },
      badge(s.state), ' ', h('span', { class: 'faint', title: exact(s.timestamp) }, time(s.timestamp)),
      s.message ? h('p', null, s.message) : null,
      s.reason ? h('p', { class: 'faint mono' }, [s.source, s.reason].filter(Boolean).join(' · ')) : null,
      s.healthy === undefined ? null : h('p', { class: s.healthy ? 'good' : 'bad' }, s.healthy ? 'healthy' : 'unhealthy')))));
}

function logs(t, name) {
  const path = `${t.sandbox}/${name}`;
  return h('section', { class: 'card', key: name, 'aria-label': name },
    logPane(`${t.key} ${name}`, reader(t.agent), path, { title: link(to.read(t.slave_id, path), name) }));
}
