// The pages of agents, their executors and files. What an agent does is asked of
// the agent itself.

import { h } from './dom.js';
import { amount, bytes, number, plural, shortId, time } from './format.js';
import { agentAddress, agentState, resourceNames, taskCounts } from './model.js';
import { logPane } from './log.js';
import { agentLink, agentPage, explain, reader } from './source.js';
import { table } from './table.js';
import { badge, chips, crumbs, facts, idLink, link, notice, page, resourceBars, resourceText, resourceTitles, taskTable, taskTiles, to, usage } from './parts.js';

export const agents = {
  title: () => 'Agents',
  view: ({ model }) => {
    const has = (name) => model.resources[name].total > 0;
    return page('Agents', table({
      id: 'agents', title: 'Registered agents', rows: model.agents, key: (a) => a.id, sort: 'Host',
      empty: 'No agent has registered with this master yet.',
      columns: [
        { name: 'State', value: agentState, show: (a) => badge(agentState(a)) },
        { name: 'Host', kind: 'name host', value: (a) => agentAddress(a).address, show: (a) => link(to.agent(a.id), agentAddress(a).address) },
        { name: 'ID', kind: 'mono', value: (a) => a.id, show: (a) => idLink(to.agent(a.id), a.id) },
        { name: 'Attributes', value: (a) => Object.entries(a.attributes).join(), show: (a) => chips(a.attributes) },
        ...resourceNames.filter(has).map((name) => ({
          name: resourceTitles[name], kind: 'number', value: (a) => a.used_resources[name], show: (a) => usage(name, a.used_resources[name], a.resources[name]),
        })),
        { name: 'Active tasks', kind: 'number', value: (a) => tasksOn(model, a).filter((t) => t.group === 'active').length },
        { name: 'Registered', kind: 'time', value: (a) => a.registered_time, show: (a) => time(a.registered_time) },
        { name: 'Re-registered', kind: 'time', value: (a) => a.reregistered_time ?? 0, show: (a) => time(a.reregistered_time) },
      ],
    }));
  },
};

const tasksOn = (model, a) => model.tasksByAgent.get(a.id) ?? [];

// measured keeps the last statistics of each agent: CPU use is a difference.
const measured = new Map();

// loadAgent asks an agent for its state and what its containers use.
async function loadAgent({ model, params }) {
  const a = model.agentsById.get(params[0]);
  if (!a) return {};
  try {
    const [state, statistics] = await Promise.all([agentPage(a, 'state'), agentPage(a, 'monitor/statistics')]);
    return { state, usage: usages(a.id, Array.isArray(statistics) ? statistics : []) };
  } catch (error) {
    return { error: error.message, why: await explain(a) };
  }
}

function usages(id, statistics) {
  const before = measured.get(id) ?? new Map();
  const now = new Map(before);
  const out = new Map();
  for (const s of statistics) {
    const key = `${s.framework_id}/${s.executor_id}`;
    const x = s.statistics ?? {};
    const cpuSeconds = (x.cpus_user_time_secs ?? 0) + (x.cpus_system_time_secs ?? 0);
    const last = before.get(key);
    const seconds = last ? x.timestamp - last.timestamp : 0;
    now.set(key, { timestamp: x.timestamp, cpuSeconds });
    out.set(key, { cpus: seconds > 0 ? Math.max(0, cpuSeconds - last.cpuSeconds) / seconds : undefined, rss: x.mem_rss_bytes, limit: x.mem_limit_bytes });
  }
  measured.set(id, now);
  return out;
}

const unknownAgent = (way) => [way, notice('bad', 'The master does not know this agent now. Agents that are gone, unreachable or unregistered are not listed.')];

// agentError says what is wrong with an agent that did not answer a question.
function agentError(a, extra) {
  if (!extra?.error) return null;
  const rest = ' What follows is what the master knows.';
  if (extra.why !== 'closed') return notice('bad', `${extra.error}.${rest}`);
  return notice('bad', closed(a, 'state'), rest);
}

// closed says that an agent wants credentials. Browsers do not give them to the
// frame by which it is asked; a tab of its own can ask for them.
const closed = (a, page) => ['This agent wants you to sign in, which cannot be done from here. ', h('a', { href: agentLink(a, page), target: '_blank', rel: 'noreferrer' }, 'Open the data there'), '.'];

export const agent = {
  title: ({ params, model }) => model.agentsById.get(params[0])?.label ?? 'Agent',
  load: loadAgent,
  view: ({ model, params, extra }) => {
    const a = model.agentsById.get(params[0]);
    const way = crumbs(link('#/agents', 'Agents'), a ? agentAddress(a).address : shortId(params[0]));
    if (!a) return unknownAgent(way);
    const tasks = tasksOn(model, a);
    const resources = Object.fromEntries(resourceNames.map((n) => [n, { total: a.resources[n], used: a.used_resources[n], offered: a.offered_resources[n] }]));
    const group = (name) => tasks.filter((t) => t.group === name);
    return [way, page([agentAddress(a).address, ' ', badge(agentState(a))], agentError(a, extra),
      h('div', { class: 'columns', key: 'about' },
        h('section', { class: 'card', key: 'facts' }, agentFacts(a, extra?.state)),
        resourceBars(resources)),
      taskTiles(taskCounts(tasks)),
      executors(a, extra, null),
      taskTable('agent-active', 'Active tasks', group('active'), { without: ['Agent'], empty: 'No task runs here.' }),
      taskTable('agent-completed', 'Completed tasks', group('completed'), { ended: true, without: ['Agent'], empty: 'No task has ended here.' }),
      reservations(a))];
  },
};

function agentFacts(a, state) {
  const drain = a.drain_info;
  return facts(
    ['ID', h('span', { class: 'mono' }, a.id)],
    ['Attributes', chips(a.attributes)],
    ['Version', a.version],
    ['Process', h('span', { class: 'mono' }, a.pid)],
    ['Started', state ? time(state.start_time) : null],
    ['Registered', time(a.registered_time)],
    ['Re-registered', a.reregistered_time ? time(a.reregistered_time) : null],
    ['Draining', drain ? [drain.state.toLowerCase(), drain.config?.mark_gone ? ', then marked gone' : '', ', since ', time(a.estimated_drain_start_time_seconds)] : null],
    ['Other resources', Object.keys(a.resources).filter((n) => !resourceNames.includes(n)).map((n) => `${n} ${a.resources[n]}`).join(' · ')],
    ['Region', a.domain?.fault_domain?.region?.name],
    ['Zone', a.domain?.fault_domain?.zone?.name],
    ['Work directory', state?.flags?.work_dir ? h('span', { class: 'mono' }, state.flags.work_dir) : null],
    ['Log', state?.log_dir || state?.external_log_file ? link(to.read(a.id, '/slave/log'), 'read the agent’s log') : null]);
}

// executors of an agent, or of one framework there. Tasks without an executor run
// in one of their own, which the agent lists too.
function executors(a, extra, onlyFramework) {
  const list = (f, name, group) => (f[name] ?? []).map((e) => ({ ...e, group, framework: f, use: extra.usage?.get(`${f.id}/${e.id}`) }));
  const state = extra?.state;
  const rows = [...(state?.frameworks ?? []), ...(state?.completed_frameworks ?? [])]
    .filter((f) => !onlyFramework || f.id === onlyFramework)
    .flatMap((f) => [...list(f, 'executors', 'active'), ...list(f, 'completed_executors', 'completed')]);
  return table({
    id: 'executors', title: 'Executors', rows, key: (e) => `${e.framework.id} ${e.id} ${e.container}`, sort: 'State',
    note: 'as the agent reports them', empty: state ? 'No executor has run here.' : 'Asking the agent…',
    columns: [
      { name: 'State', value: (e) => e.group, show: (e) => badge(e.group === 'active' ? 'active' : 'completed') },
      { name: 'Executor', kind: 'name', value: (e) => e.id, show: (e) => link(to.executor(a.id, e.framework.id, e.id), e.id) },
      { name: 'Framework', value: (e) => e.framework.name, show: (e) => link(to.framework(e.framework.id), e.framework.name || shortId(e.framework.id)) },
      { name: 'Tasks', kind: 'number', value: (e) => e.tasks.length + e.queued_tasks.length },
      { name: 'CPUs used', kind: 'number', value: (e) => e.use?.cpus ?? 0, show: (e) => cpuUse(e) },
      { name: 'Memory used', kind: 'number', value: (e) => e.use?.rss ?? 0, show: (e) => memoryUse(e) },
      { name: 'Sandbox', value: (e) => e.directory, show: (e) => link(to.browse(a.id, e.directory), 'files'), text: () => '' },
    ],
  });
}

const cpuUse = (e) => (e.use?.cpus === undefined ? '–' : h('span', null, number(e.use.cpus), h('small', null, ` / ${number(e.resources.cpus)}`)));
const memoryUse = (e) => (e.use?.rss === undefined ? '–' : h('span', null, bytes(e.use.rss), h('small', null, ` / ${amount('mem', e.resources.mem)}`)));

function reservations(a) {
  const roles = Object.keys(a.reserved_resources ?? {});
  if (roles.length === 0) return null;
  return table({
    id: 'reservations', title: 'Reserved by role', rows: roles, key: (r) => r,
    columns: [{ name: 'Role', kind: 'name', value: (r) => r }, { name: 'Resources', value: (r) => resourceText(a.reserved_resources[r]) }],
  });
}

export const agentFramework = {
  title: ({ params, model }) => model.frameworksById.get(params[1])?.name ?? 'Framework on an agent',
  load: loadAgent,
  view: ({ model, params, extra }) => {
    const a = model.agentsById.get(params[0]);
    const f = model.frameworksById.get(params[1]);
    const name = f?.name || shortId(params[1]);
    const way = crumbs(link('#/agents', 'Agents'), link(to.agent(params[0]), a ? agentAddress(a).address : shortId(params[0])), name);
    if (!a) return unknownAgent(way);
    return [way, page(name, agentError(a, extra), executors(a, extra, params[1]))];
  },
};

export const executor = {
  title: ({ params }) => params[2],
  load: loadAgent,
  view: ({ model, params: [agentId, frameworkId, id], extra }) => {
    const a = model.agentsById.get(agentId);
    const f = model.frameworksById.get(frameworkId);
    const way = crumbs(link('#/agents', 'Agents'), link(to.agent(agentId), a ? agentAddress(a).address : shortId(agentId)),
      link(`${to.agent(agentId)}/frameworks/${encodeURIComponent(frameworkId)}`, f?.name || shortId(frameworkId)), id);
    if (!a) return unknownAgent(way);
    const runs = runsOf(extra?.state, frameworkId, id);
    const tasks = model.tasks.filter((t) => t.slave_id === agentId && t.framework_id === frameworkId && (t.executor_id || t.id) === id);
    const group = (name) => tasks.filter((t) => t.group === name);
    return [way, page(id, agentError(a, extra),
      extra?.state && runs.length === 0 ? notice('', 'The agent does not list this executor (any more).') : null,
      runs.map((e) => run(a, e, extra.usage?.get(`${frameworkId}/${id}`))),
      taskTable('executor-active', 'Active tasks', group('active'), { without: ['Agent', 'Framework'] }),
      taskTable('executor-completed', 'Completed tasks', group('completed'), { ended: true, without: ['Agent', 'Framework'] }))];
  },
};

function runsOf(state, frameworkId, id) {
  return [...(state?.frameworks ?? []), ...(state?.completed_frameworks ?? [])].filter((f) => f.id === frameworkId)
    .flatMap((f) => [...(f.executors ?? []).map((e) => ({ ...e, group: 'active' })), ...(f.completed_executors ?? []).map((e) => ({ ...e, group: 'completed' }))])
    .filter((e) => e.id === id);
}

function run(a, e, use) {
  return h('section', { class: 'card', key: e.container },
    facts(
      ['State', badge(e.group)],
      ['Name', e.name, 'long'],
      ['Type', e.type],
      ['Source', e.source],
      ['Container', h('span', { class: 'mono' }, e.container)],
      ['Resources', resourceText(e.resources)],
      ['CPUs used', e.group === 'active' && use?.cpus !== undefined ? number(use.cpus) : null],
      ['Memory used', e.group === 'active' && use?.rss ? bytes(use.rss) : null],
      ['Queued', e.queued_tasks.length ? plural(e.queued_tasks.length, 'task') : null],
      ['Sandbox', h('a', { class: 'mono', href: to.browse(a.id, e.directory) }, e.directory), 'long']));
}

// browse lists a directory of a sandbox.
export const browse = {
  title: ({ query }) => sandboxName(query.get('path') ?? ''),
  load: async ({ model, params, query }) => {
    const a = model.agentsById.get(params[0]);
    if (!a) return {};
    const files = reader(a);
    const path = query.get('path') ?? '';
    try {
      return { path, files: await files.browse(path) };
    } catch (error) {
      return { path, error: error.message, why: await files.why(error) };
    }
  },
  view: ({ model, params, query, extra }) => {
    const a = model.agentsById.get(params[0]);
    const path = query.get('path') ?? '';
    const way = pathCrumbs(a, params[0], path);
    if (!a) return unknownAgent(way);
    if (extra?.error) return [way, notice('bad', browseError(a, extra))];
    return [way, page(sandboxName(path), table({
      id: 'files', title: 'Files', rows: extra?.path === path ? extra.files ?? [] : [], key: (f) => f.path, sort: 'Name',
      empty: extra?.files ? 'This directory is empty.' : 'Asking the agent…',
      columns: fileColumns(a),
    }))];
  },
};

const browseError = (a, { path, error, why }) => ({
  missing: 'There is no such directory. Sandboxes of tasks that ended long ago are removed by the agent.',
  closed: closed(a, `files/browse?path=${encodeURIComponent(path)}`),
}[why] ?? `${error}.`);

const isDirectory = (f) => f.mode.startsWith('d');
const baseName = (path) => path.split('/').filter(Boolean).at(-1) ?? '/';

function fileColumns(a) {
  return [
    { name: 'Name', kind: 'name', value: (f) => baseName(f.path), show: (f) => link(isDirectory(f) ? to.browse(a.id, f.path) : to.read(a.id, f.path), baseName(f.path) + (isDirectory(f) ? '/' : '')) },
    { name: 'Mode', kind: 'mono', value: (f) => f.mode },
    { name: 'Owner', value: (f) => `${f.uid} ${f.gid}`, show: (f) => (f.uid === f.gid ? f.uid : `${f.uid} : ${f.gid}`) },
    { name: 'Size', kind: 'number', value: (f) => (isDirectory(f) ? -1 : f.size), show: (f) => (isDirectory(f) ? '–' : h('span', { title: plural(f.size, 'byte') }, bytes(f.size))) },
    { name: 'Changed', kind: 'time', value: (f) => f.mtime, show: (f) => time(f.mtime) },
    { name: '', value: () => '', show: (f) => (isDirectory(f) ? null : h('a', { href: reader(a).download(f.path) }, 'download')) },
  ];
}

// sandboxName is what a directory is called: the sandbox itself has no name that
// says anything.
function sandboxName(path) {
  const parts = path.split('/').filter(Boolean);
  return parts.at(-2) === 'runs' ? `Sandbox of ${parts.at(-3)}` : baseName(path);
}

// pathCrumbs leads from the agent through the directories of a sandbox; those
// above it cannot be listed.
function pathCrumbs(a, id, path) {
  const parts = path.split('/');
  const top = parts.findIndex((p, i) => i >= 1 && parts[i - 1] === 'runs');
  const shown = parts.slice(Math.max(top, 0)).filter(Boolean);
  const before = parts.slice(0, Math.max(top, 0)).join('/');
  const executorAt = parts.indexOf('executors');
  return crumbs(link('#/agents', 'Agents'), link(to.agent(id), a ? agentAddress(a).address : shortId(id)),
    executorAt > 0 && parts[executorAt - 2] === 'frameworks' ? link(to.executor(id, parts[executorAt - 1], parts[executorAt + 1]), parts[executorAt + 1]) : null,
    shown.map((name, i) => {
      const full = [before, ...shown.slice(0, i + 1)].join('/');
      const label = i === 0 && top >= 0 ? 'sandbox' : name;
      return i === shown.length - 1 ? label : link(to.browse(id, full), label);
    }));
}

export const read = {
  title: ({ query }) => baseName(query.get('path') ?? ''),
  wide: true,
  view: ({ model, params, query }) => {
    const a = model.agentsById.get(params[0]);
    const path = query.get('path') ?? '';
    const way = pathCrumbs(a, params[0], path);
    if (!a) return unknownAgent(way);
    return [way, h('section', { class: 'card tall', key: 'log' }, logPane(`${params[0]} ${path}`, reader(a), path))];
  },
};

export const masterLog = {
  title: () => 'Master’s log',
  wide: true,
  view: ({ model }) => {
    const s = model.state;
    const way = crumbs(link('#/', 'Overview'), 'Master’s log');
    if (!s.log_dir && !s.external_log_file) return [way, notice('', 'This master writes no log file; it logs to where it was started.')];
    return [way, h('section', { class: 'card tall', key: 'log' }, logPane('master', reader(null), '/master/log'))];
  },
};

// sandboxPath is the directory behind an address of Mesos' own web UI.
export function sandboxPath(framework, executorId, task) {
  const run = `/frameworks/${framework}/executors/${executorId}/runs/latest`;
  return task ? `${run}/tasks/${task}` : run;
}
